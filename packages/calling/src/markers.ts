/**
 * Markers: what a commit says of itself in authenticated_data (D8, D10). Signed with the commit, read by everybody.
 *
 * "conclave kick v1" ‖ key 32 [‖ signed policy] · "conclave freeze v1" · "conclave attested v1" ‖ count 1 ‖
 * (key 32 ‖ signature 64) × count.
 *
 * @see SPEC.md C11
 */
import { type Bytes, concatBytes, equalBytes, utf8 } from '@conclave/protocol/bytes';
import { PARTICIPANTS_MAX } from '@conclave/protocol/limits';
import { ByteReader } from './byte-reader.ts';

export interface Attestation {
  readonly leafKey: Bytes;
  /** 64 bytes, by the call's server key over `attestationBytes`. */
  readonly signature: Bytes;
}

export type Marker =
  | { readonly t: 'none' }
  /** `policy`: the signed bytes that the rotation must install, when the kicked is a host. */
  | { readonly t: 'kick'; readonly key: Bytes; readonly policy?: Bytes }
  | { readonly t: 'freeze' }
  | { readonly t: 'attested'; readonly attestations: readonly Attestation[] };

const KICK = utf8('conclave kick v1');
const FREEZE = utf8('conclave freeze v1');
const ATTESTED = utf8('conclave attested v1');
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

export function encodeMarker(marker: Marker): Bytes {
  switch (marker.t) {
    case 'none':
      return new Uint8Array(0);
    case 'kick':
      return concatBytes(KICK, marker.key, marker.policy ?? new Uint8Array(0));
    case 'freeze':
      return FREEZE.slice();
    case 'attested': {
      const { attestations } = marker;
      if (attestations.length === 0 || attestations.length > PARTICIPANTS_MAX) {
        throw new RangeError(`1 to ${PARTICIPANTS_MAX} attestations`);
      }
      const entries = attestations.map(({ leafKey, signature }) => concatBytes(leafKey, signature));
      return concatBytes(ATTESTED, Uint8Array.of(attestations.length), ...entries);
    }
  }
}

/** Undefined for anything that `encodeMarker` does not give. */
export function decodeMarker(bytes: Bytes): Marker | undefined {
  if (bytes.length === 0) return { t: 'none' };
  if (equalBytes(bytes, FREEZE)) return { t: 'freeze' };
  if (startsWith(bytes, KICK)) return decodeKick(new ByteReader(bytes.subarray(KICK.length)));
  if (startsWith(bytes, ATTESTED)) return decodeAttested(new ByteReader(bytes.subarray(ATTESTED.length)));
  return undefined;
}

function decodeKick(reader: ByteReader): Marker | undefined {
  const key = reader.take(KEY_BYTES);
  const policy = reader.rest();
  if (!reader.isSound) return undefined;
  return policy.length === 0 ? { t: 'kick', key } : { t: 'kick', key, policy };
}

function decodeAttested(reader: ByteReader): Marker | undefined {
  const count = reader.uint(1);
  if (count === 0 || count > PARTICIPANTS_MAX) return undefined;
  const attestations = Array.from({ length: count }, () => ({
    leafKey: reader.take(KEY_BYTES),
    signature: reader.take(SIGNATURE_BYTES),
  }));
  return reader.isWhole ? { t: 'attested', attestations } : undefined;
}

function startsWith(bytes: Bytes, prefix: Bytes): boolean {
  return equalBytes(bytes.subarray(0, prefix.length), prefix);
}
