/**
 * A participant without the guard: somebody with a valid ticket and no key, or a careless client. Not a variant of the
 * app; only its SFU connection is borrowed.
 */

import { createSfuConnection } from '@conclave/client/livekit/sfu-connection';
import { recordedBy } from './frame-recorder.ts';
import { announceNoEncryption } from './no-encryption.ts';
import { noteConnections, received } from './received.ts';
import { colouredTrack, toneTrack } from './sources.ts';

noteConnections();
if (location.hash === '#none') announceNoEncryption();
const worker = new Worker(new URL('./forwarding.worker.ts', import.meta.url), { type: 'module' });

/** When a sender gets the forwarding transform; it stands for one that encrypts. */
let attachDelayMs: number | undefined;
let isRecorder = false;
let publications = 0;

const sfu = createSfuConnection({
  media: {
    nameSender: (sender) => {
      if (attachDelayMs === undefined) return;
      setTimeout(() => {
        sender.transform = new RTCRtpScriptTransform(worker, {});
      }, attachDelayMs);
    },
    setMuted: () => undefined,
    releaseReceiver: () => undefined,
    setCarrier: () => undefined,
  },
  onState: () => undefined,
  onPublications: () => publications++,
  onPublishFailed: (kind) => console.warn(`could not publish ${kind}`),
});
sfu.start();

const setRemoteDescription: (
  this: RTCPeerConnection,
  description: RTCSessionDescriptionInit,
) => Promise<void> = RTCPeerConnection.prototype.setRemoteDescription;
RTCPeerConnection.prototype.setRemoteDescription = function (description: RTCSessionDescriptionInit) {
  if (isRecorder) {
    this.addEventListener('track', ({ receiver }) => {
      receiver.transform ??= new RTCRtpScriptTransform(worker, {});
    });
  }
  return setRemoteDescription.call(this, description);
};

const testPage = {
  configure: async (choice: {
    readonly isRecorder?: boolean;
    readonly attachDelayMs?: number;
    /** Chromium then holds back what no transform has seen. */
    readonly isFlagOn?: boolean;
  }) => {
    isRecorder = choice.isRecorder ?? false;
    attachDelayMs = choice.attachDelayMs;
    if (choice.isFlagOn === false) Reflect.deleteProperty(RTCRtpSender.prototype, 'createEncodedStreams');
  },
  connect: async (request: { readonly url: string; readonly token: string }) => sfu.connect(request),
  publishColour: async (options: { readonly hue?: number; readonly videoCodec?: 'vp8' | 'vp9' | 'av1' }) =>
    sfu.publish('camera', colouredTrack(options.hue ?? 0), options),
  publishTone: async (hertz: number) => sfu.publish('microphone', await toneTrack(hertz)),
  wish: async (participantIds: readonly string[]) =>
    sfu.wish(
      participantIds.flatMap((participantId) => [
        { participantId, kind: 'camera' as const, width: 640, height: 360 },
        { participantId, kind: 'microphone' as const, width: 0, height: 0 },
      ]),
    ),
  received,
  recorded: () => recordedBy(worker),
  report: async () => ({ publications, received: await received() }),
};

Object.assign(window, { testPage });
