/** Participants of a call without MLS: what the test injects in place of a group. */

import { createHash } from 'node:crypto';
import { BEAT_CONTEXTS_MAX } from '@conclave/calling/limits';
import { NOTHING_COUNTED } from '@conclave/calling/media-instruction';

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

/** A beat that names every sender that a test makes, and says of none how far it has counted. */
function beat({ leafKey }: TestPerson, epoch: number): object {
  const contexts = Array.from({ length: BEAT_CONTEXTS_MAX }, (_, context) => ({
    context,
    counter: NOTHING_COUNTED,
  }));
  return { t: 'counters', leafKey: { hex: leafKey }, epoch, contexts, receivedAtMs: Date.now() };
}

/** Everything that lets `own` send and see the others in one epoch. */
export function inCall(own: TestPerson, people: readonly TestPerson[], epoch = 1): readonly object[] {
  const others = people.filter((one) => one !== own);
  return [
    epochInstruction(own, people, epoch),
    { t: 'confirmed', leafKeys: others.map(({ leafKey }) => ({ hex: leafKey })) },
    ...others.map((other) => beat(other, epoch)),
    { t: 'send', epoch },
    { t: 'gate', isOpen: true },
  ];
}
