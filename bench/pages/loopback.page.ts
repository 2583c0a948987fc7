/**
 * A call from this page to itself, without a server: the fake camera, VP8, one connection, a transform on either side in
 * a worker of its own. The transforms are the app's media worker, or one that passes frames on.
 */
import type { MediaInstruction } from '@conclave/calling/media-instruction';
import type { ToMediaWorker } from '@conclave/client/media/media-messages';

const GROUP = new Uint8Array(32).fill(1);
const LEAVES = [0, 1].map((leafIndex) => ({ leafIndex, leafKey: new Uint8Array(32).fill(leafIndex + 2) }));
const SENDER_ID = 1;

function sealingWorker(ownLeafIndex: 0 | 1): Worker {
  const url = new URL('../../packages/client/src/media/media.worker.ts', import.meta.url);
  const worker = new Worker(url, { type: 'module' });
  const { port1, port2 } = new MessageChannel();
  const tell = (message: ToMediaWorker, transfer: Transferable[] = []) =>
    worker.postMessage(message, transfer);
  tell({ t: 'port', port: port2 }, [port2]);
  const baseKey = new Uint8Array(32).fill(7);
  const instructions: MediaInstruction[] = [
    { t: 'epoch', groupId: GROUP, epoch: 1, baseKey, leaves: LEAVES, ownLeafIndex },
    { t: 'send', epoch: 1 },
    { t: 'confirmed', leafKeys: LEAVES.map(({ leafKey }) => leafKey) },
    { t: 'gate', isOpen: true },
  ];
  for (const instruction of instructions) port1.postMessage(instruction);
  if (ownLeafIndex === 0) tell({ t: 'name', senderId: SENDER_ID, kind: 'camera' });
  return worker;
}

function passingWorker(): Worker {
  return new Worker(new URL('./pass.worker.ts', import.meta.url), { type: 'module' });
}

let stopLast: () => void = () => undefined;
let receiver: RTCRtpReceiver | undefined;

const testPage = {
  /** Ends the call before and starts one; resolves with the first decoded frame. */
  start: async (isSealed: boolean) => {
    stopLast();
    const workers = isSealed ? [sealingWorker(0), sealingWorker(1)] : [passingWorker(), passingWorker()];
    const [sending, receiving] = [new RTCPeerConnection(), new RTCPeerConnection()];
    const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 360 } });
    const [track] = stream.getVideoTracks();
    if (!track || !workers[0] || !workers[1]) throw new Error('no camera');
    const sender = sending.addTrack(track);
    sender.transform = new RTCRtpScriptTransform(workers[0], {
      direction: 'send',
      id: SENDER_ID,
      medium: 'video',
    });
    const video = document.createElement('video');
    receiving.addEventListener('track', (event) => {
      if (!workers[1]) return;
      receiver = event.receiver;
      const options = { direction: 'receive', id: 2, medium: 'video' };
      event.receiver.transform = new RTCRtpScriptTransform(workers[1], options);
      video.muted = true;
      video.srcObject = new MediaStream([event.track]);
      void video.play();
    });
    sending.onicecandidate = ({ candidate }) => candidate && void receiving.addIceCandidate(candidate);
    receiving.onicecandidate = ({ candidate }) => candidate && void sending.addIceCandidate(candidate);
    document.body.replaceChildren(video);
    await sending.setLocalDescription();
    await receiving.setRemoteDescription(sending.localDescription ?? { type: 'offer' });
    await receiving.setLocalDescription();
    await sending.setRemoteDescription(receiving.localDescription ?? { type: 'answer' });
    stopLast = () => {
      track.stop();
      sending.close();
      receiving.close();
      for (const worker of workers) worker.terminate();
    };
    await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
  },
  framesDecoded: async () => {
    const report = (await receiver?.getStats()) ?? new Map();
    return [...report.values()].reduce((sum, { framesDecoded = 0 }) => sum + framesDecoded, 0);
  },
};

Object.assign(globalThis, { testPage });
