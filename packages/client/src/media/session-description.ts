/**
 * Session descriptions without loudness: `ssrc-audio-level` tells an SFU who speaks and how loudly, in the clear (D20).
 *
 * @see SPEC.md S35
 */

const LOUDNESS =
  /^a=extmap:\d+(?:\/[a-z]+)? urn:ietf:params:rtp-hdrext:(?:ssrc|csrc)-audio-level(?: [^\r\n]*)?\r?\n/gim;

/** The same description, with every header extension for loudness taken out. */
export function withoutLoudness<D extends RTCLocalSessionDescriptionInit>(description: D): D {
  const { sdp } = description;
  return sdp === undefined ? description : { ...description, sdp: sdp.replace(LOUDNESS, '') };
}
