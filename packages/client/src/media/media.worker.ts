/**
 * The media worker: puts the frame pipeline between encoders, decoders and the network. What the pipeline does not
 * give back is not enqueued; there is no other way through. The only place where media keys live (D26).
 *
 * @see SPEC.md S4, S10, S20–S24, S107
 */

import type { MediaInstruction } from '@conclave/calling/media-instruction';
import { codecOfMimeType } from '@conclave/crypto/envelope/envelope';
import type { Bytes } from '@conclave/protocol/bytes';
import { raiseRejections } from '../raised-rejections.ts';
import { systemClock } from './clock.ts';
import type { EncodedRtcFrame, MediaWorkerScope, Transformer } from './encoded-transform.ts';
import { createFramePipeline } from './frame-pipeline.ts';
import type { TransformOptions } from './guarded-peer-connection.ts';
import { createInOrder } from './in-order.ts';
import type { LiveContexts } from './live-contexts.ts';
import { REPORT_INTERVAL_MS } from './media-limits.ts';
import type { FromMediaWorker, ToMediaWorker } from './media-messages.ts';
import type { Receiver } from './open-path.ts';
import type { EncodedFrame, Sender } from './seal-path.ts';

const scope = globalThis as unknown as MediaWorkerScope;
const post = (message: FromMediaWorker): void => scope.postMessage(message);
raiseRejections(globalThis);

const senders = new Map<number, { readonly sender: Sender; readonly transformer: Transformer }>();
const receivers = new Map<number, Receiver>();
/** What was said about a sender before its transform event came: the two travel by different ways. */
const early: ToMediaWorker[] = [];
const EARLY_MAX = 256;
let port: MessagePort | undefined;

const pipeline = createFramePipeline({
  clock: systemClock,
  onBound: (receiverId, binding) => post({ t: 'bound', receiverId, binding }),
  onForeign: (receiverId, binding) => post({ t: 'foreign', receiverId, binding }),
  onUnbound: (receiverId) => post({ t: 'unbound', receiverId }),
  onKeyFrameWish: (senderId) => {
    const transformer = senders.get(senderId)?.transformer;
    if (transformer?.generateKeyFrame) transformer.generateKeyFrame().catch(() => undefined);
    else post({ t: 'key-frame-wish', senderId });
  },
});

scope.onrtctransform = ({ transformer }) => {
  const { direction, id, medium } = transformer.options as TransformOptions;
  if (direction === 'send') {
    const sender = pipeline.createSender(id, medium);
    senders.set(id, { sender, transformer });
    for (const message of early.splice(0)) obey(message);
    void pump(transformer, sender.seal).finally(() => endSender(id));
  } else {
    const ask = () => void transformer.sendKeyFrameRequest?.().catch(() => undefined);
    const receiver = pipeline.createReceiver(id, medium, ask);
    receivers.set(id, receiver);
    void pumpInOrder(transformer, receiver).finally(() => {
      pipeline.removeReceiver(receiver);
      receivers.delete(id);
    });
  }
};

scope.onmessage = ({ data }) => obey(data as ToMediaWorker);

function obey(message: ToMediaWorker): void {
  switch (message.t) {
    case 'port':
      usePort(message.port);
      break;
    case 'end':
      endCall();
      break;
    case 'people':
      pipeline.setPeople(message.participantIds);
      break;
    case 'carrier':
      pipeline.setCarrier(message.receiverId, message.participantId);
      break;
    case 'forget-sender':
      if (senders.delete(message.senderId)) endSender(message.senderId);
      break;
    case 'name':
    case 'mute':
      obeyForSender(message);
      break;
    case 'rebind':
      receivers.get(message.receiverId)?.rebind(message.binding);
      break;
    case 'release':
      pipeline.setCarrier(message.receiverId, undefined);
      receivers.get(message.receiverId)?.release();
      break;
    case 'count':
      post({ t: 'counts', request: message.request, senders: senderCounts(), receivers: receiverCounts() });
      break;
  }
}

function obeyForSender(message: Extract<ToMediaWorker, { t: 'name' | 'mute' }>): void {
  const sender = senders.get(message.senderId)?.sender;
  if (!sender) {
    if (early.length < EARLY_MAX) early.push(message);
    return;
  }
  if (message.t === 'name') {
    sender.name(message.kind);
    reportContexts();
  } else sender.mute(message.isMuted);
  pipeline.askForKeyFrames();
}

/** A sender that is gone is not in the next beat. Its count is kept as long as the page compares it with what was sent. */
function endSender(senderId: number): void {
  pipeline.removeSender(senderId);
  reportContexts();
}

/** Another port is another call. */
function usePort(given: MessagePort): void {
  endCall();
  port = given;
  given.onmessage = ({ data }) => void pipeline.instruct(data as MediaInstruction);
  reportContexts();
}

/** Nothing of a call that is over may let a frame in or out. */
function endCall(): void {
  port?.close();
  port = undefined;
  void pipeline.reset();
  pipeline.setPeople(new Map());
  for (const receiver of receivers.values()) receiver.release();
}

/** Senders that came or went are news that others wait for; counters go with the clock. */
function reportContexts(): void {
  port?.postMessage(pipeline.sendContexts() satisfies LiveContexts);
}

const senderCounts = () => [...senders.values()].map(({ sender }) => sender.count());
const receiverCounts = () =>
  [...receivers.values()].map((receiver) => ({
    receiverId: receiver.receiverId,
    framesOpened: receiver.framesOpened(),
    drops: Object.fromEntries(receiver.drops),
  }));

setInterval(() => {
  const reports = pipeline.troubleChanges();
  if (reports.length > 0) post({ t: 'trouble', reports });
  reportContexts();
}, REPORT_INTERVAL_MS);

function encodedFrameOf(frame: EncodedRtcFrame): EncodedFrame {
  return {
    codec: codecOfMimeType(frame.getMetadata().mimeType ?? ''),
    isKey: frame.type === 'key',
    data: new Uint8Array(frame.data),
  };
}

/** Gives the frame its new content; the frame's own buffer is exactly that content. */
function fill(frame: EncodedRtcFrame, bytes: Bytes): EncodedRtcFrame {
  frame.data = bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer;
  return frame;
}

function pump(
  transformer: Transformer,
  convert: (frame: EncodedFrame) => Promise<Bytes | undefined>,
): Promise<void> {
  const transform = new TransformStream<EncodedRtcFrame, EncodedRtcFrame>({
    async transform(frame, controller) {
      const bytes = await convert(encodedFrameOf(frame));
      if (bytes) controller.enqueue(fill(frame, bytes));
    },
  });
  return transformer.readable
    .pipeThrough(transform)
    .pipeTo(transformer.writable)
    .catch(() => undefined);
}

/** Frames are taken at once, so that a held one bounds what waits behind it, and given back in their order. */
async function pumpInOrder(transformer: Transformer, receiver: Receiver): Promise<void> {
  const writer = transformer.writable.getWriter();
  const inOrder = createInOrder<EncodedRtcFrame>({
    work: async (frame, arrivedMs) => {
      const bytes = await receiver.open(encodedFrameOf(frame), arrivedMs);
      if (bytes) await writer.write(fill(frame, bytes));
    },
    onFull: () => receiver.countDrop('too-many'),
  });
  const reader = transformer.readable.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      inOrder.push(value, systemClock.nowMs());
    }
  } catch {
    // The receiver is gone; nothing more can be shown on it.
  }
}

post({ t: 'ready' });
