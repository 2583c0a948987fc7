import { describe, expect, test } from 'vitest';
import {
  at,
  commitAdds,
  everybodyMerges,
  randomBytes,
  someone,
  startCall,
  suite,
} from '../test/small-call.ts';
import { RANK_RANDOM_MAX_MS, RANK_RANDOM_MIN_MS, RANK_STEP_MS } from './limits.ts';
import { exportRankSecret, rankDelayMs, rankLeaves } from './rank.ts';

const candidates = [0, 1, 2, 3, 4, 5];

describe('ranks', () => {
  test('[C42] are one order for everybody, in whatever order one counts', async () => {
    const secret = randomBytes(32);
    const ranked = await rankLeaves({ secret, candidates });
    expect([...ranked].sort()).toEqual(candidates);
    expect(await rankLeaves({ secret, candidates: [5, 3, 1, 0, 2, 4, 4, 0] })).toEqual(ranked);
    // Who is not counted leaves the others' order as it was.
    const without = ranked.filter((leaf) => leaf !== ranked[1]);
    expect(await rankLeaves({ secret, candidates: without })).toEqual(without);
  });

  test('[C42] the first three wait a step each, all others at random in one span', async () => {
    const secret = randomBytes(32);
    const ranked = await rankLeaves({ secret, candidates });
    const delays = (random: number) =>
      Promise.all(ranked.map((own) => rankDelayMs({ secret, candidates, own }, () => random)));
    const first = [0, RANK_STEP_MS, 2 * RANK_STEP_MS];
    expect(await delays(0)).toEqual([...first, ...Array(3).fill(RANK_RANDOM_MIN_MS)]);
    const middle = (RANK_RANDOM_MIN_MS + RANK_RANDOM_MAX_MS) / 2;
    expect(await delays(0.5)).toEqual([...first, ...Array(3).fill(middle)]);
  });

  test('[C42] who is no candidate does not commit, who is alone does at once', async () => {
    const secret = randomBytes(32);
    expect(await rankDelayMs({ secret, candidates: [1, 2], own: 0 }, () => 0)).toBeUndefined();
    expect(await rankDelayMs({ secret, candidates: [0], own: 0 }, () => 0)).toBe(0);
  });

  test('[C42] over the epochs every leaf comes first about as often as any other', async () => {
    const counts = candidates.map(() => 0);
    const epochs = 1_200;
    for (let epoch = 0; epoch < epochs; epoch++) {
      const secret = new Uint8Array(32);
      new DataView(secret.buffer).setUint32(0, epoch);
      const [first = 0] = await rankLeaves({ secret, candidates });
      counts[first] = (counts[first] ?? 0) + 1;
    }
    // 200 each on average; the secrets are fixed, so this is no matter of luck.
    for (const count of counts) expect(Math.abs(count - epochs / 6)).toBeLessThan(60);
  });

  test('[C42] the secret is the epoch’s: equal for its members, another one in the next', async () => {
    const call = await startCall({ guests: 2 });
    const secrets = await Promise.all(call.states.map((state) => exportRankSecret(state, suite)));
    expect(new Set(secrets.map(String)).size).toBe(1);
    const own = await commitAdds(call, 0, [await someone(call.keys, 'Gus')]);
    const next = await everybodyMerges(call, 0, own);
    expect(await exportRankSecret(at(next.states, 1), suite)).not.toEqual(secrets[1]);
  });
});
