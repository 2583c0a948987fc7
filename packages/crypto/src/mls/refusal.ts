/**
 * Refusals: how the engine says no to what came from outside. Inside the engine a refusal is thrown, so that checks read
 * as one list; every public door turns it into a `Result`. No refusal carries a key, a plaintext or a frame.
 */

import type { Result } from '@conclave/protocol/result';
import { err, ok } from '@conclave/protocol/result';

/** Why the engine refused something; closed. */
export type MlsErrorCode =
  | 'MALFORMED' // does not decode, is not the canonical encoding, or is longer than its limit
  | 'NOT_ACTIVE' // this state was removed from its group
  | 'OTHER_GROUP'
  | 'OTHER_EPOCH'
  | 'BOUNDS' // an index or a size that the tree does not have
  | 'SHAPE' // a message or a combination of proposals that Conclave never uses
  | 'UNKNOWN_REFERENCE' // a proposal by reference that is not pending here
  | 'UNKNOWN_PSK' // the caller holds no secret for the PSK's id
  | 'SUITE' // another suite or protocol version
  | 'KEY_PACKAGE' // a KeyPackage or a leaf that does not verify or that Conclave cannot add
  | 'IDENTITY' // a member's own commit changes more in its leaf than its encryption key
  | 'EXTENSIONS' // GroupContext extensions unknown, doubled, dropped, or unsupported by a leaf
  | 'CRYPTO' // a signature, tag or ciphertext that does not verify, or a value that the library refuses
  | 'TREE' // a ratchet tree that is not valid
  | 'TREE_DIFFERENCE' // the new tree differs from the old one by more or less than the proposals say
  | 'NOT_UNIQUE' // a key that stands in the tree twice
  | 'PATH_KEYS' // a public key that nobody can seal to, or a private key that does not belong to the public one in the tree
  | 'OWN_LEAF' // the joiner's leaf is missing, doubled, or signed the GroupInfo
  | 'ALREADY_MEMBER' // a leaf with this signature key is there; joining again is a resync
  | 'NO_OLD_LEAF' // a resync of somebody who has no leaf
  | 'LONE_MEMBER' // a resync of the only leaf: found the group anew
  | 'JUDGED'; // the caller's judge said no; the detail is its reason

export interface MlsError {
  readonly code: MlsErrorCode;
  readonly detail: string;
}

class Refusal extends Error {
  readonly code: MlsErrorCode;
  constructor(code: MlsErrorCode, detail: string, cause?: unknown) {
    super(detail, { cause });
    this.code = code;
  }
}

/** Ends the door that is being passed with this error. */
export function refuse(code: MlsErrorCode, detail: string): never {
  throw new Refusal(code, detail);
}

/** Refuses unless the condition holds. */
export function need(condition: unknown, code: MlsErrorCode, detail: string): asserts condition {
  if (!condition) refuse(code, detail);
}

/**
 * Runs one door. What the engine refuses keeps its code; anything that the library throws at outside bytes becomes
 * `otherwise`, since ts-mls has no closed set of errors.
 */
export async function door<T>(
  run: () => Promise<T>,
  otherwise: MlsErrorCode = 'CRYPTO',
): Promise<Result<T, MlsError>> {
  try {
    return ok(await run());
  } catch (error) {
    if (error instanceof Refusal) return err({ code: error.code, detail: error.message });
    return err({ code: otherwise, detail: error instanceof Error ? error.message : 'unknown failure' });
  }
}
