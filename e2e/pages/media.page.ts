/**
 * A participant without a call: the app's own guard, worker and SFU connection, with instructions that the test
 * injects in place of the MLS worker's. The base key is fixed and known to the test alone.
 */

import type { MediaInstruction } from '@conclave/calling/media-instruction';
import { createSfuConnection } from '@conclave/client/livekit/sfu-connection';
import { createMediaSession } from '@conclave/client/media/media-session';
import { captureScreen } from '@conclave/client/media/screen-share';
import type { Bytes } from '@conclave/protocol/bytes';
import { recordedBy } from './frame-recorder.ts';
import { isSendingUnguarded, waysAround } from './guard-checks.ts';
import { announceNoEncryption } from './no-encryption.ts';
import { noteConnections, received } from './received.ts';
import { firstLook, listen, look } from './senses.ts';
import { soundSizes } from './sound-sizes.ts';
import { colouredTrack, toneTrack } from './sources.ts';

type Shown = { readonly leafKey: string; readonly kind: string; readonly track: MediaStreamTrack };

const shown = new Map<number, Shown>();
const troubles: unknown[] = [];
let leaks = 0;
let publications = 0;

noteConnections();
if (location.hash === '#none') announceNoEncryption();
const isRecorded = location.hash === '#recorded';
const worker = isRecorded
  ? new Worker(new URL('./recording-media.worker.ts', import.meta.url), { type: 'module' })
  : new Worker(new URL('../../packages/client/src/media/media.worker.ts', import.meta.url), {
      type: 'module',
    });
const media = createMediaSession({
  worker,
  onBound: (receiverId, { leafKey, kind }, track) => shown.set(receiverId, { leafKey, kind, track }),
  onUnbound: (receiverId) => shown.delete(receiverId),
  onNewTrack: () => undefined,
  onUsedTrack: () => undefined,
  onTrouble: (reports) => troubles.push(...reports),
  onLeak: () => leaks++,
  onFailed: () => console.error('the media worker failed'),
});
const { port1: instructions, port2 } = new MessageChannel();
media.usePort(port2);
const contexts: unknown[] = [];
instructions.onmessage = ({ data }) => contexts.push(data);

const states: string[] = [];
const makeConnection = () =>
  createSfuConnection({
    media,
    onState: (state) => states.push(state),
    onPublications: () => publications++,
    onPublishFailed: (kind) => console.warn(`could not publish ${kind}`),
  });
let sfu = makeConnection();

const bytesOf = (hex: string): Bytes =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/** An instruction as JSON: bytes as hexadecimal. */
function revive(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('hex' in value) return bytesOf(String(value.hex));
  if (Array.isArray(value)) return value.map(revive);
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, revive(entry)]));
}

const testPage = {
  instruct: async (list: readonly unknown[]) => {
    for (const one of list) instructions.postMessage(revive(one) as MediaInstruction);
  },
  connect: async (request: {
    readonly url: string;
    readonly token: string;
    readonly isWaiting?: boolean;
  }) => {
    if (!request.isWaiting) sfu.start();
    return sfu.connect(request);
  },
  /** The person joins who was waiting. */
  start: async () => sfu.start(),
  /** Leaves the SFU and comes back over a new connection, as after a lost session. */
  reconnect: async (request: { readonly url: string; readonly token: string }) => {
    await sfu.close();
    sfu = makeConnection();
    sfu.start();
    return sfu.connect(request);
  },
  publishColour: async (options: { readonly hue?: number; readonly videoCodec?: 'vp8' | 'vp9' | 'av1' }) =>
    sfu.publish('camera', colouredTrack(options.hue ?? 0), options),
  publishTone: async (hertz: number) => sfu.publish('microphone', await toneTrack(hertz)),
  setMuted: async (request: { readonly kind: 'camera' | 'microphone'; readonly isMuted: boolean }) =>
    sfu.setMuted(request.kind, request.isMuted),
  wish: async (participantIds: readonly string[]) =>
    sfu.wish(
      participantIds.flatMap((participantId) => [
        { participantId, kind: 'camera' as const, width: 640, height: 360 },
        { participantId, kind: 'microphone' as const, width: 0, height: 0 },
      ]),
    ),
  shown: async () => [...shown].map(([receiverId, { leafKey, kind }]) => ({ receiverId, leafKey, kind })),
  look: async (leafKey: string) => look(trackOf(leafKey, 'video')),
  listen: async (leafKey: string) => listen(trackOf(leafKey, 'audio')),
  endCall: async () => media.endCall(),
  counts: () => media.counts(),
  report: async () => ({
    shown: [...shown.values()].map(({ leafKey, kind }) => [leafKey, kind]),
    counts: await media.counts(),
    leaks,
    publications,
    states,
    troubles,
    contexts: contexts.at(-1),
  }),
  received,
  /** What a captured screen shows: by itself, as the preview, and after the word to share. */
  captureScreen: async () => {
    const captured = await captureScreen(() => undefined);
    if (!captured.ok) return { error: captured.error };
    const { video, preview, share, stop } = captured.value;
    const [held, own] = [await firstLook(video), await firstLook(preview)];
    share();
    const shared = await look(video);
    stop();
    return { held, own, shared, isEnded: video.readyState === 'ended' };
  },
  recorded: () => recordedBy(worker),
  waysAround,
  /** Ends the media worker, as a browser that is short of memory does. */
  leaks: async () => leaks,
  failWorker: async () => worker.terminate(),
  setPeople: async (participantIds: Readonly<Record<string, string>>) =>
    media.setPeople(new Map(Object.entries(participantIds))),
  soundSizes: (isSilent: boolean) => soundSizes(worker, isSilent),
  isSendingUnguarded: () => isSendingUnguarded(),
  /** Names a sender of another realm, where the guard is not. Answers whether its track goes on. */
  nameUnguarded: async () => {
    const frame = document.createElement('iframe');
    document.body.append(frame);
    const Unguarded = (frame.contentWindow as (Window & typeof globalThis) | null)?.RTCPeerConnection;
    if (!Unguarded) throw new Error('no other realm');
    const track = colouredTrack(0);
    media.nameSender(new Unguarded().addTrack(track), 'camera');
    return track.readyState;
  },
  close: () => sfu.close(),
};

function trackOf(leafKey: string, medium: 'audio' | 'video'): MediaStreamTrack | undefined {
  return [...shown.values()].find((one) => one.leafKey === leafKey && one.track.kind === medium)?.track;
}

Object.assign(window, { testPage });
