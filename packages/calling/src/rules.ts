/**
 * The rules of a call (protocol §4): what a member must check before it believes a commit. The engine has shown that a
 * staged commit is sound MLS; whether it is *legal* is decided here, alike by every honest member, before the state is
 * adopted. Nothing here changes a state.
 *
 * @see SPEC.md C11–C24
 */
import { equalBytes } from '@conclave/protocol/bytes';
import { err, ok, type Result } from '@conclave/protocol/result';
import { participantIdOf } from '@conclave/protocol/signed-bytes';
import { judgeAdmission, judgeExternal } from './additions.ts';
import { judgeEmpty, judgePolicyChange, judgeRotation } from './changes.ts';
import type { CommitContext, CommitFacts, CommitKind, EntryClaims } from './commit-context.ts';
import { decodeMarker, type Marker } from './markers.ts';
import { type Refusal, type RefusalCode, refusal } from './refusal.ts';
import { judgeRemoval } from './removals.ts';

export type { CommitContext, CommitFacts, CommitKind, EntryClaims } from './commit-context.ts';

/** Judges a staged commit. The caller drops the state on a refusal and reports it (D7). */
export async function judgeCommit(
  staged: CommitFacts,
  given: CommitContext,
): Promise<Result<CommitKind, Refusal>> {
  const marker = decodeMarker(staged.authenticatedData);
  if (marker === undefined) return err(refusal('MARKER'));
  const judged = await judgeKind(staged, marker, given);
  if (!judged.ok) return err(refusal(judged.error));
  const changes = checkExtensions(staged, judged.value);
  if (changes !== undefined) return err(refusal(changes));
  const isTrue = await isEntryTrue(staged, judged.value, given);
  return isTrue ? ok(judged.value) : err(refusal('ENTRY'));
}

async function judgeKind(
  staged: CommitFacts,
  marker: Marker,
  given: CommitContext,
): Promise<Result<CommitKind, RefusalCode>> {
  if (staged.sender === 'external') return judgeExternal(staged, marker, given);
  if (!hasSameCommitter(staged)) return err('COMMITTER_IDENTITY');
  const kinds = [...new Set(staged.proposals.map(({ type }) => type))].sort().join();
  switch (kinds) {
    case '':
      return judgeEmpty(staged, marker, given);
    case 'add,psk':
      return judgeAdmission(staged, marker, given);
    case 'remove':
      return judgeRemoval(staged, marker, given);
    case 'extensions':
      return judgePolicyChange(staged, marker, given);
    case 'extensions,psk':
      return judgeRotation(staged, marker, given);
    default:
      return err('SHAPE');
  }
}

function hasSameCommitter({ committer, committerBefore }: CommitFacts): boolean {
  return (
    committerBefore !== undefined &&
    committer.leafIndex === committerBefore.leafIndex &&
    equalBytes(committer.signatureKey, committerBefore.signatureKey) &&
    equalBytes(committer.identity, committerBefore.identity)
  );
}

/** Extensions change by a policy commit and a rotation and in no other way; those judge the change themselves. */
function checkExtensions(staged: CommitFacts, kind: CommitKind): RefusalCode | undefined {
  if (kind === 'policy' || kind === 'rotate') return undefined;
  const { extensionsBefore, extensionsAfter } = staged;
  const isSame =
    extensionsBefore.size === extensionsAfter.size &&
    [...extensionsBefore].every(([type, data]) => equalBytes(data, extensionsAfter.get(type) ?? EMPTY));
  return isSame ? undefined : 'EXTENSIONS';
}

const EMPTY = new Uint8Array(0);

async function isEntryTrue(staged: CommitFacts, kind: CommitKind, given: CommitContext): Promise<boolean> {
  const { entry } = given;
  const expected = await truthOf(staged, kind, given);
  const { nextAccessHash } = expected;
  const isHashTrue =
    nextAccessHash === undefined
      ? entry.nextAccessHash === undefined
      : entry.nextAccessHash !== undefined && equalBytes(nextAccessHash, entry.nextAccessHash);
  return (
    entry.phase === expected.phase &&
    isHashTrue &&
    isSameSet(entry.joined, expected.joined) &&
    isSameSet(entry.left, expected.left)
  );
}

/** What the entry of such a commit must say; a resync names neither `joined` nor `left` (D7). */
export async function truthOf(
  staged: Pick<CommitFacts, 'added' | 'removed'>,
  kind: CommitKind,
  given: Pick<CommitContext, 'callId' | 'rotated'>,
): Promise<EntryClaims> {
  const idsOf = (leaves: CommitFacts['added']) =>
    Promise.all(leaves.map(({ signatureKey }) => participantIdOf(signatureKey, given.callId)));
  const phase = kind === 'kick' || kind === 'freeze' ? 'kick' : kind === 'rotate' ? 'rotate' : 'none';
  const [joined, left] =
    kind === 'resync' ? [[], []] : await Promise.all([idsOf(staged.added), idsOf(staged.removed)]);
  const nextAccessHash = kind === 'rotate' ? given.rotated?.accessHash : undefined;
  return { phase, joined, left, ...(nextAccessHash && { nextAccessHash }) };
}

function isSameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && new Set(a).size === a.length && a.every((item) => b.includes(item));
}
