/**
 * Why Conclave's own rules refuse what the engine found sound: the closed union that `report-invalid`, logs and tests
 * speak of. Refusals carry no key and no text from outside.
 *
 * @see SPEC.md C11–C25
 */

export type RefusalCode =
  /** A combination of proposals, or a path, that no rule knows. */
  | 'SHAPE'
  /** authenticated_data is not of the form that this commit has. */
  | 'MARKER'
  | 'COMMITTER_IDENTITY'
  | 'FROZEN'
  | 'NOT_FROZEN'
  | 'LOCKED'
  | 'LOBBY'
  | 'FULL'
  /** No PSK, or one of another secret than the link in force. */
  | 'PSK'
  /** The tree changed by other leaves than announced. */
  | 'LEAVES'
  /** A resync removes a leaf with another signature key than the new one has. */
  | 'FOREIGN_REMOVE'
  /** A Remove that is neither a host's, nor attested, nor the leaver's own. */
  | 'NOT_ALLOWED'
  /** An attestation that the server of this call did not sign for this epoch and leaf. */
  | 'ATTESTATION'
  /** A kick's marker names another key than the one removed. */
  | 'KICK_TARGET'
  | 'FIRST_HOST'
  /** The kick of a host without the policy that revokes it, or with another one. */
  | 'KICK_POLICY'
  | 'NOT_HOST'
  /** The policy is not sound by itself, is not signed by a host of the one before, or does not continue it. */
  | 'POLICY'
  | 'EXTENSIONS'
  /** link_id is not the one in force, or not the one derived. */
  | 'LINK_ID'
  /** oldMeta does not open to the old list and the old key. */
  | 'OLD_META'
  /** `phase`, `joined`, `left` or `nextAccessHash` are not the staged truth (D7). */
  | 'ENTRY'
  | 'GROUP_ID'
  /** Older than what this client has seen of the group. */
  | 'EPOCH'
  /** The own leaf is not there exactly once. */
  | 'OWN_LEAF';

export interface Refusal {
  readonly code: RefusalCode;
}

export function refusal(code: RefusalCode): Refusal {
  return { code };
}
