/**
 * Own commits and the own leave proposal, always as PublicMessages (D7). A commit gives the state *after* it, which its
 * author adopts only when the delivery service has accepted it; until then the old state stays in force.
 * A request that Conclave never makes is a bug of the caller and throws.
 * @spec K39, K41, K50, K51, K67
 */

import type { Bytes } from '@conclave/protocol/bytes';
import { equalBytes } from '@conclave/protocol/bytes';
import type { ClientState } from 'ts-mls/clientState.js';
import { createCommit } from 'ts-mls/createCommit.js';
import { createProposal } from 'ts-mls/createMessage.js';
import type { Proposal } from 'ts-mls/proposal.js';
import { base64ToBytes } from 'ts-mls/util/byteArray.js';
import type { Welcome } from 'ts-mls/welcome.js';
import { AUTHENTICATED_DATA_BYTES_MAX, EPOCH_MAX } from '../limits.ts';
import { consumedBetween } from './erase.ts';
import type { GroupExtension } from './extensions.ts';
import type { GroupState } from './group.ts';
import { inside, outside } from './group.ts';
import { withoutBlankNodes } from './private-path.ts';
import { checkShape, extensionsProposal, resolveProposals, toStaged } from './proposals.ts';
import type { PskSecrets } from './psk.ts';
import { externalPsk, toPskIndex } from './psk.ts';
import { need } from './refusal.ts';
import type { Suite } from './suite.ts';
import { checkUnique } from './uniqueness.ts';
import { decodeKeyPackage, encodeMessage } from './wire.ts';

export type ProposalRequest =
  | { readonly type: 'add'; readonly keyPackage: Uint8Array }
  | { readonly type: 'remove'; readonly leafIndex: number }
  | { readonly type: 'psk'; readonly pskId: Uint8Array }
  /** Replaces or adds these types and carries all others over. */
  | { readonly type: 'extensions'; readonly extensions: readonly GroupExtension[] };

export interface CommitRequest {
  /** Adds, Removes or extensions, each with at most one PSK; none at all for an empty path commit. */
  readonly proposals: readonly ProposalRequest[];
  /** Pending proposals to commit, by the references that `receiveProposal` gave; all others are left out. */
  readonly references?: readonly Uint8Array[];
  readonly psks: PskSecrets;
  readonly authenticatedData?: Uint8Array;
}

export interface OwnCommit {
  readonly commit: Bytes;
  /** After the commit: adopted only once it is accepted. */
  readonly state: GroupState;
  /** One Welcome for each Add, in order, holding nobody else's secrets. */
  readonly welcomes: readonly OwnWelcome[];
  /** For `eraseConsumed`, once `state` is adopted. */
  readonly consumed: readonly Uint8Array[];
}

export interface OwnWelcome {
  /** KeyPackageRef of the joiner. */
  readonly reference: Bytes;
  readonly welcome: Bytes;
}

/** Throws for a shape that Conclave never uses, and for KeyPackages that `screenKeyPackages` would have refused. */
export async function commit(state: GroupState, suite: Suite, request: CommitRequest): Promise<OwnCommit> {
  const old = withChosenProposals(inside(state), request.references ?? []);
  const authenticatedData = request.authenticatedData?.slice() ?? new Uint8Array();
  need(authenticatedData.length <= AUTHENTICATED_DATA_BYTES_MAX, 'BOUNDS', 'authenticated_data');
  need(old.groupContext.epoch < BigInt(EPOCH_MAX), 'BOUNDS', 'the last epoch');
  const result = await createCommit(
    { state: old, cipherSuite: suite.implementation, pskIndex: toPskIndex(request.psks) },
    {
      wireAsPublicMessage: true,
      extraProposals: request.proposals.map((p) => toProposal(old, suite, p)),
      authenticatedData,
    },
  );
  if (result.commit.wireformat !== 'mls_public_message') throw new Error('the library made no PublicMessage');
  const { content } = result.commit.publicMessage;
  if (content.contentType !== 'commit') throw new Error('the library made no commit');
  const committer = old.privatePath.leafIndex;
  const proposals = resolveProposals(old, content.commit.proposals, committer).map((p) =>
    toStaged(old.ratchetTree, p),
  );
  // The library's own path rule is checked, not trusted: a Remove without a path would leave the removed its keys.
  checkShape(old.ratchetTree, { proposals, hasPath: content.commit.path !== undefined, committer });
  checkUnique(result.newState.ratchetTree);
  const next = {
    ...result.newState,
    privatePath: withoutBlankNodes(result.newState.privatePath, result.newState.ratchetTree),
  };
  return {
    commit: encodeMessage(result.commit),
    state: outside(next),
    welcomes: result.welcome === undefined ? [] : splitWelcome(result.welcome),
    consumed: consumedBetween(old, next, result.consumed),
  };
}

/** A proposal to remove the own leaf; the leaver's state does not keep it. */
export async function proposeLeave(state: GroupState, suite: Suite): Promise<Bytes> {
  const own = inside(state);
  const remove: Proposal = { proposalType: 'remove', remove: { removed: own.privatePath.leafIndex } };
  const { message } = await createProposal(own, true, remove, suite.implementation);
  if (message.wireformat !== 'mls_public_message') throw new Error('the library made no PublicMessage');
  return encodeMessage(message);
}

/** createCommit takes every pending proposal, and two Removes of one leaf would block it for the whole epoch. */
function withChosenProposals(state: ClientState, references: readonly Uint8Array[]): ClientState {
  const pending = Object.entries(state.unappliedProposals);
  const chosen = references.map((reference) => {
    const entry = pending.find(([key]) => equalBytes(base64ToBytes(key), reference));
    if (entry === undefined) throw new Error('reference to a proposal that is not pending');
    return entry;
  });
  return { ...state, unappliedProposals: Object.fromEntries(chosen) };
}

function toProposal(state: ClientState, suite: Suite, request: ProposalRequest): Proposal {
  switch (request.type) {
    case 'add':
      return { proposalType: 'add', add: { keyPackage: decodeKeyPackage(request.keyPackage) } };
    case 'remove':
      return { proposalType: 'remove', remove: { removed: checkedIndex(state, request.leafIndex) } };
    case 'psk':
      return {
        proposalType: 'psk',
        psk: { preSharedKeyId: externalPsk(request.pskId, suite.implementation) },
      };
    case 'extensions':
      return extensionsProposal(state, request.extensions);
  }
}

function checkedIndex({ ratchetTree }: ClientState, leafIndex: number): number {
  need(ratchetTree[2 * leafIndex]?.nodeType === 'leaf', 'BOUNDS', 'Remove of a leaf that does not exist');
  return leafIndex;
}

function splitWelcome(welcome: Welcome): readonly OwnWelcome[] {
  return welcome.secrets.map((entry) => ({
    reference: entry.newMember.slice(),
    welcome: encodeMessage({ wireformat: 'mls_welcome', welcome: { ...welcome, secrets: [entry] } }),
  }));
}
