/**
 * Erasing secrets (RFC 9420 §9.2). JavaScript gives no promise about copies that the engine made; what can be reached is
 * overwritten. A state shares arrays with the one before it, so what a step made obsolete is the difference of both.
 * @spec K49
 */

import type { ClientState } from 'ts-mls/clientState.js';
import type { KeySchedule } from 'ts-mls/keySchedule.js';
import type { SecretTree } from 'ts-mls/secretTree.js';
import type { GroupState } from './group.ts';
import { inside } from './group.ts';
import type { OwnKeyPackage } from './key-package.ts';

/** Overwrites what a merged step consumed. Not before the old state is given up: it is unusable afterwards. */
export function eraseConsumed(consumed: readonly Uint8Array[]): void {
  for (const secret of consumed) secret.fill(0);
}

/**
 * Overwrites every secret of a state that is given up, such as the last one of a call. Its signing key is not touched.
 * @param kept - states that live on: what they share with this one stays
 */
export function eraseState(state: GroupState, kept: readonly GroupState[] = []): void {
  const shared = kept.map((other) => secretsOf(inside(other)));
  const secrets = [...secretsOf(inside(state))];
  eraseConsumed(secrets.filter((secret) => !shared.some((set) => set.has(secret))));
}

/** Overwrites the private keys of a KeyPackage that was used or is of no use; a state made from it keeps own copies. */
export function eraseKeyPackage({ privatePackage }: OwnKeyPackage): void {
  eraseConsumed([privatePackage.initPrivateKey, privatePackage.hpkePrivateKey]);
}

/** The secrets that `old` holds and `next` does not, and what the library itself reports. */
export function consumedBetween(
  old: ClientState,
  next: ClientState,
  reported: readonly (Uint8Array | undefined)[] = [],
): readonly Uint8Array[] {
  const kept = secretsOf(next);
  // The library's own list has holes.
  const all = [...secretsOf(old), ...reported].filter((secret) => secret !== undefined);
  return [...new Set(all)].filter((secret) => !kept.has(secret));
}

function secretsOf(state: ClientState): Set<Uint8Array> {
  const secrets = new Set<Uint8Array>(Object.values(state.privatePath.privateKeys));
  addAll(secrets, scheduleSecrets(state.keySchedule));
  addAll(secrets, treeSecrets(state.secretTree));
  for (const past of state.historicalReceiverData.values()) {
    addAll(secrets, [past.resumptionPsk, past.senderDataSecret]);
    addAll(secrets, treeSecrets(past.secretTree));
  }
  return secrets;
}

function scheduleSecrets(schedule: KeySchedule): readonly Uint8Array[] {
  return Object.values(schedule);
}

function treeSecrets(tree: SecretTree): readonly Uint8Array[] {
  return tree
    .flatMap(({ application, handshake }) => [application, handshake])
    .flatMap(({ secret, unusedGenerations }) => [secret, ...Object.values(unusedGenerations)]);
}

function addAll(set: Set<Uint8Array>, values: readonly Uint8Array[]): void {
  for (const value of values) set.add(value);
}
