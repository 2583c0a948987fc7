import { parseMediaFrame } from '@conclave/crypto/frame-crypto';
import type { Bytes } from '@conclave/protocol/bytes';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Sender } from '../src/media/seal-path.ts';
import { delta, epochOf, handClock, newcomer } from './media-kit.ts';

type Step =
  | { readonly t: 'seal'; readonly sender: number; readonly frames: number }
  | { readonly t: 'sender' | 'gate' | 'reset' }
  /** Relative to the newest epoch of that group; 0 and less is one that was there before. */
  | { readonly t: 'epoch'; readonly ahead: number; readonly group: number }
  | { readonly t: 'send'; readonly back: number }
  | { readonly t: 'wait'; readonly delayMs: number };

const often = <T>(weight: number, arbitrary: fc.Arbitrary<T>) => ({ weight, arbitrary });
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    often(
      20,
      fc.record({ t: fc.constant('seal'), sender: fc.nat(5), frames: fc.integer({ min: 1, max: 4 }) }),
    ),
    often(4, fc.record({ t: fc.constantFrom('sender', 'gate') })),
    often(1, fc.record({ t: fc.constant('reset') })),
    often(
      8,
      fc.record({ t: fc.constant('epoch'), ahead: fc.integer({ min: -2, max: 2 }), group: fc.constant(0) }),
    ),
    often(2, fc.record({ t: fc.constant('epoch'), ahead: fc.constant(1), group: fc.nat(20) })),
    often(10, fc.record({ t: fc.constant('send'), back: fc.nat(2) })),
    often(1, fc.record({ t: fc.constant('wait'), delayMs: fc.nat(9_000) })),
  ) as fc.Arbitrary<Step>,
  { minLength: 20, maxLength: 120, size: 'max' },
);

/**
 * The group in which frames are sealed is not in the frame: the model follows it by the store's rule, that a group which
 * another has ended never comes back.
 */
async function sealedUnder(schedule: readonly Step[]): Promise<readonly string[]> {
  const clock = handClock();
  const { pipeline } = newcomer(1, clock);
  const senders: Sender[] = [];
  const used: string[] = [];
  const newest = new Map<number, number>();
  let group: number | undefined;
  for (const step of schedule) {
    if (step.t === 'seal') {
      const sender = senders[step.sender % Math.max(1, senders.length)];
      const frames = await Promise.all(Array.from({ length: step.frames }, () => sender?.seal(delta(1))));
      for (const frame of frames) {
        const header = frame && headerOf(frame);
        if (header) used.push(`${group}/${header.kid}/${header.counter}`);
      }
    } else if (step.t === 'epoch') {
      const epoch = Math.max(0, (newest.get(step.group) ?? -1) + step.ahead);
      await pipeline.instruct(epochOf(epoch, 1, [1, 2], new Uint8Array(16).fill(step.group)));
      const isRefused =
        epoch <= (newest.get(step.group) ?? -1) || (newest.has(step.group) && group !== step.group);
      if (!isRefused) {
        group = step.group;
        newest.set(step.group, epoch);
      }
    } else if (step.t === 'send')
      await pipeline.instruct({ t: 'send', epoch: Math.max(0, (newest.get(group ?? 0) ?? 0) - step.back) });
    else if (step.t === 'gate') await pipeline.instruct({ t: 'gate', isOpen: true });
    else if (step.t === 'wait') clock.advance(step.delayMs);
    else if (step.t === 'reset') {
      await pipeline.reset();
      group = undefined;
    } else {
      const sender = pipeline.createSender(senders.length, 'video');
      sender.name('camera');
      senders.push(sender);
    }
  }
  return used;
}

test('[S1, S2, S3] no key seals two frames with one counter, whatever is instructed in whatever order', async () => {
  let sealed = 0;
  const property = fc.asyncProperty(steps, async (schedule) => {
    const start: readonly Step[] = [{ t: 'sender' }, { t: 'sender' }, { t: 'gate' }];
    const used = await sealedUnder([...start, ...schedule]);
    sealed += used.length;
    expect(new Set(used).size).toBe(used.length);
  });
  await fc.assert(property, { numRuns: 150 });
  expect(sealed).toBeGreaterThan(1_000);
});

test('[S3] six hundred epochs: every one starts at 0, and no KID comes twice with one counter', async () => {
  const { pipeline, instruct } = newcomer(1, handClock());
  const sender = pipeline.createSender(1, 'video');
  sender.name('camera');
  await instruct({ t: 'gate', isOpen: true });
  const counters = new Set<number | undefined>();
  for (let epoch = 0; epoch < 600; epoch++) {
    await instruct(epochOf(epoch, 1, [1, 2]), { t: 'send', epoch });
    const frame = await sender.seal(delta(1));
    counters.add(frame && headerOf(frame)?.counter);
  }
  expect([...counters]).toEqual([0]);
});

/** Undefined for what announces a sender (S126). */
function headerOf(frame: Bytes): { readonly kid: number; readonly counter: number } | undefined {
  const parsed = parseMediaFrame('vp8', frame);
  return parsed.ok ? parsed.value.header : undefined;
}
