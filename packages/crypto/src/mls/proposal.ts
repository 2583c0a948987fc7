/**
 * Receiving a proposal: only a member's own Remove (D10). It changes nothing but the list of what may be committed by
 * reference in this epoch.
 * @spec K50, K51
 */

import type { Bytes } from '@conclave/protocol/bytes';
import type { Result } from '@conclave/protocol/result';
import { makeProposalRef } from 'ts-mls/authenticatedContent.js';
import { processPublicMessage } from 'ts-mls/processMessages.js';
import { emptyPskIndex } from 'ts-mls/pskIndex.js';
import { PENDING_PER_MEMBER_MAX } from '../limits.ts';
import type { GroupState, Leaf } from './group.ts';
import { inside, leafNodeAt, outside, toLeaf } from './group.ts';
import { checkFraming } from './incoming.ts';
import type { MlsError } from './refusal.ts';
import { door, need, refuse } from './refusal.ts';
import type { Suite } from './suite.ts';
import { decodePublicMessage } from './wire.ts';

export interface ReceivedProposal {
  readonly state: GroupState;
  /** For `CommitRequest.references`. */
  readonly reference: Bytes;
  readonly removed: Leaf;
}

/**
 * Also takes an own proposal, so that a leaver sees the commit that removes it.
 * The same proposal again gives the same reference and an equal state.
 */
export function receiveProposal(
  state: GroupState,
  suite: Suite,
  message: Uint8Array,
): Promise<Result<ReceivedProposal, MlsError>> {
  return door(async () => {
    const old = inside(state);
    const publicMessage = decodePublicMessage(message);
    const sender = checkFraming(old, publicMessage);
    const { content } = publicMessage;
    need(content.contentType === 'proposal', 'SHAPE', 'not a proposal');
    const { proposal } = content;
    need(proposal.proposalType === 'remove', 'SHAPE', 'only Remove may be proposed');
    const leaf = sender === undefined ? undefined : leafNodeAt(old.ratchetTree, sender);
    if (sender === undefined || leaf === undefined) return refuse('SHAPE', 'a proposal needs a member');
    need(proposal.remove.removed === sender, 'SHAPE', 'a proposal may only remove its sender');
    const pending = Object.values(old.unappliedProposals).filter((p) => p.senderLeafIndex === sender);
    need(pending.length < PENDING_PER_MEMBER_MAX, 'BOUNDS', `${pending.length} proposals of this member`);
    const { implementation } = suite;
    const { newState } = await processPublicMessage(old, publicMessage, emptyPskIndex, implementation);
    const { auth } = publicMessage;
    const authenticated = { wireformat: 'mls_public_message', content, auth } as const;
    const reference = (await makeProposalRef(authenticated, implementation.hash)).slice();
    return { state: outside(newState), reference, removed: toLeaf(sender, leaf) };
  });
}
