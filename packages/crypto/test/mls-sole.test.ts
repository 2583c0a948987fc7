import { toHex, utf8 } from '@conclave/protocol/bytes';
import { beforeAll, describe, expect, test } from 'vitest';
import type { GroupState, Suite } from '../src/mls/engine.ts';
import * as engine from '../src/mls/engine.ts';
import {
  admit,
  codeOf,
  found,
  holding,
  join,
  joinFromOutside,
  LINK_SECRET,
  PSKS,
  person,
  staged,
  world,
} from './mls-group.ts';

const NEXT_LINK = utf8('next link id');
const NEXT_PSKS = holding(NEXT_LINK, LINK_SECRET);
const rotation = [
  { type: 'extensions', extensions: [{ type: engine.LINK_ID, data: NEXT_LINK }] },
  { type: 'psk', pskId: NEXT_LINK },
] as const;

describe.each([1, 2] as const)('a one-leaf tree, suite %i', (number) => {
  let suite: Suite;
  beforeAll(async () => {
    suite = await engine.createSuite(number);
  });

  test('[K61] an empty commit and a rotation, then somebody joins', async () => {
    const alone = await found(suite, await person(suite, 'alone'));
    const update = await engine.commit(alone, suite, { proposals: [], psks: PSKS });
    expect(engine.epoch(update.state)).toBe(1);
    const rotated = await engine.commit(update.state, suite, { proposals: rotation, psks: NEXT_PSKS });
    expect(engine.extension(rotated.state, engine.LINK_ID)).toEqual(NEXT_LINK);
    const guest = await person(suite, 'guest');
    const admission = await admit(rotated.state, suite, [guest], NEXT_PSKS, NEXT_LINK);
    const joined = await join(suite, admission, guest, NEXT_PSKS);
    expect(toHex(engine.epochAuthenticator(joined))).toBe(toHex(engine.epochAuthenticator(admission.state)));
  });

  test('[K61] Remove down to one, rotate, and Add again; the removed one stays out', async () => {
    const { states } = await world(suite, 2);
    const [host, guest] = states as [GroupState, GroupState];
    const kick = await engine.commit(host, suite, {
      proposals: [{ type: 'remove', leafIndex: 1 }],
      psks: PSKS,
    });
    expect((await staged(guest, suite, kick.commit)).self).toBe('out');
    expect(engine.leaves(kick.state)).toHaveLength(1);
    const update = await engine.commit(kick.state, suite, { proposals: [], psks: PSKS });
    const rotated = await engine.commit(update.state, suite, { proposals: rotation, psks: NEXT_PSKS });
    const next = await person(suite, 'next guest');
    const admission = await admit(rotated.state, suite, [next], NEXT_PSKS, NEXT_LINK);
    const joined = await join(suite, admission, next, NEXT_PSKS);
    expect(engine.ownLeafIndex(joined)).toBe(1);
    const back = await engine.commit(joined, suite, { proposals: [], psks: PSKS });
    const seen = await staged(admission.state, suite, back.commit);
    expect(toHex(engine.epochAuthenticator(seen.state))).toBe(toHex(engine.epochAuthenticator(back.state)));
    // The kicked guest's old link is not the group's any more.
    const kicked = await joinFromOutside(suite, rotated.state, await person(suite, 'kicked'));
    expect(kicked.ok).toBe(true);
    if (kicked.ok) {
      expect(codeOf(await engine.stage(rotated.state, suite, kicked.value.commit, NEXT_PSKS))).toBe(
        'UNKNOWN_PSK',
      );
    }
  });

  test('[K60] a resync of the only member is a typed refusal', async () => {
    const founder = await person(suite, 'alone');
    const alone = await found(suite, founder);
    const again = await person(suite, 'alone', founder.key);
    expect(codeOf(await joinFromOutside(suite, alone, again, { resync: true }))).toBe('LONE_MEMBER');
  });
});
