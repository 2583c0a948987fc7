import type { Leaf } from '@conclave/crypto/mls/engine';
import { sealName } from '@conclave/crypto/name';
import { type Bytes, toHex } from '@conclave/protocol/bytes';
import { participantIdOf } from '@conclave/protocol/signed-bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomBytes } from '../test/small-call.ts';
import type { Beat } from './beat.ts';
import { emptyLedger, enterEpoch, noteBeat, type OwnPlace } from './confirmations.ts';
import { foundingPolicy } from './policy.ts';
import { numberedNames, peopleOf, type Roster, updateRoster } from './roster.ts';

const callId = randomBytes(16);
const [oldKey, metaKey, otherKey] = [randomBytes(32), randomBytes(32), randomBytes(32)];
const metaKeys = [metaKey, oldKey];

async function leaf(leafIndex: number, name: string, sealedUnder: Bytes = metaKey): Promise<Leaf> {
  return { leafIndex, signatureKey: randomBytes(32), identity: await sealName(sealedUnder, name) };
}

const [ada, bob, cem] = [await leaf(0, 'Ada'), await leaf(1, 'Bob', oldKey), await leaf(2, 'Cem')];

function update(roster: Roster, leaves: readonly Leaf[], epoch: number, keys = metaKeys): Promise<Roster> {
  return updateRoster(roster, { leaves, epoch, callId, metaKeys: keys });
}

const namesOf = (roster: Roster) => roster.map(({ name }) => name);

describe('the roster', () => {
  test('[C45] is exactly the tree, in order of arrival (G3)', async () => {
    const first = await update([], [ada, bob], 1);
    const second = await update(first, [ada, bob, cem], 2);
    expect(second.map(({ leaf: l, arrivedEpoch }) => [toHex(l.signatureKey), arrivedEpoch])).toEqual([
      [toHex(ada.signatureKey), 1],
      [toHex(bob.signatureKey), 1],
      [toHex(cem.signatureKey), 2],
    ]);
    expect(at0(second).participantId).toBe(await participantIdOf(ada.signatureKey, callId));
    const third = await update(second, [bob, cem], 3);
    expect(namesOf(third)).toEqual(['Bob', 'Cem']);
  });

  test('[C45] who moves to another leaf keeps the place, who takes a freed leaf does not inherit it (G23)', async () => {
    const first = await update([], [ada, bob, cem], 1);
    const moved = { ...bob, leafIndex: 5 };
    const dee = await leaf(1, 'Dee');
    const second = await update(first, [ada, dee, cem, moved], 2);
    expect(namesOf(second)).toEqual(['Ada', 'Bob', 'Cem', 'Dee']);
    expect(second[1]?.leaf.leafIndex).toBe(5);
    expect(second.map(({ arrivedEpoch }) => arrivedEpoch)).toEqual([1, 1, 1, 2]);
  });

  test('[C46] names are read under the key in force and the retired ones, others are empty', async () => {
    const stranger = await leaf(3, 'Hidden', otherKey);
    const nonsense = { ...(await leaf(4, 'x')), identity: randomBytes(92) };
    const roster = await update([], [ada, bob, stranger, nonsense], 1);
    expect(namesOf(roster)).toEqual(['Ada', 'Bob', '', '']);
    const later = await update(roster, [ada, bob, stranger, nonsense], 2, [otherKey]);
    expect(namesOf(later)).toEqual(['Ada', 'Bob', 'Hidden', '']);
  });

  test('[C46] a new credential brings a new name', async () => {
    const roster = await update([], [ada], 1);
    const renamed = { ...ada, identity: await sealName(metaKey, 'Ada Lovelace') };
    expect(namesOf(await update(roster, [renamed], 2))).toEqual(['Ada Lovelace']);
  });
});

describe('numbers', () => {
  test('[C46] equal names are told apart, also those that only look equal', () => {
    expect(numberedNames(['Ada', 'Bob', 'Ada', 'ada', 'Bob'])).toEqual([
      'Ada',
      'Bob',
      'Ada (2)',
      'ada (3)',
      'Bob (2)',
    ]);
    expect(numberedNames(['Ada', '\uff21da'])).toEqual(['Ada', '\uff21da (2)']);
    expect(numberedNames(['', ''])).toEqual(['', '']);
  });

  test('[C46] nobody becomes who he is not by a number in his name', () => {
    expect(numberedNames(['Ada (2)', 'Ada', 'Ada'])).toEqual(['Ada (2)', 'Ada', 'Ada (3)']);
    expect(numberedNames(['Ada', 'Ada', 'Ada (2)'])).toEqual(['Ada', 'Ada (3)', 'Ada (2)']);
  });

  test('[C46] whatever the names, what is shown is different for everybody with a name', () => {
    const name = fc.constantFrom('Ada', 'ada', 'Ada (2)', 'Ada (3)', 'Ada (2) (2)', 'Bob');
    fc.assert(
      fc.property(fc.array(name, { maxLength: 12 }), (names) => {
        const shown = numberedNames(names).map((text) => text.toLowerCase());
        expect(new Set(shown).size).toBe(names.length);
      }),
    );
  });
});

test('[C47] roles come from the policy, standings and flags from beats, of the server’s word only reconnecting', async () => {
  const policy = foundingPolicy({
    suite: 1,
    isLobbyOn: false,
    serverKey: randomBytes(32),
    hostKey: ada.signatureKey,
  });
  const groupId = randomBytes(32);
  const hashes = [{ epoch: 1, hash: randomBytes(32) }];
  const leaves = [ada, bob, cem];
  const place: OwnPlace = { groupId, epoch: 1, hashes, leaves, ownKey: cem.signatureKey, policy };
  const flags = { microphone: true, camera: true, screen: false, hand: false };
  const beat: Beat = {
    groupId,
    epoch: 1,
    hashes,
    leafKey: ada.signatureKey,
    leafIndex: 0,
    seq: 0,
    flags,
    contexts: [],
    appSeq: 0,
    ask: false,
  };
  const ledger = noteBeat(enterEpoch(emptyLedger(), place, 0).ledger, beat, place, 0).ledger;
  const roster = await update([], leaves, 1);
  const ids = new Set(roster.map(({ participantId }) => participantId));
  const ownFlags = { ...flags, camera: false };
  const input = { policy, ledger, ownKey: cem.signatureKey, ownFlags, reconnecting: ids, nowMs: 0 };
  const shown = peopleOf(roster, input).map(
    ({ name, isHost, isSelf, standing, isReconnecting, flags: f }) => ({
      name,
      isHost,
      isSelf,
      standing,
      isReconnecting,
      camera: f.camera,
    }),
  );
  expect(shown).toEqual([
    { name: 'Ada', isHost: true, isSelf: false, standing: 'confirmed', isReconnecting: true, camera: true },
    {
      name: 'Bob',
      isHost: false,
      isSelf: false,
      standing: 'unconfirmed',
      isReconnecting: true,
      camera: false,
    },
    { name: 'Cem', isHost: false, isSelf: true, standing: 'confirmed', isReconnecting: false, camera: false },
  ]);
});

function at0(roster: Roster) {
  const [first] = roster;
  if (first === undefined) throw new Error('an empty roster');
  return first;
}
