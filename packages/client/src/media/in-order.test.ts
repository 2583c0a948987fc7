import { expect, test } from 'vitest';
import { createInOrder } from './in-order.ts';

test('[S10] frames come out in their order; 64 may wait, the next is turned away, and one failure stops nobody', async () => {
  const done: number[] = [];
  const { promise: hold, resolve: letGo } = Promise.withResolvers<void>();
  let turnedAway = 0;
  const inOrder = createInOrder<number>({
    work: async (item) => {
      if (item === 0) await hold;
      if (item === 5) throw new Error('cannot be shown');
      done.push(item);
    },
    onFull: () => turnedAway++,
  });
  for (let item = 0; item < 70; item++) inOrder.push(item, 0);
  expect(turnedAway).toBe(6);
  letGo();
  for (let turn = 0; turn < 200; turn++) await Promise.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  expect(done).toEqual(Array.from({ length: 64 }, (_, item) => item).filter((item) => item !== 5));
});
