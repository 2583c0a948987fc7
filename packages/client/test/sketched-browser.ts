/**
 * The few parts of a browser that the guard and the media session touch, for tests without one: connections whose
 * transceivers are born and stopped, transforms that can be refused, and a worker that notes what it is told.
 */

type Transforms = { isRefusing: boolean; readonly options: { readonly id: number }[] };

/** What transforms were made with, and whether making one throws, as it does in Firefox once the worker is gone. */
export const transforms: Transforms = { isRefusing: false, options: [] };

class SketchedTransform {
  constructor(_: unknown, options: { readonly id: number }) {
    if (transforms.isRefusing) throw new Error('the worker is gone');
    transforms.options.push(options);
  }
}

/** Each of its own prototype has the accessor that the guard takes. */
class Half {
  #transform: unknown = null;
  /** One that was bundled with another. */
  readonly transport = { state: 'closed' };
  track: { kind: string; stop: () => void } | null;

  constructor(kind: string) {
    this.track = { kind, stop: () => undefined };
  }

  get transform(): unknown {
    return this.#transform;
  }

  set transform(transform: unknown) {
    this.#transform = transform;
  }

  async replaceTrack(track: null): Promise<void> {
    this.track = track;
  }

  async getStats(): Promise<ReadonlyMap<string, { readonly type: string }>> {
    return new Map();
  }
}

class SketchedSender extends Half {
  override get transform(): unknown {
    return super.transform;
  }
  override set transform(transform: unknown) {
    super.transform = transform;
  }
}

class SketchedReceiver extends Half {
  override get transform(): unknown {
    return super.transform;
  }
  override set transform(transform: unknown) {
    super.transform = transform;
  }
}

export type SketchedTransceiver = {
  readonly sender: SketchedSender;
  readonly receiver: SketchedReceiver;
  direction: string;
  readonly stop: () => void;
};

class SketchedConnection extends EventTarget {
  readonly #transceivers: SketchedTransceiver[] = [];
  signalingState = 'stable';

  addTransceiver(trackOrKind: string | { readonly kind: string }): SketchedTransceiver {
    const kind = typeof trackOrKind === 'string' ? trackOrKind : trackOrKind.kind;
    const transceiver: SketchedTransceiver = {
      sender: new SketchedSender(kind),
      receiver: new SketchedReceiver(kind),
      direction: 'sendrecv',
      stop: () => {
        transceiver.direction = 'stopped';
      },
    };
    this.#transceivers.push(transceiver);
    return transceiver;
  }

  addTrack(track: { readonly kind: string }): SketchedSender {
    return SketchedConnection.prototype.addTransceiver.call(this, track).sender;
  }

  getTransceivers(): readonly SketchedTransceiver[] {
    return this.#transceivers;
  }

  /** Of an offer that only receives: a transceiver is born, and no event tells. */
  async setRemoteDescription({ sdp }: { readonly sdp: string }): Promise<void> {
    for (const [, kind = ''] of sdp.matchAll(/^m=(\w+)/gm)) this.#bear(kind);
  }

  #bear(kind: string): void {
    const halves = { sender: new SketchedSender(kind), receiver: new SketchedReceiver(kind) };
    const transceiver = { ...halves, direction: 'inactive', stop: () => undefined };
    this.#transceivers.push(transceiver);
  }

  setConfiguration(): void {}
  async createOffer(): Promise<void> {}
  async createAnswer(): Promise<void> {}
  async setLocalDescription(): Promise<void> {}
}

/** Every element that a page has made. */
export const elements: object[] = [];

function createElement(name: string): object {
  const element = { name };
  elements.push(element);
  return element;
}

/** Puts the parts where a page has them. To be called once in a test file, before the guard is installed. */
export function sketchBrowser(): void {
  Object.assign(globalThis, {
    RTCPeerConnection: SketchedConnection,
    RTCRtpSender: SketchedSender,
    RTCRtpReceiver: SketchedReceiver,
    RTCRtpScriptTransform: SketchedTransform,
    Worker: SketchedWorker,
    MediaStream: class {},
    document: { createElement },
  });
}

export type Connection = SketchedConnection;

export function newConnection(): Connection {
  return new RTCPeerConnection() as unknown as Connection;
}

export class SketchedWorker extends EventTarget {
  readonly told: { readonly t: string }[] = [];
  isTerminated = false;

  constructor() {
    super();
    SketchedWorker.last = this;
  }

  static last: SketchedWorker | undefined;

  postMessage(message: { readonly t: string; readonly request?: number }): void {
    this.told.push(message);
    if (message.t === 'count')
      this.say({ t: 'counts', request: message.request, senders: [], receivers: [] });
  }

  say(data: unknown): void {
    this.dispatchEvent(Object.assign(new Event('message'), { data }));
  }

  terminate(): void {
    this.isTerminated = true;
  }
}
