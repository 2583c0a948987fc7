/**
 * The people of a call, from the tree and from beats alone (D16, D20): names are opened from the leaves' credentials,
 * roles are looked up in the policy, order is that of arrival.
 *
 * @see SPEC.md C45–C47
 */
import type { Leaf } from '@conclave/crypto/mls/engine';
import { openName } from '@conclave/crypto/name';
import { type Bytes, equalBytes, toHex } from '@conclave/protocol/bytes';
import { participantIdOf } from '@conclave/protocol/signed-bytes';
import { type Ledger, standingOf } from './confirmations.ts';
import { isHost, type Policy } from './policy.ts';
import type { Flags, Person } from './view.ts';

/** A leaf with what was opened and computed once, when it arrived. */
export interface RosterEntry {
  readonly leaf: Leaf;
  /** Empty when it cannot be read. */
  readonly name: string;
  readonly participantId: string;
  readonly arrivedEpoch: number;
}

/** In order of arrival. */
export type Roster = readonly RosterEntry[];

export interface RosterInput {
  readonly leaves: readonly Leaf[];
  readonly epoch: number;
  readonly callId: Bytes;
  /** The meta key in force, then the retired ones, newest first. */
  readonly metaKeys: readonly Bytes[];
}

/**
 * The roster after a merge: exactly the leaves of the tree. Who was there keeps the place, by signature key; who came
 * with one commit is put in order of leaf index, the same for everybody.
 */
export async function updateRoster(roster: Roster, input: RosterInput): Promise<Roster> {
  const stayed = roster.flatMap((entry) => {
    const leaf = input.leaves.find(({ signatureKey }) => equalBytes(signatureKey, entry.leaf.signatureKey));
    return leaf === undefined ? [] : [{ entry, leaf }];
  });
  const came = input.leaves.filter(({ signatureKey }) => {
    return !roster.some(({ leaf }) => equalBytes(leaf.signatureKey, signatureKey));
  });
  const kept = stayed.map(async ({ entry, leaf }) => {
    const isSameName = entry.name !== '' && equalBytes(entry.leaf.identity, leaf.identity);
    return { ...entry, leaf, name: isSameName ? entry.name : await nameOf(leaf, input.metaKeys) };
  });
  const added = came.map(async (leaf) => ({
    leaf,
    name: await nameOf(leaf, input.metaKeys),
    participantId: await participantIdOf(leaf.signatureKey, input.callId),
    arrivedEpoch: input.epoch,
  }));
  return Promise.all([...kept, ...added]);
}

export interface PeopleInput {
  readonly policy: Policy;
  readonly ledger: Ledger;
  readonly ownKey: Bytes;
  readonly ownFlags: Flags;
  /** The server's word (D8): participant ids whose socket was lost. */
  readonly reconnecting: ReadonlySet<string>;
  readonly nowMs: number;
}

/** The list that is shown. */
export function peopleOf(roster: Roster, input: PeopleInput): readonly Person[] {
  const { policy, ledger, ownKey, nowMs } = input;
  const names = numberedNames(roster.map(({ name }) => name));
  return roster.map(({ leaf, participantId, arrivedEpoch }, index) => {
    const { signatureKey } = leaf;
    const isSelf = equalBytes(signatureKey, ownKey);
    const key = toHex(signatureKey);
    return {
      key,
      participantId,
      name: names[index] ?? '',
      isSelf,
      isHost: isHost(policy, signatureKey),
      standing: isSelf ? 'confirmed' : standingOf(ledger, signatureKey, nowMs),
      isReconnecting: !isSelf && input.reconnecting.has(participantId),
      flags: isSelf ? input.ownFlags : (ledger.records.get(key)?.beat?.flags ?? NO_FLAGS),
      arrivedEpoch,
    };
  });
}

/**
 * Equal names are told apart by a number, from the second on: "Ada", "Ada (2)". A number never makes a name that
 * somebody else has given himself; names that look alike to the eye in upper and lower case count as equal.
 */
export function numberedNames(names: readonly string[]): readonly string[] {
  const taken = new Set(names.map(fold));
  const seen = new Map<string, number>();
  return names.map((name) => {
    if (name === '') return name;
    let number = (seen.get(fold(name)) ?? 0) + 1;
    seen.set(fold(name), number);
    if (number === 1) return name;
    let numbered = `${name} (${number})`;
    while (taken.has(fold(numbered))) {
      number += 1;
      numbered = `${name} (${number})`;
    }
    seen.set(fold(name), number);
    taken.add(fold(numbered));
    return numbered;
  });
}

function fold(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}

const NO_FLAGS: Flags = { microphone: false, camera: false, screen: false, hand: false };

async function nameOf(leaf: Leaf, metaKeys: readonly Bytes[]): Promise<string> {
  return (await openName(metaKeys, leaf.identity)) ?? '';
}
