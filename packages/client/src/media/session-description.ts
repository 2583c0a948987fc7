/**
 * Session descriptions that do not tell an SFU who speaks (D20): without the header for loudness, and with sound at a
 * constant rate, whatever the other side wishes of this side's encoder.
 *
 * @see SPEC.md S35, S118
 */

import { SOUND_BITS_PER_SECOND_MAX } from './media-limits.ts';

const LOUDNESS =
  /^a=extmap:\d+(?:\/[a-z]+)? urn:ietf:params:rtp-hdrext:(?:ssrc|csrc)-audio-level(?: [^\r\n]*)?\r?\n/gim;

/** The same description, with every header extension for loudness taken out. */
export function withoutLoudness<D extends RTCLocalSessionDescriptionInit>(description: D): D {
  const { sdp } = description;
  return sdp === undefined ? description : { ...description, sdp: sdp.replace(LOUDNESS, '') };
}

const OPUS = /^a=rtpmap:(\d+) opus\/48000\/2[^\S\r\n]*$/gim;

/**
 * The same remote description, whose wishes for Opus are constant packets: no DTX, no variable rate, and no more than
 * `SOUND_BITS_PER_SECOND_MAX`.
 */
export function withConstantRate<D extends RTCSessionDescriptionInit>(description: D): D {
  const { sdp } = description;
  if (sdp === undefined) return description;
  const sections = sdp.split(/^(?=m=)/m);
  return { ...description, sdp: sections.map(withConstantOpus).join('') };
}

function withConstantOpus(section: string): string {
  let changed = section;
  for (const [line, payloadType] of section.matchAll(OPUS)) {
    const format = new RegExp(`^a=fmtp:${payloadType} ([^\\r\\n]*)\\r?\\n`, 'gim');
    const wishes = [...section.matchAll(format)].flatMap(([, parameters = '']) => parameters.split(';'));
    const constant = `a=fmtp:${payloadType} ${constantWishes(wishes).join(';')}`;
    changed = changed.replace(format, '').replace(line, `${line}\r\n${constant}`);
  }
  return changed;
}

function constantWishes(wishes: readonly string[]): readonly string[] {
  const parameters = new Map(
    wishes
      .map((wish) => wish.trim().split('='))
      .map(([name = '', value = '']) => [name.toLowerCase(), value]),
  );
  for (const name of ['', 'usedtx', 'cbr']) parameters.delete(name);
  const rate = Number(parameters.get('maxaveragebitrate') ?? Number.NaN);
  if (parameters.has('maxaveragebitrate') && !(rate <= SOUND_BITS_PER_SECOND_MAX)) {
    parameters.set('maxaveragebitrate', String(SOUND_BITS_PER_SECOND_MAX));
  }
  parameters.set('cbr', '1');
  return [...parameters].map(([name, value]) => `${name}=${value}`);
}
