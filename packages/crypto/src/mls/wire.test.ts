import { describe, expect, test } from 'vitest';
import { codeOf, person, world } from '../../test/mls-group.ts';
import * as limits from '../limits.ts';
import * as engine from './engine.ts';
import { door } from './refusal.ts';
import { decodePublicMessage, decodeTree } from './wire.ts';

describe('bytes from outside', () => {
  test('[K35] a longer form of a length, a rest, and anything above the limit are malformed', async () => {
    const suite = await engine.createSuite(1);
    const { states } = await world(suite, 2);
    const [a, b] = states as [engine.GroupState, engine.GroupState];
    const { commit } = await engine.commit(a, suite, { proposals: [], psks: () => undefined });
    // Bytes 4… are the group id with a one-byte length: the same length in two bytes says the same.
    const loose = new Uint8Array([...commit.slice(0, 4), 0x40, ...commit.slice(4)]);
    expect(commit[4]).toBe(engine.groupId(a).length);
    for (const wrong of [
      loose,
      new Uint8Array([...commit, 0]),
      new Uint8Array(limits.MLS_MESSAGE_BYTES_MAX + 1),
    ]) {
      expect(codeOf(await engine.stage(b, suite, wrong, () => undefined))).toBe('MALFORMED');
    }
    expect(codeOf(await engine.stage(b, suite, commit, () => undefined))).toBe('ACCEPTED');
  });

  test('[K35] a KeyPackage longer than a knock can hold is malformed', async () => {
    const suite = await engine.createSuite(1);
    const { message } = (await person(suite, 'x')).keyPackage;
    const long = new Uint8Array(limits.KEY_PACKAGE_BYTES_MAX + 1);
    long.set(message);
    expect(codeOf(await engine.readKeyPackage(long, suite))).toBe('MALFORMED');
  });

  test('[K35, K44] a tree of 128 X-Wing leaves is within the limits', async () => {
    const suite = await engine.createSuite(2);
    const { states } = await world(suite, 2);
    const size = engine.encodeTree(states[0] as engine.GroupState).length;
    // Two leaves and a blank; 255 nodes, none longer than a leaf.
    expect((size / 2) * (2 * limits.MAX_LEAVES - 1)).toBeLessThan(limits.TREE_BYTES_MAX);
    expect(codeOf(await door(async () => decodeTree(new Uint8Array(limits.TREE_BYTES_MAX + 1))))).toBe(
      'MALFORMED',
    );
  });

  test('[K54] decoding keeps no reference to the caller’s buffer', async () => {
    const suite = await engine.createSuite(1);
    const { states } = await world(suite, 2);
    const { commit } = await engine.commit(states[0] as engine.GroupState, suite, {
      proposals: [],
      psks: () => undefined,
    });
    const buffer = commit.slice();
    const { content } = decodePublicMessage(buffer);
    buffer.fill(0);
    expect(content.groupId).toEqual(engine.groupId(states[0] as engine.GroupState));
  });
});
