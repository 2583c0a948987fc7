/** The ends of the epoch numbers: what a beat cannot say, no member reaches. */

import { beforeAll, expect, test } from 'vitest';
import { codeOf, joinFromOutside, PSKS, person, world } from '../../test/mls-group.ts';
import { EPOCH_MAX, JOIN_EPOCH_MAX } from '../limits.ts';
import type { GroupState, Suite } from './engine.ts';
import * as engine from './engine.ts';
import { inside, outside } from './group.ts';
import { forgeCommit } from './testing/forge.ts';

let suite: Suite;
let states: readonly GroupState[];

beforeAll(async () => {
  suite = await engine.createSuite(1);
  ({ states } = await world(suite, 3));
});

/** A member may sign any number as its group's epoch; everything else stays true. */
function numbered(state: GroupState | undefined, epoch: number): GroupState {
  const inner = inside(state as GroupState);
  return outside({ ...inner, groupContext: { ...inner.groupContext, epoch: BigInt(epoch) } });
}

test('[K67] a GroupInfo is joined up to epoch 2⁴⁷, so that no liar leads a joiner to the last epoch', async () => {
  const codeAt = async (epoch: number) =>
    codeOf(await joinFromOutside(suite, numbered(states[0], epoch), await person(suite, 'guest')));
  expect(await codeAt(JOIN_EPOCH_MAX)).toBe('ACCEPTED');
  for (const epoch of [JOIN_EPOCH_MAX + 1, EPOCH_MAX, EPOCH_MAX + 1, 2 ** 53]) {
    expect(await codeAt(epoch), `${epoch}`).toBe('BOUNDS');
  }
});

test('[K67] no commit leads beyond epoch 2⁴⁸ − 1: none is taken and none is made', async () => {
  const stagedAt = async (epoch: number) => {
    const commit = await forgeCommit(numbered(states[0], epoch), suite, {});
    return codeOf(await engine.stage(numbered(states[1], epoch), suite, commit, PSKS));
  };
  expect(await stagedAt(EPOCH_MAX - 1)).toBe('ACCEPTED');
  expect(await stagedAt(EPOCH_MAX)).toBe('BOUNDS');
  const request = { proposals: [], psks: PSKS };
  const last = await engine.commit(numbered(states[0], EPOCH_MAX - 1), suite, request);
  expect(engine.epoch(last.state)).toBe(EPOCH_MAX);
  await expect(engine.commit(last.state, suite, request)).rejects.toThrow('the last epoch');
});
