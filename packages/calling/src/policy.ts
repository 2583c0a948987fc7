/**
 * The policy of a call (D6): who its hosts are and what they decided, signed by one of them. It is a GroupContext
 * extension from epoch 0 on, so every member of an epoch has the same one.
 *
 * Hosts are signature keys, never leaf indexes: a newcomer lands on a freed leaf. Entry 0 is the key that the link
 * names; each later entry is signed by an earlier one; the list only grows; an entry can be revoked by an earlier one.
 * Entries and revocations carry the `seq` of the policy that brought them, so that who is revoked cannot date an entry
 * back to when it was a host.
 *
 * Bytes: body (`policy-codec.ts`) ‖ signer's index 1 ‖ signature 64.
 *
 * @see SPEC.md C1–C10
 */
import { type SigningKey, sign, verify } from '@conclave/crypto/mls/signing-key';
import { type Bytes, concatBytes, equalBytes, uintBytes, utf8 } from '@conclave/protocol/bytes';
import { err, ok, type Result } from '@conclave/protocol/result';
import { HOSTS_MAX } from './limits.ts';
import { decodePolicy, encodePolicy, type HostEntry, type Policy } from './policy-codec.ts';

export type { HostEntry, Policy } from './policy-codec.ts';

/** A policy whose signature and chain were verified. */
export interface VerifiedPolicy extends Policy {
  /** The host that signed the whole. */
  readonly signerKey: Bytes;
}

/** What signatures of a policy are bound to. */
export interface PolicyContext {
  readonly groupId: Bytes;
  /** 16 bytes. */
  readonly roomId: Bytes;
}

/** What a policy must agree with: the link's word. */
export interface PolicyExpectation extends PolicyContext {
  /** 16 bytes, from the link. */
  readonly hostKeyHash: Bytes;
  readonly suite: 1 | 2;
}

export type PolicyErrorCode =
  | 'MALFORMED'
  | 'WRONG_SUITE'
  | 'WRONG_FIRST_HOST'
  | 'HOST_TWICE'
  | 'BAD_CHAIN'
  | 'BAD_REVOCATION'
  | 'SIGNER_NOT_HOST'
  | 'BAD_SIGNATURE';
export type PolicyError = { readonly code: PolicyErrorCode };

const SIGNATURE_BYTES = 64;
const TAIL_BYTES = 1 + SIGNATURE_BYTES;
const HOST_KEY_HASH_BYTES = 16;

/** The policy of epoch 0, with the holder of the link's host key as its only host. */
export function foundingPolicy(given: {
  readonly suite: 1 | 2;
  readonly isLobbyOn: boolean;
  readonly serverKey: Bytes;
  readonly hostKey: Bytes;
}): Policy {
  const { suite, isLobbyOn, serverKey, hostKey } = given;
  const founder = { key: hostKey, addedBy: null, addedSeq: 0, signature: new Uint8Array(0) };
  return { suite, isLobbyOn, isLocked: false, serverKey, hosts: [founder], seq: 0 };
}

/** Whether this key is a host now: it stands in the list and is not revoked. */
export function isHost(policy: Policy, key: Uint8Array): boolean {
  return policy.hosts.some((entry) => entry.revocation === undefined && equalBytes(entry.key, key));
}

/** Whether this key is the one that the link names: it cannot be revoked or kicked. */
export function isFirstHost(policy: Policy, key: Uint8Array): boolean {
  const [first] = policy.hosts;
  return first !== undefined && equalBytes(first.key, key);
}

/** The next policy, with the lobby or the lock changed. */
export function withSwitches(
  policy: Policy,
  switches: { readonly isLobbyOn?: boolean; readonly isLocked?: boolean },
): Policy {
  return { ...policy, ...switches, seq: policy.seq + 1 };
}

/**
 * The next policy, with one host more, signed by the host `by`. Throws a RangeError when `by` is no host, when `key`
 * was ever one (a revoked key stays revoked), and when the list is full.
 */
export async function withHost(
  policy: Policy,
  context: PolicyContext,
  key: Bytes,
  by: SigningKey,
): Promise<Policy> {
  const addedBy = hostIndex(policy, by.publicKey);
  if (policy.hosts.some((entry) => equalBytes(entry.key, key)))
    throw new RangeError('this key is or was a host');
  if (policy.hosts.length >= HOSTS_MAX) throw new RangeError(`at most ${HOSTS_MAX} hosts`);
  const seq = policy.seq + 1;
  const signature = await sign(by, entryBytes(context, key, seq));
  return { ...policy, seq, hosts: [...policy.hosts, { key, addedBy, addedSeq: seq, signature }] };
}

/** Whether `by` may revoke `key`: both are hosts, and `by` stands earlier. */
export function mayRevoke(policy: Policy, key: Uint8Array, by: Uint8Array): boolean {
  if (!isHost(policy, key) || !isHost(policy, by)) return false;
  const indexOf = (wanted: Uint8Array) => policy.hosts.findIndex((entry) => equalBytes(entry.key, wanted));
  return indexOf(by) < indexOf(key);
}

/** The next policy, with this host revoked by an earlier one. Throws a RangeError when `mayRevoke` is false. */
export async function withRevokedHost(
  policy: Policy,
  context: PolicyContext,
  key: Bytes,
  by: SigningKey,
): Promise<Policy> {
  if (!mayRevoke(policy, key, by.publicKey)) throw new RangeError('only an earlier host revokes a host');
  const seq = policy.seq + 1;
  const signature = await sign(by, revocationBytes(context, key, seq));
  const revocation = { by: hostIndex(policy, by.publicKey), seq, signature };
  const hosts = policy.hosts.map((entry) => (equalBytes(entry.key, key) ? { ...entry, revocation } : entry));
  return { ...policy, seq, hosts };
}

/** The extension's bytes. Throws a RangeError when the signer is no host of this very policy. */
export async function signPolicy(policy: Policy, context: PolicyContext, signer: SigningKey): Promise<Bytes> {
  const body = encodePolicy(policy);
  const index = hostIndex(policy, signer.publicKey);
  const signature = await sign(signer, bodyBytes(context, body));
  return concatBytes(body, Uint8Array.of(index), signature);
}

/** Verifies all of it: form, suite, first host, chain, revocations, signature. */
export async function verifyPolicy(
  bytes: Bytes,
  expected: PolicyExpectation,
): Promise<Result<VerifiedPolicy, PolicyError>> {
  const body = bytes.slice(0, Math.max(0, bytes.length - TAIL_BYTES));
  const policy = decodePolicy(body);
  if (policy === undefined) return err({ code: 'MALFORMED' });
  if (policy.suite !== expected.suite) return err({ code: 'WRONG_SUITE' });
  const chain = await verifyChain(policy, expected);
  if (chain !== undefined) return err({ code: chain });
  const signer = policy.hosts[bytes[body.length] ?? HOSTS_MAX];
  if (signer === undefined || signer.revocation !== undefined) return err({ code: 'SIGNER_NOT_HOST' });
  const signature = bytes.subarray(body.length + 1);
  const isSigned = await verify(signer.key, signature, bodyBytes(expected, body));
  return isSigned ? ok({ ...policy, signerKey: signer.key }) : err({ code: 'BAD_SIGNATURE' });
}

async function verifyChain(
  policy: Policy,
  expected: PolicyExpectation,
): Promise<PolicyErrorCode | undefined> {
  const [first, ...later] = policy.hosts;
  if (first === undefined) return 'MALFORMED';
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', first.key));
  if (!equalBytes(digest.subarray(0, HOST_KEY_HASH_BYTES), expected.hostKeyHash)) return 'WRONG_FIRST_HOST';
  if (first.addedBy !== null || first.addedSeq !== 0) return 'BAD_CHAIN';
  if (first.revocation !== undefined) return 'BAD_REVOCATION';
  let lastSeq = 0;
  for (const [offset, entry] of later.entries()) {
    const index = offset + 1;
    const earlier = policy.hosts.slice(0, index);
    if (earlier.some(({ key }) => equalBytes(key, entry.key))) return 'HOST_TWICE';
    if (entry.addedSeq <= lastSeq || entry.addedSeq > policy.seq) return 'BAD_CHAIN';
    lastSeq = entry.addedSeq;
    const adder = earlier[entry.addedBy ?? index];
    if (adder === undefined || !wasHostAt(adder, entry.addedSeq)) return 'BAD_CHAIN';
    if (!(await verify(adder.key, entry.signature, entryBytes(expected, entry.key, entry.addedSeq)))) {
      return 'BAD_CHAIN';
    }
    if (!(await isRevocationSound(entry, earlier, policy.seq, expected))) return 'BAD_REVOCATION';
  }
  return undefined;
}

async function isRevocationSound(
  entry: HostEntry,
  earlier: readonly HostEntry[],
  policySeq: number,
  context: PolicyContext,
): Promise<boolean> {
  const { revocation } = entry;
  if (revocation === undefined) return true;
  const revoker = earlier[revocation.by];
  if (revoker === undefined || !wasHostAt(revoker, revocation.seq)) return false;
  if (revocation.seq <= entry.addedSeq || revocation.seq > policySeq) return false;
  return verify(revoker.key, revocation.signature, revocationBytes(context, entry.key, revocation.seq));
}

/** Whether this entry could sign what the policy with this `seq` brought: there before it, not revoked before or by it. */
function wasHostAt(entry: HostEntry, seq: number): boolean {
  return entry.addedSeq < seq && (entry.revocation === undefined || seq < entry.revocation.seq);
}

function hostIndex(policy: Policy, key: Uint8Array): number {
  const index = policy.hosts.findIndex(({ key: hostKey, revocation }) => {
    return revocation === undefined && equalBytes(hostKey, key);
  });
  if (index < 0) throw new RangeError('the signer is no host of this policy');
  return index;
}

function bodyBytes(context: PolicyContext, body: Bytes): Bytes {
  return labelled('conclave policy v1', context, body);
}

function entryBytes(context: PolicyContext, key: Bytes, seq: number): Bytes {
  return labelled('conclave host v1', context, uintBytes(seq, 4), key);
}

function revocationBytes(context: PolicyContext, key: Bytes, seq: number): Bytes {
  return labelled('conclave revoke v1', context, uintBytes(seq, 4), key);
}

/** The length before the group id keeps (group id, room id) apart whatever their sizes. */
function labelled(label: string, { groupId, roomId }: PolicyContext, ...parts: readonly Bytes[]): Bytes {
  return concatBytes(utf8(label), uintBytes(groupId.length, 1), groupId, roomId, ...parts);
}
