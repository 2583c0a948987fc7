/** Participants of a call without MLS: what the test injects in place of a group. */

import { createHash } from 'node:crypto';

export type TestPerson = { readonly identity: string; readonly leafIndex: number; readonly leafKey: string };

export function person(identity: string, leafIndex: number): TestPerson {
  return { identity, leafIndex, leafKey: createHash('sha256').update(identity).digest('hex') };
}

/** The fixed key that only this test knows: one for each epoch. */
function testKey(epoch: number): string {
  return createHash('sha256').update(`end-to-end test key ${epoch}`).digest('hex');
}

const GROUP = '00112233445566778899aabbccddeeff';

export function epochInstruction(own: TestPerson, people: readonly TestPerson[], epoch: number): object {
  return {
    t: 'epoch',
    groupId: { hex: GROUP },
    epoch,
    baseKey: { hex: testKey(epoch) },
    leaves: people.map(({ leafIndex, leafKey }) => ({ leafIndex, leafKey: { hex: leafKey } })),
    ownLeafIndex: own.leafIndex,
  };
}

/** Everything that lets `own` send and see the others in one epoch. */
export function inCall(own: TestPerson, people: readonly TestPerson[], epoch = 1): readonly object[] {
  const others = people.filter((one) => one !== own);
  return [
    epochInstruction(own, people, epoch),
    { t: 'confirmed', leafKeys: others.map(({ leafKey }) => ({ hex: leafKey })) },
    { t: 'send', epoch },
    { t: 'gate', isOpen: true },
  ];
}
