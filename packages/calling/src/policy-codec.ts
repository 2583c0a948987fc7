/**
 * The body of a policy as bytes: one form for each policy, so that equal policies are equal bytes.
 *
 * version 1 ‖ suite 1 ‖ switches 1 ‖ server key 32 ‖ seq 4 ‖ count 1 ‖ entries; an entry is
 * key 32 ‖ added by 1 (255: nobody) ‖ added seq 4 ‖ signature 64 (none for entry 0) ‖ revoked by 1 (255: nobody)
 * [‖ revocation seq 4 ‖ revocation signature 64].
 *
 * @see SPEC.md C1
 */
import { type Bytes, concatBytes, uintBytes } from '@conclave/protocol/bytes';
import { ByteReader } from './byte-reader.ts';
import { HOSTS_MAX } from './limits.ts';

export interface Revocation {
  /** Index of the earlier entry that signed it. */
  readonly by: number;
  /** Of the policy that brought it. */
  readonly seq: number;
  readonly signature: Bytes;
}

export interface HostEntry {
  /** Leaf signature key, 32 bytes. */
  readonly key: Bytes;
  /** Index of the earlier entry that signed this one; null for entry 0. */
  readonly addedBy: number | null;
  /** Of the policy that brought it; 0 for entry 0. */
  readonly addedSeq: number;
  /** 64 bytes; none for entry 0, which the link names. */
  readonly signature: Bytes;
  readonly revocation?: Revocation;
}

export interface Policy {
  /** 1 X25519, 2 X-Wing: as in the link. */
  readonly suite: 1 | 2;
  /** Hosts let people in, one by one. */
  readonly isLobbyOn: boolean;
  /** Nobody new is let in. */
  readonly isLocked: boolean;
  /** Verifies the server's attestations (D8); 32 bytes. */
  readonly serverKey: Bytes;
  /** 1…HOSTS_MAX. */
  readonly hosts: readonly HostEntry[];
  /** Grows by one with each change. */
  readonly seq: number;
}

const VERSION = 1;
const LOBBY = 1;
const LOCKED = 2;
const NOBODY = 255;
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

/** Throws a RangeError for a policy that has no form: no host or too many, a key or signature of another length. */
export function encodePolicy(policy: Policy): Bytes {
  const { suite, isLobbyOn, isLocked, serverKey, hosts, seq } = policy;
  if (hosts.length === 0 || hosts.length > HOSTS_MAX) throw new RangeError(`1 to ${HOSTS_MAX} hosts`);
  const switches = (isLobbyOn ? LOBBY : 0) | (isLocked ? LOCKED : 0);
  return concatBytes(
    Uint8Array.of(VERSION, suite, switches),
    sized(serverKey, KEY_BYTES),
    uintBytes(seq, 4),
    Uint8Array.of(hosts.length),
    ...hosts.map(encodeEntry),
  );
}

/** Undefined for anything that `encodePolicy` does not give. Signatures are not verified here. */
export function decodePolicy(bytes: Bytes): Policy | undefined {
  const reader = new ByteReader(bytes);
  const [version, suite, switches = NOBODY] = reader.take(3);
  if (version !== VERSION || (suite !== 1 && suite !== 2) || switches > (LOBBY | LOCKED)) return undefined;
  const serverKey = reader.take(KEY_BYTES);
  const seq = reader.uint(4);
  const count = reader.uint(1);
  if (count === 0 || count > HOSTS_MAX) return undefined;
  const hosts = Array.from({ length: count }, (_, index) => decodeEntry(reader, index));
  if (!reader.isWhole) return undefined;
  return {
    suite,
    isLobbyOn: (switches & LOBBY) !== 0,
    isLocked: (switches & LOCKED) !== 0,
    serverKey,
    hosts,
    seq,
  };
}

function encodeEntry(entry: HostEntry): Bytes {
  const { key, addedBy, addedSeq, signature, revocation } = entry;
  return concatBytes(
    sized(key, KEY_BYTES),
    Uint8Array.of(addedBy ?? NOBODY),
    uintBytes(addedSeq, 4),
    sized(signature, addedBy === null ? 0 : SIGNATURE_BYTES),
    Uint8Array.of(revocation?.by ?? NOBODY),
    ...(revocation ? [uintBytes(revocation.seq, 4), sized(revocation.signature, SIGNATURE_BYTES)] : []),
  );
}

function decodeEntry(reader: ByteReader, index: number): HostEntry {
  const key = reader.take(KEY_BYTES);
  const addedBy = reader.uint(1);
  const addedSeq = reader.uint(4);
  // Whether a signature follows depends on `addedBy`; that only entry 0 may lack one is judged by the chain.
  if ((addedBy === NOBODY) !== (index === 0)) reader.fail();
  const signature = reader.take(addedBy === NOBODY ? 0 : SIGNATURE_BYTES);
  const revokedBy = reader.uint(1);
  const entry = { key, addedBy: addedBy === NOBODY ? null : addedBy, addedSeq, signature };
  if (revokedBy === NOBODY) return entry;
  return {
    ...entry,
    revocation: { by: revokedBy, seq: reader.uint(4), signature: reader.take(SIGNATURE_BYTES) },
  };
}

function sized(bytes: Bytes, length: number): Bytes {
  if (bytes.length !== length) throw new RangeError(`${bytes.length} bytes where ${length} belong`);
  return bytes;
}
