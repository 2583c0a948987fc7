import { decryptWithLabel } from 'ts-mls/crypto/hpke.js';
import { encodeGroupContext } from 'ts-mls/groupContext.js';
import { processPublicMessage } from 'ts-mls/processMessages.js';
import { describe, expect, test } from 'vitest';
import { PSKS, staged, world } from '../../test/mls-group.ts';
import * as engine from './engine.ts';
import { inside } from './group.ts';
import { toPskIndex } from './psk.ts';
import { decodePublicMessage } from './wire.ts';

/** How many path secrets of the commit open with some private key of the state. */
async function opened(
  state: engine.GroupState,
  next: engine.GroupState,
  commit: Uint8Array,
  suite: engine.Suite,
) {
  const { hpke } = suite.implementation;
  const { content } = decodePublicMessage(commit);
  if (content.contentType !== 'commit' || content.commit.path === undefined) throw new Error('no path');
  const { groupContext, privatePath } = inside(state);
  const { treeHash } = inside(next).groupContext;
  const context = encodeGroupContext({ ...groupContext, epoch: groupContext.epoch + 1n, treeHash });
  let count = 0;
  for (const { encryptedPathSecret } of content.commit.path.nodes) {
    for (const { kemOutput, ciphertext } of encryptedPathSecret) {
      for (const bytes of Object.values(privatePath.privateKeys)) {
        const key = await hpke.importPrivateKey(bytes);
        count += await decryptWithLabel(key, 'UpdatePathNode', context, kemOutput, ciphertext, hpke).then(
          () => 1,
          () => 0,
        );
      }
    }
  }
  return count;
}

describe.each([1, 2] as const)('a removed member, suite %i', (number) => {
  test('[K53] holds no key that opens the path, for every leaf of a populated tree', {
    timeout: 120_000,
  }, async () => {
    const suite = await engine.createSuite(number);
    let { states } = await world(suite, 6);
    for (const at of [0, 3, 5]) {
      const own = await engine.commit(states[at] as engine.GroupState, suite, { proposals: [], psks: PSKS });
      const next = states.map(async (s, i) =>
        i === at ? own.state : (await staged(s, suite, own.commit)).state,
      );
      states = await Promise.all(next);
    }
    const remover = states[1] as engine.GroupState;
    for (const leafIndex of [0, 2, 3, 4, 5]) {
      const proposals = [{ type: 'remove', leafIndex }] as const;
      const kick = await engine.commit(remover, suite, { proposals, psks: PSKS });
      const victim = states[leafIndex] as engine.GroupState;
      expect(await opened(victim, kick.state, kick.commit, suite), `leaf ${leafIndex}`).toBe(0);
      const bystander = states[leafIndex === 0 ? 2 : 0] as engine.GroupState;
      expect(await opened(bystander, kick.state, kick.commit, suite), 'control').toBe(1);
    }
  });

  test('[K53] even a dishonest one that ignores its removal reaches no epoch', async () => {
    const suite = await engine.createSuite(number);
    const { states } = await world(suite, 4);
    const [remover, , victim] = states as [engine.GroupState, engine.GroupState, engine.GroupState];
    const kick = await engine.commit(remover, suite, {
      proposals: [{ type: 'remove', leafIndex: 2 }],
      psks: PSKS,
    });
    // It pretends to sit elsewhere, so that the library does not stop at its own removal.
    const dishonest = inside(victim);
    const pretends = { ...dishonest, privatePath: { ...dishonest.privatePath, leafIndex: 3 } };
    const message = decodePublicMessage(kick.commit);
    const attempt = processPublicMessage(pretends, message, toPskIndex(PSKS), suite.implementation);
    await expect(attempt).rejects.toThrow();
    expect((await staged(victim, suite, kick.commit)).self).toBe('out');
  });
});
