/**
 * The MLS engine (RFC 9420) as the rest of Conclave sees it: bytes and neutral types; no type of ts-mls leaves this folder
 * except inside the opaque GroupState. It judges what is well formed and authentic. What is *legal* in a call — who may
 * remove whom, which PSK must be named — is judged by packages/calling on the staged commit.
 * @see SPEC.md K30–K69, docs of the design D1, D2, D5–D10
 */

export type { CommitRequest, OwnCommit, ProposalRequest } from './commit.ts';
export { commit, proposeLeave } from './commit.ts';
export { createGroup } from './create-group.ts';
export { eraseConsumed, eraseKeyPackage, eraseState } from './erase.ts';
export type { GroupExtension } from './extensions.ts';
export { LINK_ID, OLD_META, POLICY } from './extensions.ts';
export type { GroupState, Leaf } from './group.ts';
export {
  confirmedTranscriptHash,
  encodeGroupInfo,
  encodeTree,
  epoch,
  epochAuthenticator,
  exportSecret,
  extension,
  groupId,
  leaves,
  ownLeafIndex,
} from './group.ts';
export type { Joining, Judge } from './join.ts';
export type { ExternalJoin } from './join-external.ts';
export { joinExternal } from './join-external.ts';
export type { WelcomeRequest } from './join-welcome.ts';
export { joinFromWelcome } from './join-welcome.ts';
export type { OwnKeyPackage, PeerKeyPackage } from './key-package.ts';
export { createKeyPackage, readKeyPackage, screenKeyPackages } from './key-package.ts';
export { receiveProposal } from './proposal.ts';
export type { PskSecrets } from './psk.ts';
export type { MlsError } from './refusal.ts';
export type { SigningKey } from './signing-key.ts';
export { generateSigningKey, sign, verify } from './signing-key.ts';
export type { StagedCommit } from './stage.ts';
export { stage } from './stage.ts';
export type { Suite, SuiteNumber } from './suite.ts';
export { createSuite } from './suite.ts';
