/**
 * The page's side of the media worker: hands it the port over which keys come, says what each sender carries, passes on
 * whose picture a receiver shows, and runs the watchdog. Wires; what is decided is decided in the worker and in
 * `watchdog.ts`.
 *
 * @see SPEC.md S4, S14, S36, S37
 */

import type { MediaKind } from '@conclave/crypto/kid';
import type { Binding } from './binding.ts';
import { createCounting, type MediaCounts } from './counting.ts';
import type { BornReceiver, BornSender, Guard } from './guarded-peer-connection.ts';
import { installGuard } from './guarded-peer-connection.ts';
import { WATCHDOG_INTERVAL_MS } from './media-limits.ts';
import type { FromMediaWorker, ToMediaWorker } from './media-messages.ts';
import type { TroubleReport } from './troubles.ts';
import type { Sealed } from './watchdog.ts';
import { hasLeaked, sentOf } from './watchdog.ts';

export type MediaSessionPorts = {
  /** A new worker that runs `media.worker.ts`; the session keeps it for the life of the page. */
  readonly worker: Worker;
  /** This track shows this person from now on: its first authentic frame is about to be decoded. */
  readonly onBound: (receiverId: number, binding: Binding, track: MediaStreamTrack) => void;
  /** This track no longer shows whom it showed: take it off the tile before returning. */
  readonly onUnbound: (receiverId: number) => void;
  /** This track is about to be received, and has shown nobody: what will show it can be made ready. */
  readonly onNewTrack: (track: MediaStreamTrack) => void;
  /** This track has shown somebody: nothing that was made ready for it may show anybody else. */
  readonly onUsedTrack: (track: MediaStreamTrack) => void;
  readonly onTrouble: (reports: readonly TroubleReport[]) => void;
  /** Media left unsealed, or a sender was born unguarded. Its track is stopped already; end the call and say why. */
  readonly onLeak: () => void;
  /** The worker could not be loaded, threw or does not answer: nothing leaves and nothing is shown any more. */
  readonly onFailed: () => void;
};

export type MediaSession = {
  /**
   * Begins a call: gives the worker the port over which its `MediaInstruction`s come (from the MLS worker). Ends the
   * keys, the open gate and the confirmations of a call before; mutes stay until they are taken back.
   */
  readonly usePort: (port: MessagePort) => void;
  /** Ends a call for whatever reason: from now on nothing leaves and nothing is shown until the next `usePort`. */
  readonly endCall: () => void;
  /** Says what a new sender carries. A sender that the guard has not seen is stopped and reported as a leak. */
  readonly nameSender: (sender: RTCRtpSender, kind: MediaKind) => void;
  /** Stops the frames of every sender of this kind, also of later ones, in the worker: whatever the SFU asks for. */
  readonly setMuted: (kind: MediaKind, isMuted: boolean) => void;
  /** The SFU says that the receiver carries nobody's track now. Steers only how soon it can show somebody else. */
  readonly releaseReceiver: (receiver: RTCRtpReceiver) => void;
  /** Whose track the SFU says that the receiver carries (LiveKit identity). Can only forbid that somebody is shown. */
  readonly setCarrier: (receiver: RTCRtpReceiver, participantId: string) => void;
  /** LiveKit identities by leaf key (hexadecimal), of everybody in the call; in place of those before. */
  readonly setPeople: (participantIds: ReadonlyMap<string, string>) => void;
  readonly counts: () => Promise<MediaCounts>;
  /** Ends the watchdog and the worker; nothing leaves and nothing is shown in the life of this page any more. */
  readonly stop: () => void;
  readonly isStopped: () => boolean;
};

const NOTHING_SEALED: Sealed = { framesSealed: 0, framesDropped: 0, bytesSealed: 0 };

type Named = { readonly sender: RTCRtpSender; readonly kind: MediaKind };

/** Installs the guard (see `installGuard`) and starts the session. Once in the life of a page. */
export function createMediaSession(ports: MediaSessionPorts): MediaSession {
  const { worker } = ports;
  const guard = installGuard(worker);
  const born = new Map<number, BornSender>();
  const named = new Map<number, Named>();
  const receivers = new Map<number, BornReceiver>();
  const muted = new Set<MediaKind>();
  let isStopped = false;
  const counting = createCounting(
    (request) => post({ t: 'count', request }),
    () => ports.onFailed(),
  );
  const post = (message: ToMediaWorker, transfer: Transferable[] = []): void =>
    worker.postMessage(message, transfer);

  const unbind = (receiverId: number): void => {
    ports.onUnbound(receiverId);
    const track = receivers.get(receiverId)?.receiver.track;
    if (track) ports.onUsedTrack(track);
  };

  guard.onSender((id, one) => born.set(id, one));
  guard.onReceiver((id, one) => {
    receivers.set(id, one);
    ports.onNewTrack(one.receiver.track);
  });
  guard.onUnguarded(() => ports.onLeak());

  worker.addEventListener('message', ({ data }) => {
    const message = data as FromMediaWorker;
    switch (message.t) {
      case 'bound': {
        const track = receivers.get(message.receiverId)?.receiver.track;
        if (track) ports.onBound(message.receiverId, message.binding, track);
        break;
      }
      case 'foreign':
        unbind(message.receiverId);
        post({ t: 'rebind', receiverId: message.receiverId, binding: message.binding });
        break;
      case 'unbound':
        unbind(message.receiverId);
        break;
      case 'trouble':
        ports.onTrouble(message.reports);
        break;
      case 'key-frame-wish':
        void requestKeyFrame(born.get(message.senderId)?.sender);
        break;
      case 'counts':
        counting.answer(message.request, message);
        break;
    }
  });

  worker.addEventListener('error', () => ports.onFailed());

  const forget = (): void => {
    for (const [senderId, { connection }] of born) {
      if (!isOver(connection)) continue;
      born.delete(senderId);
      named.delete(senderId);
      post({ t: 'forget-sender', senderId });
    }
    for (const [receiverId, { connection }] of receivers) {
      if (isOver(connection)) receivers.delete(receiverId);
    }
  };
  const watch = createWatch(born, { ask: counting.ask, onLeak: ports.onLeak, onLooked: forget });

  return {
    usePort: (port) => post({ t: 'port', port }, [port]),
    endCall: () => post({ t: 'end' }),
    nameSender: (sender, kind) => {
      const senderId = guard.senderIdOf(sender);
      if (senderId === undefined) {
        stopSender(sender);
        ports.onLeak();
        return;
      }
      named.set(senderId, { sender, kind });
      post({ t: 'name', senderId, kind });
      post({ t: 'mute', senderId, isMuted: muted.has(kind) });
    },
    setMuted: (kind, isMuted) => {
      if (isMuted) muted.add(kind);
      else muted.delete(kind);
      for (const [senderId, one] of named) if (one.kind === kind) post({ t: 'mute', senderId, isMuted });
    },
    releaseReceiver: (receiver) => release(guard, receiver, post, unbind),
    setCarrier: (receiver, participantId) => {
      const receiverId = guard.receiverIdOf(receiver);
      if (receiverId !== undefined) post({ t: 'carrier', receiverId, participantId });
    },
    setPeople: (participantIds) => post({ t: 'people', participantIds }),
    counts: counting.ask,
    isStopped: () => isStopped,
    stop: () => {
      isStopped = true;
      watch.stop();
      counting.stop();
      worker.terminate();
    },
  };
}

function release(
  guard: Guard,
  receiver: RTCRtpReceiver,
  post: (message: ToMediaWorker) => void,
  onUnbound: (receiverId: number) => void,
): void {
  const receiverId = guard.receiverIdOf(receiver);
  if (receiverId === undefined) return;
  onUnbound(receiverId);
  post({ t: 'release', receiverId });
}

/** For good. The state of a transport says less: one that was bundled with another is closed while media flows. */
function isOver({ signalingState }: RTCPeerConnection): boolean {
  return signalingState === 'closed';
}

/** Looks at every sender from its birth until its connection is closed; statistics are read before the worker is asked. */
function createWatch(
  senders: ReadonlyMap<number, BornSender>,
  ports: {
    readonly ask: () => Promise<MediaCounts>;
    readonly onLeak: () => void;
    readonly onLooked: () => void;
  },
): { readonly stop: () => void } {
  let isLooking = false;

  const look = async (): Promise<void> => {
    const reports = [...senders].map(async ([id, { sender, medium }]) => {
      const report = await statsOf(sender);
      return { id, sender, medium, report };
    });
    const seen = await Promise.all(reports);
    const sealedById = new Map((await ports.ask()).senders.map((count) => [count.senderId, count]));
    for (const { id, sender, medium, report } of seen) {
      const sealed = sealedById.get(id) ?? NOTHING_SEALED;
      if (!report || !hasLeaked(medium, sentOf(report.values()), sealed)) continue;
      stopSender(sender);
      ports.onLeak();
    }
    ports.onLooked();
  };

  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    look()
      .catch(() => undefined)
      .finally(() => {
        isLooking = false;
      });
  }, WATCHDOG_INTERVAL_MS);
  return { stop: () => clearInterval(timer) };
}

/** Undefined when the browser does not answer in time, as for a sender whose connection is closed. */
function statsOf(sender: RTCRtpSender): Promise<RTCStatsReport | undefined> {
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, WATCHDOG_INTERVAL_MS, undefined));
  return Promise.race([sender.getStats().catch(() => undefined), late]);
}

function stopSender(sender: RTCRtpSender): void {
  sender.track?.stop();
  sender.replaceTrack(null).catch(() => undefined);
}

type KeyFrameParameters = (
  parameters: RTCRtpSendParameters,
  options: { readonly encodingOptions: readonly { readonly keyFrame: boolean }[] },
) => Promise<void>;

/** Chromium's way; Firefox's lies in the worker. */
async function requestKeyFrame(sender: RTCRtpSender | undefined): Promise<void> {
  if (!sender) return;
  const parameters = sender.getParameters();
  const encodingOptions = parameters.encodings.map(() => ({ keyFrame: true }));
  const set: KeyFrameParameters = sender.setParameters;
  await set.call(sender, parameters, { encodingOptions }).catch(() => undefined);
}
