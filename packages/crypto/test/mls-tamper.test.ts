/** Changed bytes in everything that comes from the server: never accepted, never slow, never a trace in the old state. */
import { equalBytes } from '@conclave/protocol/bytes';
import { beforeAll, describe, expect, test } from 'vitest';
import type { GroupState, Suite } from '../src/mls/engine.ts';
import * as engine from '../src/mls/engine.ts';
import type { Person } from './mls-group.ts';
import {
  admit,
  codeOf,
  join,
  joinFromOutside,
  LINK,
  PSKS,
  person,
  staged,
  value,
  world,
} from './mls-group.ts';
import { randomNumbers } from './random-numbers.ts';
import { snapshot } from './state-snapshot.ts';

const SEED = Number(process.env['CONCLAVE_SEED'] ?? 7);
const CHANGES = Number(process.env['CONCLAVE_CHANGES'] ?? 150);
/** A refusal may cost what an acceptance costs, with room for a busy machine; a loop over a hostile index costs minutes. */
const SLOWEST_MS = 3000;

interface Objects {
  readonly member: GroupState;
  readonly guest: Person;
  readonly outsider: Person;
  readonly welcome: Uint8Array;
  readonly tree: Uint8Array;
  readonly groupInfo: Uint8Array;
  readonly removal: Uint8Array;
  readonly admission: Uint8Array;
  readonly external: Uint8Array;
}

/** A populated group: three members have committed, two batches came later and are partly unmerged. */
async function prepare(suite: Suite): Promise<Objects> {
  const start = await world(suite, 5);
  let states = [...start.states];
  for (const at of [1, 2, 0]) {
    const own = await engine.commit(states[at] as GroupState, suite, { proposals: [], psks: PSKS });
    states = await Promise.all(
      states.map(async (s, i) => (i === at ? own.state : (await staged(s, suite, own.commit)).state)),
    );
  }
  const [guest, outsider] = [await person(suite, 'guest'), await person(suite, 'outsider')];
  const admission = await admit(states[0] as GroupState, suite, [guest, await person(suite, 'other')]);
  const removal = await engine.commit(states[0] as GroupState, suite, {
    proposals: [{ type: 'remove', leafIndex: 2 }],
    psks: PSKS,
  });
  const external = value(await joinFromOutside(suite, states[0] as GroupState, outsider));
  return {
    member: states[1] as GroupState,
    guest,
    outsider,
    welcome: admission.welcomes[0]?.welcome ?? new Uint8Array(),
    tree: engine.encodeTree(admission.state),
    groupInfo: await engine.encodeGroupInfo(admission.state, suite),
    removal: removal.commit,
    admission: admission.commit,
    external: external.commit,
  };
}

describe.each([1, 2] as const)('changed bytes, suite %i', (number) => {
  let suite: Suite;
  let objects: Objects;
  beforeAll(async () => {
    suite = await engine.createSuite(number);
    objects = await prepare(suite);
  });

  const joinWith = (change: { readonly welcome?: Uint8Array; readonly tree?: Uint8Array }) =>
    engine.joinFromWelcome(suite, {
      welcome: objects.welcome,
      tree: objects.tree,
      ...change,
      keyPackage: objects.guest.keyPackage,
      psks: PSKS,
      judge: () => undefined,
    });
  const joinOutside = (change: { readonly groupInfo?: Uint8Array; readonly tree?: Uint8Array }) =>
    engine.joinExternal(suite, {
      groupInfo: objects.groupInfo,
      tree: objects.tree,
      ...change,
      keyPackage: objects.outsider.keyPackage,
      psks: PSKS,
      pskId: LINK,
      resync: false,
      judge: () => undefined,
    });
  const stageIt = (message: Uint8Array) => engine.stage(objects.member, suite, message, PSKS);

  /** X-Wing costs several times as much, and changes nothing about the shapes that are refused. */
  const changes = number === 1 ? CHANGES : Math.ceil(CHANGES / 10);

  test.each([
    ['Welcome', () => objects.welcome, (x: Uint8Array) => joinWith({ welcome: x })],
    ['tree of a Welcome', () => objects.tree, (x: Uint8Array) => joinWith({ tree: x })],
    ['GroupInfo', () => objects.groupInfo, (x: Uint8Array) => joinOutside({ groupInfo: x })],
    ['tree of a GroupInfo', () => objects.tree, (x: Uint8Array) => joinOutside({ tree: x })],
    ['Remove commit', () => objects.removal, stageIt],
    ['admission commit', () => objects.admission, stageIt],
    ['external commit', () => objects.external, stageIt],
  ] as const)('[K55, K54] %s', async (_name, original, attempt) => {
    const random = randomNumbers(SEED);
    const bytes = original();
    const before = snapshot(objects.member);
    expect(codeOf(await attempt(bytes))).toBe('ACCEPTED');
    for (let round = 0; round < changes; round++) {
      const changed = mangle(bytes, random);
      if (equalBytes(changed, bytes)) continue;
      const start = performance.now();
      const code = codeOf(await attempt(changed));
      const where = `seed ${SEED}, round ${round}`;
      expect(code, where).not.toBe('ACCEPTED');
      expect(performance.now() - start, where).toBeLessThan(SLOWEST_MS);
    }
    expect(equalBytes(snapshot(objects.member), before)).toBe(true);
  });

  test('[K55] cut, doubled, empty and random bytes', async () => {
    for (const bytes of [objects.welcome, objects.groupInfo, objects.removal, objects.tree]) {
      const wrong = [
        new Uint8Array(),
        bytes.slice(0, -1),
        bytes.slice(0, bytes.length / 2),
        new Uint8Array([...bytes, 0]),
        new Uint8Array(bytes.length).fill(0xff),
        new Uint8Array(600_000),
      ];
      for (const x of wrong) {
        for (const attempt of [
          joinWith({ welcome: x }),
          joinWith({ tree: x }),
          joinOutside({ groupInfo: x }),
          stageIt(x),
        ]) {
          expect(codeOf(await attempt)).toBe('MALFORMED');
        }
        expect(codeOf(await engine.receiveProposal(objects.member, suite, x))).toBe('MALFORMED');
        expect(codeOf(await engine.readKeyPackage(x, suite))).toBe('MALFORMED');
      }
    }
  });

  test('[K54] accepted or refused, staging leaves the old state byte-identical and usable', async () => {
    const before = snapshot(objects.member);
    for (const message of [objects.removal, objects.admission, objects.external, objects.removal]) {
      expect(codeOf(await stageIt(message))).toBe('ACCEPTED');
      expect(equalBytes(snapshot(objects.member), before)).toBe(true);
    }
    const joined = await join(
      suite,
      await admit(objects.member, suite, [await person(suite, 'x')]),
      await person(suite, 'y'),
    ).catch((error: Error) => error.message);
    expect(joined).toBe('no Welcome for this person');
    expect(equalBytes(snapshot(objects.member), before)).toBe(true);
  });
});

/** One bit, one byte, or up to eight bytes of ones or zeros. */
function mangle(bytes: Uint8Array, random: (below: number) => number): Uint8Array {
  const changed = bytes.slice();
  const at = random(changed.length);
  const kind = random(3);
  if (kind === 0) changed[at] = (changed[at] ?? 0) ^ (1 << random(8));
  else if (kind === 1) changed[at] = random(256);
  else changed.fill(random(2) === 0 ? 0 : 0xff, at, at + 1 + random(8));
  return changed;
}
