/**
 * The guarded RTCPeerConnection: from `installGuard` on, every sender and receiver of this page is born with the media
 * worker's transform, in the same task, and keeps it for life (D17). Media that the worker did not seal cannot leave;
 * media that it did not open cannot be shown.
 *
 * - `encodedInsertableStreams` is forced, so Chromium holds what no transform has seen.
 * - The transform is set once per object (WeakSet), never null, never replaced; its setter is gone for everybody else.
 *   `createEncodedStreams` and `addStream` are gone too.
 * - A transceiver whose guard cannot be attached is stopped in the task in which it is born, and reported.
 * - The loudness header is taken out of every description that this page makes, and what a remote description wishes of
 *   the sound encoder is brought to a constant rate (D20).
 * - The native constructor is not reachable any more from this page's own globals, nor by way of a prototype.
 *
 * To be installed before any media library runs.
 *
 * @see SPEC.md S30–S36, S115–S118
 */

import type { Medium } from './seal-path.ts';
import { withConstantRate, withoutLoudness } from './session-description.ts';

/** What the worker is told at birth, as the transform's options. */
export type TransformOptions = {
  readonly direction: 'send' | 'receive';
  /** Counted from 1 over senders and receivers of this page. */
  readonly id: number;
  readonly medium: Medium;
};

export type BornSender = {
  readonly sender: RTCRtpSender;
  readonly medium: Medium;
  readonly connection: RTCPeerConnection;
};
export type BornReceiver = { readonly receiver: RTCRtpReceiver; readonly connection: RTCPeerConnection };

export type Guard = {
  /** Undefined for a sender that was born without the guard: a bug, and a reason to end the call. */
  readonly senderIdOf: (sender: RTCRtpSender) => number | undefined;
  readonly receiverIdOf: (receiver: RTCRtpReceiver) => number | undefined;
  readonly onSender: (listener: (senderId: number, born: BornSender) => void) => void;
  /** Receivers keep their id, and their one track, for life. */
  readonly onReceiver: (listener: (receiverId: number, born: BornReceiver) => void) => void;
  /** A transform could not be attached. What it was for is stopped, and nothing of it was ever negotiated. */
  readonly onUnguarded: (listener: () => void) => void;
};

type GuardTransceiver = (connection: RTCPeerConnection, transceiver: RTCRtpTransceiver) => void;
type TransformSetter = (this: RTCRtpSender | RTCRtpReceiver, transform: RTCRtpScriptTransform) => void;

/**
 * Installs the guard. Throws a TypeError if this browser has no encoded transforms: no call can be made then.
 * May be called once in the life of a page.
 *
 * @param worker - runs `media.worker.ts`; stays for the life of the page
 */
export function installGuard(worker: Worker): Guard {
  const isAble = 'RTCRtpScriptTransform' in globalThis && 'RTCPeerConnection' in globalThis;
  if (!isAble) throw new TypeError('this browser cannot encrypt media');
  const setSenderTransform = takeTransformSetter(RTCRtpSender.prototype);
  const setReceiverTransform = takeTransformSetter(RTCRtpReceiver.prototype);
  const senderIds = new WeakMap<RTCRtpSender, number>();
  const receiverIds = new WeakMap<RTCRtpReceiver, number>();
  const senderListeners: ((id: number, born: BornSender) => void)[] = [];
  const receiverListeners: ((id: number, born: BornReceiver) => void)[] = [];
  let born = 0;

  const transformOf = (options: TransformOptions) => new RTCRtpScriptTransform(worker, options);

  const unguardedListeners: (() => void)[] = [];

  // An id says that the object is guarded: it is given last.
  const guardSender = (one: BornSender): void => {
    const { sender, medium } = one;
    if (senderIds.has(sender)) return;
    const id = ++born;
    setSenderTransform.call(sender, transformOf({ direction: 'send', id, medium }));
    senderIds.set(sender, id);
    for (const listener of senderListeners) listener(id, one);
  };

  const guardReceiver = (one: BornReceiver, medium: Medium): void => {
    const { receiver } = one;
    if (receiverIds.has(receiver)) return;
    const id = ++born;
    setReceiverTransform.call(receiver, transformOf({ direction: 'receive', id, medium }));
    receiverIds.set(receiver, id);
    for (const listener of receiverListeners) listener(id, one);
  };

  const guardTransceiver: GuardTransceiver = (connection, transceiver) => {
    const medium = mediumOfTrack(transceiver.receiver.track.kind);
    try {
      guardSender({ sender: transceiver.sender, medium, connection });
      guardReceiver({ receiver: transceiver.receiver, connection }, medium);
    } catch (error) {
      transceiver.sender.replaceTrack(null).catch(() => undefined);
      transceiver.stop();
      for (const listener of unguardedListeners) listener();
      throw error;
    }
  };

  guardMethods(RTCPeerConnection.prototype, guardTransceiver);
  guardConstructor(guardTransceiver);

  return {
    senderIdOf: (sender) => senderIds.get(sender),
    receiverIdOf: (receiver) => receiverIds.get(receiver),
    onSender: (listener) => senderListeners.push(listener),
    onReceiver: (listener) => receiverListeners.push(listener),
    onUnguarded: (listener) => unguardedListeners.push(listener),
  };
}

function mediumOfTrack(kind: string): Medium {
  return kind === 'audio' ? 'audio' : 'video';
}

/** Takes the native setter away from the prototype; afterwards only the guard holds it. */
function takeTransformSetter(prototype: RTCRtpSender | RTCRtpReceiver): TransformSetter {
  const native = Object.getOwnPropertyDescriptor(prototype, 'transform');
  const { get, set } = native ?? {};
  if (!get || !set) throw new TypeError('this browser cannot encrypt media');
  Object.defineProperty(prototype, 'transform', { get, set: refuse, configurable: false, enumerable: true });
  Reflect.deleteProperty(prototype, 'createEncodedStreams');
  return set;
}

function refuse(): never {
  throw new TypeError('only the guard attaches transforms');
}

type EncodedConfiguration = RTCConfiguration & { encodedInsertableStreams?: boolean };

function forced(configuration: RTCConfiguration | undefined): EncodedConfiguration {
  return { ...configuration, encodedInsertableStreams: true };
}

function guardConstructor(guardTransceiver: GuardTransceiver): void {
  const Native = RTCPeerConnection;
  const Guarded = new Proxy(Native, {
    construct(target, [configuration], newTarget) {
      const connection: RTCPeerConnection = Reflect.construct(target, [forced(configuration)], newTarget);
      connection.addEventListener('track', ({ transceiver }) => guardTransceiver(connection, transceiver));
      return connection;
    },
  });
  replace(Native.prototype, 'constructor', Guarded);
  replace(globalThis, 'RTCPeerConnection', Guarded);
  if ('webkitRTCPeerConnection' in globalThis) replace(globalThis, 'webkitRTCPeerConnection', Guarded);
  if ('mozRTCPeerConnection' in globalThis) replace(globalThis, 'mozRTCPeerConnection', Guarded);
}

function guardMethods(prototype: RTCPeerConnection, guardTransceiver: GuardTransceiver): void {
  const { addTransceiver, addTrack, setConfiguration } = prototype;
  // The forms with callbacks are left out: nobody uses them, and they end in a rejected promise here.
  const createOffer: (
    this: RTCPeerConnection,
    options?: RTCOfferOptions,
  ) => Promise<RTCSessionDescriptionInit> = prototype.createOffer;
  const createAnswer: (this: RTCPeerConnection) => Promise<RTCSessionDescriptionInit> =
    prototype.createAnswer;
  const setLocalDescription: (
    this: RTCPeerConnection,
    description?: RTCLocalSessionDescriptionInit,
  ) => Promise<void> = prototype.setLocalDescription;
  const setRemoteDescription: (
    this: RTCPeerConnection,
    description: RTCSessionDescriptionInit,
  ) => Promise<void> = prototype.setRemoteDescription;

  /** Also those for which there is no event: what the other side only wants to receive is born silently. */
  const guardAll = (connection: RTCPeerConnection): void => {
    const failures: unknown[] = [];
    for (const transceiver of connection.getTransceivers()) {
      if (transceiver.direction === 'stopped') continue;
      try {
        guardTransceiver(connection, transceiver);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  };

  replace(
    prototype,
    'addTransceiver',
    function (this: RTCPeerConnection, ...args: Parameters<typeof addTransceiver>) {
      const transceiver = addTransceiver.apply(this, args);
      guardTransceiver(this, transceiver);
      return transceiver;
    },
  );
  replace(prototype, 'addTrack', function (this: RTCPeerConnection, ...args: Parameters<typeof addTrack>) {
    const sender = addTrack.apply(this, args);
    guardAll(this);
    return sender;
  });
  replace(
    prototype,
    'setConfiguration',
    function (this: RTCPeerConnection, configuration?: RTCConfiguration) {
      setConfiguration.call(this, forced(configuration));
    },
  );
  replace(prototype, 'createOffer', async function (this: RTCPeerConnection, options?: RTCOfferOptions) {
    return withoutLoudness(await createOffer.call(this, options));
  });
  replace(prototype, 'createAnswer', async function (this: RTCPeerConnection) {
    return withoutLoudness(await createAnswer.call(this));
  });
  replace(
    prototype,
    'setLocalDescription',
    async function (this: RTCPeerConnection, description?: RTCLocalSessionDescriptionInit) {
      const explicit = description?.sdp ? description : await implied.call(this, description?.type);
      await setLocalDescription.call(this, explicit && withoutLoudness(explicit));
    },
  );
  replace(
    prototype,
    'setRemoteDescription',
    async function (this: RTCPeerConnection, description: RTCSessionDescriptionInit) {
      await setRemoteDescription.call(this, withConstantRate(description));
      guardAll(this);
    },
  );
  if ('addStream' in prototype) replace(prototype, 'addStream', refuse);

  /** What `setLocalDescription()` without a description would make by itself. */
  async function implied(
    this: RTCPeerConnection,
    type?: RTCSdpType,
  ): Promise<RTCLocalSessionDescriptionInit> {
    if (type === 'rollback') return { type };
    const isAnswer =
      this.signalingState === 'have-remote-offer' || this.signalingState === 'have-local-pranswer';
    return isAnswer ? await createAnswer.call(this) : await createOffer.call(this);
  }
}

function replace(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, writable: false, configurable: false });
}
