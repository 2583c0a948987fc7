/**
 * Sizes of the frames that a sound encoder gives when the other side asks for DTX: two connections of one page, the second
 * of another realm, where no guard is. For a page whose worker records what enters it.
 */

import { recordedBy } from './frame-recorder.ts';
import { toneTrack } from './sources.ts';

const MEASURE_MS = 4_000;

export async function soundSizes(worker: Worker, isSilent: boolean): Promise<readonly number[]> {
  const frame = document.createElement('iframe');
  document.body.append(frame);
  const Plain = (frame.contentWindow as (Window & typeof globalThis) | null)?.RTCPeerConnection;
  if (!Plain) throw new Error('no other realm');
  const track = await toneTrack(440);
  track.enabled = !isSilent;
  const [sender, receiver] = [new RTCPeerConnection(), new Plain()];
  connect(sender, receiver);
  sender.addTransceiver(track, { direction: 'sendonly' });
  await sender.setLocalDescription(await sender.createOffer());
  await receiver.setRemoteDescription({ type: 'offer', sdp: sender.localDescription?.sdp ?? '' });
  const { sdp = '' } = await receiver.createAnswer();
  await receiver.setLocalDescription({ type: 'answer', sdp });
  await sender.setRemoteDescription({ type: 'answer', sdp: askingForDtx(sdp) });
  await new Promise((resolve) => setTimeout(resolve, MEASURE_MS));
  const frames = await recordedBy(worker);
  sender.close();
  receiver.close();
  return frames.map((base64) => atob(base64).length);
}

function connect(one: RTCPeerConnection, other: RTCPeerConnection): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.onicecandidate = ({ candidate }) => candidate && to.addIceCandidate(candidate.toJSON());
  }
}

/** As an SFU does that wants to see who speaks. */
function askingForDtx(sdp: string): string {
  const [, payloadType] = /^a=rtpmap:(\d+) opus/m.exec(sdp) ?? [];
  const format = new RegExp(`^a=fmtp:${payloadType} `, 'm');
  return sdp.replace(format, (start) => `${start}usedtx=1;`);
}
