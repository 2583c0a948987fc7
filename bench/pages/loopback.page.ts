/**
 * A call from this page to itself, without a server: the fake camera, VP8, one connection, a transform on either side in
 * a worker of its own. The transforms are the app's media worker, or one that passes frames on.
 */
import type { MediaInstruction } from '@conclave/calling/media-instruction';
import type { LiveContexts } from '@conclave/client/media/live-contexts';
import type { ToMediaWorker } from '@conclave/client/media/media-messages';

const GROUP = new Uint8Array(32).fill(1);
const LEAVES = [0, 1].map((leafIndex) => ({ leafIndex, leafKey: new Uint8Array(32).fill(leafIndex + 2) }));
const SENDER_ID = 1;

interface Sealing {
  readonly worker: Worker;
  /** Where its instructions go in and its live contexts come out. */
  readonly port: MessagePort;
}

function sealing(ownLeafIndex: 0 | 1): Sealing {
  const worker = new Worker(new URL('../../packages/client/src/media/media.worker.ts', import.meta.url), {
    type: 'module',
  });
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
  return { worker, port: port1 };
}

/** The sender's and the receiver's; what the one sends under is told to the other, as beats do it. */
function sealingWorkers(): readonly Worker[] {
  const [sender, receiver] = [sealing(0), sealing(1)];
  const leafKey = LEAVES[0]?.leafKey ?? new Uint8Array();
  sender.port.onmessage = ({ data: { epoch, contexts } }: MessageEvent<LiveContexts>) => {
    if (epoch === undefined) return;
    const receivedAtMs = performance.timeOrigin + performance.now();
    receiver.port.postMessage({
      t: 'counters',
      leafKey,
      epoch,
      contexts,
      receivedAtMs,
    } satisfies MediaInstruction);
  };
  return [sender.worker, receiver.worker];
}

function passingWorker(): Worker {
  return new Worker(new URL('./pass.worker.ts', import.meta.url), { type: 'module' });
}

/** The own description with all its candidates. */
async function described(connection: RTCPeerConnection): Promise<RTCSessionDescriptionInit> {
  const gathered = new Promise<void>((resolve) => {
    connection.onicegatheringstatechange = () => {
      if (connection.iceGatheringState === 'complete') resolve();
    };
  });
  await connection.setLocalDescription();
  await gathered;
  if (!connection.localDescription) throw new Error('no description was made');
  return connection.localDescription;
}

let stopLast: () => void = () => undefined;
let receiver: RTCRtpReceiver | undefined;

const testPage = {
  /** Ends the call before and starts one; resolves with the first decoded frame. */
  start: async (isSealed: boolean) => {
    stopLast();
    const workers = isSealed ? sealingWorkers() : [passingWorker(), passingWorker()];
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
    document.body.replaceChildren(video);
    await receiving.setRemoteDescription(await described(sending));
    await sending.setRemoteDescription(await described(receiving));
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
