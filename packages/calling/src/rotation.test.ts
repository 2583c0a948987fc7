import * as mls from '@conclave/crypto/mls/engine';
import { openOldMeta } from '@conclave/crypto/old-meta';
import { describe, expect, test } from 'vitest';
import {
  at,
  everybodyMerges,
  leafIndexOf,
  only,
  randomBytes,
  remove,
  startCall,
  suite,
} from '../test/small-call.ts';
import { deriveNextLink, hashAccess, sealNextOldMeta } from './rotation.ts';

const call = await startCall({ guests: 3 });
const retired = [randomBytes(32)];

function nextOf(state: mls.GroupState, oldMetaKeys = retired) {
  return deriveNextLink({ state, suite, link: call.link, keys: call.keys, oldMetaKeys });
}

/** Ada removes this person; the others merge. */
async function without(before: typeof call, index: number) {
  const own = await remove(before, 0, leafIndexOf(before, 0, at(before.people, index)));
  const rest = only(
    before,
    before.people.map((_, other) => other).filter((other) => other !== index),
  );
  return everybodyMerges(rest, 0, own);
}

describe('the next link', () => {
  test('[C43] is the same for all who stay, and not for the kicked (G22)', async () => {
    const after = await without(call, 3);
    const links = await Promise.all(after.states.map((state) => nextOf(state)));
    expect(new Set(links.map(({ link }) => String(link.secret))).size).toBe(1);
    expect(new Set(links.map(({ linkId }) => String(linkId))).size).toBe(1);
    const kicked = await nextOf(at(call.states, 3));
    expect(kicked.link.secret).not.toEqual(at(links, 0).link.secret);
    expect(kicked.keys.access).not.toEqual(at(links, 0).keys.access);
  });

  test('[C43] another Remove makes it another one', async () => {
    const once = await without(call, 3);
    const twice = await without(once, 2);
    const [first, second] = [await nextOf(at(once.states, 0)), await nextOf(at(twice.states, 0))];
    expect(second.linkId).not.toEqual(first.linkId);
    expect((await nextOf(at(twice.states, 1))).linkId).toEqual(second.linkId);
  });

  test('[C43] keeps room and header, changes every key, and tells the server only a hash', async () => {
    const { link, keys, linkId, accessHash } = await nextOf(at(call.states, 1));
    expect(link).toEqual({ ...call.link, secret: link.secret });
    expect(link.secret).not.toEqual(call.link.secret);
    for (const name of ['linkId', 'psk', 'metaKey', 'knockKey', 'beatKey', 'mediaKey', 'access'] as const) {
      expect(keys[name]).not.toEqual(call.keys[name]);
    }
    expect(linkId).toEqual(keys.linkId);
    expect(accessHash).toEqual(await hashAccess(keys.access));
  });

  test('[C44] its oldMeta opens under the new meta key alone, to the old list and the old key', async () => {
    const next = await nextOf(at(call.states, 0));
    const sealed = await sealNextOldMeta(next);
    expect(await openOldMeta(next.keys.metaKey, sealed)).toEqual([call.keys.metaKey, ...retired]);
    expect(await openOldMeta(call.keys.metaKey, sealed)).toBeUndefined();
    for (const state of call.states) expect(await (await nextOf(state)).opensOldMeta(sealed)).toBe(true);
    const other = await nextOf(at(call.states, 1), []);
    expect(await other.opensOldMeta(sealed)).toBe(false);
    expect(await next.opensOldMeta(randomBytes(92))).toBe(false);
    expect(mls.epoch(at(call.states, 0))).toBe(1);
  });
});
