/**
 * The media worker of a person without a browser: the real frame pipeline, told what to do as the worker is, with
 * encoders that number their frames and receivers that note what would be shown. The transport is a `NodeSfu`.
 */
import type { MediaInstruction } from '@conclave/calling/media-instruction';
import type { Binding } from '@conclave/client/media/binding';
import { type Clock, systemClock } from '@conclave/client/media/clock';
import { createFramePipeline, type FramePipeline } from '@conclave/client/media/frame-pipeline';
import { createInOrder, type InOrder } from '@conclave/client/media/in-order';
import type { LiveContexts } from '@conclave/client/media/live-contexts';
import { REPORT_INTERVAL_MS } from '@conclave/client/media/media-limits';
import type { DropReason, Receiver } from '@conclave/client/media/open-path';
import { type EncodedFrame, mediumOf, type Sender } from '@conclave/client/media/seal-path';
import { parseMediaFrame } from '@conclave/crypto/frame-crypto';
import type { MediaKind } from '@conclave/crypto/kid';
import type { NodePerson } from './node-person.ts';
import type { NodeSfu, Track } from './node-sfu.ts';
import { encodeFrame, labelOf } from './numbered-frames.ts';

export interface Shown {
  /** What the frame itself says: who made it, what of, and the how-manieth. */
  readonly label: string;
  readonly trackId: string;
  /** Whose tile, and which, the page was told to put it on. */
  readonly as: Binding | undefined;
  readonly atMs: number;
}

const INTERVAL_MS: Readonly<Record<MediaKind, number>> = {
  microphone: 20,
  camera: 50,
  screenVideo: 100,
  screenAudio: 20,
};

interface Encoder {
  readonly sender: Sender;
  readonly kind: MediaKind;
  readonly track: Track<NodeMedia>;
  readonly startMs: number;
  made: number;
  isKeyWished: boolean;
}

interface Decoder {
  readonly receiver: Receiver;
  readonly inOrder: InOrder<EncodedFrame>;
}

let workers = 0;

export class NodeMedia {
  readonly name: string;
  readonly pipeline: FramePipeline;
  readonly shown: Shown[] = [];
  /** Labels of what was sealed and handed to the SFU. */
  readonly sealed: string[] = [];
  /** Which worker this is: two of one person are two. */
  readonly id = ++workers;
  readonly clock: Clock;
  readonly #sfu: NodeSfu<NodeMedia>;
  readonly #encoders = new Map<number, Encoder>();
  readonly #decoders = new Map<string, Decoder>();
  readonly #working = new Set<Promise<unknown>>();
  readonly #bound = new Map<number, Binding>();
  #senders = 0;
  #timers: ReturnType<typeof setInterval>[] = [];
  #report: () => void = () => undefined;

  constructor(name: string, sfu: NodeSfu<NodeMedia>, clock: Clock = systemClock) {
    this.name = name;
    this.#sfu = sfu;
    this.clock = clock;
    this.pipeline = createFramePipeline({
      clock,
      onBound: (receiverId, binding) => this.#bound.set(receiverId, binding),
      // As the page does: the SFU has put somebody else on this receiver.
      onForeign: (receiverId, binding) => {
        this.#bound.delete(receiverId);
        for (const { receiver } of this.#decoders.values()) {
          if (receiver.receiverId === receiverId) receiver.rebind(binding);
        }
      },
      onUnbound: (receiverId) => this.#bound.delete(receiverId),
      onKeyFrameWish: (senderId) => {
        const encoder = this.#encoders.get(senderId);
        if (encoder) encoder.isKeyWished = true;
      },
    });
    sfu.connect(this);
  }

  instruct(instruction: MediaInstruction): Promise<void> {
    return this.#track(this.pipeline.instruct(instruction));
  }

  contexts(): LiveContexts {
    return this.pipeline.sendContexts();
  }

  /** A microphone, a camera: from now on its frames fall due. Returns the sender's id. */
  start(kind: MediaKind): number {
    const senderId = ++this.#senders;
    const sender = this.pipeline.createSender(senderId, mediumOf(kind));
    sender.name(kind);
    const track = { id: `${this.name}#${this.id}.${senderId}`, from: this, kind };
    const startMs = this.clock.nowMs();
    this.#encoders.set(senderId, { sender, kind, track, startMs, made: 0, isKeyWished: true });
    this.#report();
    return senderId;
  }

  stop(senderId: number): void {
    this.#encoders.delete(senderId);
    this.pipeline.removeSender(senderId);
    this.#report();
  }

  /** A viewer is missing a key frame. */
  wishKeyFrames(): void {
    for (const encoder of this.#encoders.values()) encoder.isKeyWished = true;
  }

  /** Seals and sends every frame that has fallen due, in order. */
  async sendDue(): Promise<void> {
    const sends = [...this.#encoders.values()].map(async (encoder) => {
      const due = Math.floor((this.clock.nowMs() - encoder.startMs) / INTERVAL_MS[encoder.kind]);
      while (encoder.made < due) await this.#sendOne(encoder);
    });
    await Promise.all(sends);
  }

  /** So many frames of every sender, at once. */
  async send(count: number): Promise<void> {
    const sends: Promise<void>[] = [];
    for (const encoder of this.#encoders.values()) {
      for (let index = 0; index < count; index++) sends.push(this.#sendOne(encoder));
    }
    await Promise.all(sends);
  }

  async #sendOne(encoder: Encoder): Promise<void> {
    const label = `${this.name}/${encoder.kind}/${this.id}.${encoder.made++}`;
    const isKey = encoder.isKeyWished && mediumOf(encoder.kind) === 'video';
    encoder.isKeyWished = false;
    const frame = encodeFrame(encoder.kind, isKey, label);
    const data = await encoder.sender.seal(frame);
    if (data === undefined) return;
    // What announces a sender is forwarded like a frame, and holds none (S126).
    if (isSealed({ ...frame, data })) this.sealed.push(label);
    this.#sfu.take({
      track: encoder.track,
      frame: { ...frame, data },
      label,
      sealedAtMs: this.clock.nowMs(),
    });
  }

  /** What the SFU puts on one track. */
  receive(track: Track<NodeMedia>, frame: EncodedFrame): void {
    this.#decoderOf(track).inOrder.push(frame, this.clock.nowMs());
  }

  #decoderOf(track: Track<NodeMedia>): Decoder {
    const known = this.#decoders.get(track.id);
    if (known) return known;
    const receiverId = this.#decoders.size + 1;
    const receiver = this.pipeline.createReceiver(receiverId, mediumOf(track.kind), () =>
      this.#sfu.askForKeyFrames(this),
    );
    const inOrder = createInOrder<EncodedFrame>({
      work: (frame, arrivedMs) => this.#track(this.#show(track, receiver, frame, arrivedMs)),
      onFull: () => receiver.countDrop('too-many'),
    });
    const decoder = { receiver, inOrder };
    this.#decoders.set(track.id, decoder);
    return decoder;
  }

  async #show(
    track: Track<NodeMedia>,
    receiver: Receiver,
    frame: EncodedFrame,
    arrivedMs: number,
  ): Promise<void> {
    const plain = await receiver.open(frame, arrivedMs);
    if (plain === undefined) return;
    const as = this.#bound.get(receiver.receiverId);
    this.shown.push({ label: labelOf(plain), trackId: track.id, as, atMs: this.clock.nowMs() });
  }

  /** Why frames were not shown, over all receivers. */
  drops(): Partial<Record<DropReason, number>> {
    const sums: Partial<Record<DropReason, number>> = {};
    for (const { receiver } of this.#decoders.values()) {
      for (const [reason, count] of receiver.drops) sums[reason] = (sums[reason] ?? 0) + count;
    }
    return sums;
  }

  /** Resolves once everything given so far was obeyed, and shown or dropped. */
  async idle(): Promise<void> {
    while (this.#working.size > 0) await Promise.allSettled(this.#working);
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#working.add(work);
    const done = () => this.#working.delete(work);
    work.then(done, done);
    return work;
  }

  /** Frames fall due and reports go to the call in real time, as in the worker. */
  run(person: NodePerson): () => void {
    const { port1, port2 } = new MessageChannel();
    port2.onmessage = ({ data }: MessageEvent<MediaInstruction>) => void this.instruct(data);
    port1.onmessage = ({ data }: MessageEvent<LiveContexts>) => person.noteContexts(data);
    // The key is handed over, not copied.
    person.onMedia = (instruction) =>
      port1.postMessage(instruction, instruction.t === 'epoch' ? [instruction.baseKey.buffer] : []);
    this.#report = () => port2.postMessage(this.contexts());
    this.#report();
    let isSending = false;
    this.#timers.push(
      setInterval(() => this.#report(), REPORT_INTERVAL_MS),
      setInterval(() => {
        if (isSending) return;
        isSending = true;
        void this.sendDue().finally(() => {
          isSending = false;
        });
      }, 10),
    );
    return () => {
      for (const timer of this.#timers) clearInterval(timer);
      this.#timers = [];
      this.#report = () => undefined;
      port1.close();
    };
  }
}

function isSealed({ codec, data }: EncodedFrame): boolean {
  return codec !== undefined && parseMediaFrame(codec, data).ok;
}
