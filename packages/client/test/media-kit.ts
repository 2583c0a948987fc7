/** People who exchange frames without browsers: pipelines, a clock moved by hand, and keys that the test makes. */

import type { MediaInstruction } from '@conclave/calling/media-instruction';
import type { Bytes } from '@conclave/protocol/bytes';
import { toHex } from '@conclave/protocol/bytes';
import type { Binding } from '../src/media/binding.ts';
import type { Clock } from '../src/media/clock.ts';
import type { FramePipeline } from '../src/media/frame-pipeline.ts';
import { createFramePipeline } from '../src/media/frame-pipeline.ts';
import type { EncodedFrame } from '../src/media/seal-path.ts';

export type HandClock = Clock & {
  /** Moves time, and runs what falls due. */
  readonly advance: (byMs: number) => void;
};

const UNIX_START_MS = 1_800_000_000_000;

export function handClock(): HandClock {
  let now = 0;
  let timers: { readonly atMs: number; readonly callback: () => void }[] = [];
  return {
    nowMs: () => now,
    unixMs: () => UNIX_START_MS + now,
    after: (delayMs, callback) => {
      const timer = { atMs: now + delayMs, callback };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    advance: (byMs) => {
      now += byMs;
      const due = timers.filter(({ atMs }) => atMs <= now);
      timers = timers.filter((timer) => !due.includes(timer));
      for (const { callback } of due) callback();
    },
  };
}

const GROUP: Bytes = new Uint8Array(16).fill(9);

/** The key of a leaf; leaf 1 is Ada's, and so on. */
export function leafKeyOf(leafIndex: number): Bytes {
  return new Uint8Array(32).fill(leafIndex);
}

export function epochOf(
  epoch: number,
  ownLeafIndex: number,
  leaves: readonly number[],
  groupId = GROUP,
): Extract<MediaInstruction, { t: 'epoch' }> {
  return {
    t: 'epoch',
    groupId,
    epoch,
    baseKey: new Uint8Array(32).fill(epoch + 1).fill(epoch >> 8, 0, 1),
    leaves: leaves.map((leafIndex) => ({ leafIndex, leafKey: leafKeyOf(leafIndex) })),
    ownLeafIndex,
  };
}

export type TestPerson = {
  readonly pipeline: FramePipeline;
  readonly leafKey: string;
  readonly bound: { readonly receiverId: number; readonly binding: Binding }[];
  readonly foreign: { readonly receiverId: number; readonly binding: Binding }[];
  readonly unbound: number[];
  readonly keyFrameWishes: number[];
  readonly instruct: (...instructions: readonly MediaInstruction[]) => Promise<void>;
};

/** A person in epoch 0 of the group, who may send and has confirmed everybody else. */
export async function personAt(
  leafIndex: number,
  clock: Clock,
  leaves: readonly number[] = [1, 2, 3],
): Promise<TestPerson> {
  const person = newcomer(leafIndex, clock);
  const others = leaves.filter((leaf) => leaf !== leafIndex).map(leafKeyOf);
  await person.instruct(
    epochOf(0, leafIndex, leaves),
    { t: 'confirmed', leafKeys: others },
    { t: 'send', epoch: 0 },
    { t: 'gate', isOpen: true },
  );
  return person;
}

/** A person with no key, whom nobody has confirmed. */
export function newcomer(leafIndex: number, clock: Clock): TestPerson {
  const bound: TestPerson['bound'] = [];
  const foreign: TestPerson['foreign'] = [];
  const unbound: number[] = [];
  const keyFrameWishes: number[] = [];
  const pipeline = createFramePipeline({
    clock,
    onBound: (receiverId, binding) => bound.push({ receiverId, binding }),
    onForeign: (receiverId, binding) => foreign.push({ receiverId, binding }),
    onUnbound: (receiverId) => unbound.push(receiverId),
    onKeyFrameWish: (senderId) => keyFrameWishes.push(senderId),
  });
  return {
    pipeline,
    leafKey: toHex(leafKeyOf(leafIndex)),
    bound,
    foreign,
    unbound,
    keyFrameWishes,
    instruct: async (...instructions) => {
      for (const instruction of instructions) await pipeline.instruct(instruction);
    },
  };
}

/** A delta frame of VP8 whose rest is this number, or an Opus frame. */
export function delta(content: number): EncodedFrame {
  return { codec: 'vp8', isKey: false, data: Uint8Array.of(0x31, content, content) };
}

/** A VP8 key frame, as its first bytes say, whose rest is this number. */
export function keyFrame(content = 7): EncodedFrame {
  const data = Uint8Array.of(0x30, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xb4, 0x00, content, content);
  return { codec: 'vp8', isKey: true, data };
}

export function opus(content: number): EncodedFrame {
  return { codec: 'opus', isKey: false, data: Uint8Array.of(content, content) };
}

/** What a person's beat says now, received at once. */
export function beatOf(
  { pipeline, leafKey }: TestPerson,
  clock: Clock,
): Extract<MediaInstruction, { t: 'counters' }> {
  const { epoch = 0, contexts } = pipeline.sendContexts();
  return { t: 'counters', leafKey: fromHex(leafKey), epoch, contexts, receivedAtMs: clock.unixMs() };
}

function fromHex(hex: string): Bytes {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** What the SFU forwards: the sealed bytes under the codec and key flag that it claims. */
export function forwarded(frame: EncodedFrame, data: Bytes | undefined): EncodedFrame {
  if (!data) throw new Error('nothing was sealed');
  return { ...frame, data };
}
