/**
 * A small call for the tests of the rules: people with keys, states of the real engine, and what each of them knows.
 */

import { createLink, type Link } from '@conclave/crypto/link';
import { deriveLinkKeys, type LinkKeys } from '@conclave/crypto/link-keys';
import * as mls from '@conclave/crypto/mls/engine';
import { sealName } from '@conclave/crypto/name';
import { sealOldMeta } from '@conclave/crypto/old-meta';
import { type Bytes, equalBytes } from '@conclave/protocol/bytes';
import type { Result } from '@conclave/protocol/result';
import type { CommitContext, CommitFacts, CommitKind } from '../src/commit-context.ts';
import {
  foundingPolicy,
  type Policy,
  type PolicyExpectation,
  signPolicy,
  verifyPolicy,
} from '../src/policy.ts';
import type { Refusal } from '../src/refusal.ts';
import { judgeCommit, truthOf } from '../src/rules.ts';

export interface Someone {
  readonly name: string;
  readonly key: mls.SigningKey;
  readonly keyPackage: mls.OwnKeyPackage;
}

export interface SmallCall {
  readonly suite: mls.Suite;
  readonly link: Link;
  readonly keys: LinkKeys;
  readonly expected: PolicyExpectation;
  readonly callId: Bytes;
  readonly server: mls.SigningKey;
  readonly policy: Policy;
  /** The founder, who is the first host, then guests; all in one epoch. */
  readonly people: readonly Someone[];
  readonly states: readonly mls.GroupState[];
}

export const suite = await mls.createSuite(1);

export function randomBytes(length: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(length));
}

export function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new RangeError(`nothing at ${index}`);
  return item;
}

export function unwrap<T, E extends { readonly code: string }>(result: Result<T, E>): T {
  if (!result.ok) throw new Error(result.error.code);
  return result.value;
}

export function codeOf(result: Result<unknown, { readonly code: string }>): string {
  return result.ok ? `accepted as ${String(result.value)}` : result.error.code;
}

export async function someone(keys: LinkKeys, name: string, key?: mls.SigningKey): Promise<Someone> {
  const signingKey = key ?? (await mls.generateSigningKey());
  const identity = await sealName(keys.metaKey, name);
  return { name, key: signingKey, keyPackage: await mls.createKeyPackage(suite, signingKey, identity) };
}

export function pskOf(keys: Pick<LinkKeys, 'linkId' | 'psk'>): mls.PskSecrets {
  return (pskId) => (equalBytes(pskId, keys.linkId) ? keys.psk.slice() : undefined);
}

export interface CallOptions {
  readonly guests: number;
  /** What the founder's policy says beyond the usual. */
  readonly switches?: Partial<Pick<Policy, 'isLobbyOn' | 'isLocked'>>;
  /** Adds hosts to the founding policy. */
  readonly appoint?: (
    policy: Policy,
    context: PolicyExpectation,
    people: readonly Someone[],
  ) => Promise<Policy>;
}

/** Founds a call and admits the guests in one batch. */
export async function startCall(options: CallOptions): Promise<SmallCall> {
  const hostKey = await mls.generateSigningKey();
  const server = await mls.generateSigningKey();
  const flags = { kept: false, lobby: false };
  const link = createLink({ hostPublicKey: hostKey.publicKey, suite: 1, kind: 'e2ee', flags, nowUnixMs: 0 });
  const keys = await deriveLinkKeys(link);
  const { roomId, hostKeyHash } = link;
  const expected = { groupId: randomBytes(32), roomId, hostKeyHash, suite: 1 } as const;
  const founder = await someone(keys, 'Ada', hostKey);
  const names = ['Bob', 'Cem', 'Dee', 'Eve', 'Fay'];
  const guests = await Promise.all(
    Array.from({ length: options.guests }, (_, index) => someone(keys, names[index] ?? `guest ${index}`)),
  );
  const people = [founder, ...guests];
  const first = foundingPolicy({
    suite: 1,
    isLobbyOn: false,
    serverKey: server.publicKey,
    hostKey: hostKey.publicKey,
  });
  const switched = { ...first, ...options.switches };
  const policy = options.appoint ? await options.appoint(switched, expected, people) : switched;
  const alone = await mls.createGroup(suite, expected.groupId, founder.keyPackage, [
    { type: mls.LINK_ID, data: keys.linkId },
    { type: mls.OLD_META, data: await sealOldMeta(keys.metaKey, []) },
    { type: mls.POLICY, data: await signPolicy(policy, expected, hostKey) },
  ]);
  const call = {
    suite,
    link,
    keys,
    expected,
    callId: randomBytes(16),
    server,
    policy,
    people,
    states: [alone],
  };
  if (guests.length === 0) return call;
  const own = await commitAdds(call, 0, guests);
  const joined = await Promise.all(guests.map((guest) => welcomed(call, own, guest)));
  return { ...call, states: [own.state, ...joined] };
}

/** {Add × k, PSK} by a person of the call. */
export function commitAdds(
  call: SmallCall,
  by: number,
  joiners: readonly Someone[],
  keys = call.keys,
): Promise<mls.OwnCommit> {
  const adds = joiners.map(({ keyPackage }) => ({ type: 'add', keyPackage: keyPackage.message }) as const);
  const proposals = [...adds, { type: 'psk', pskId: keys.linkId } as const];
  return mls.commit(at(call.states, by), suite, { proposals, psks: pskOf(keys) });
}

export async function welcomed(
  call: SmallCall,
  own: mls.OwnCommit,
  joiner: Someone,
  judge: mls.Judge = () => undefined,
): Promise<mls.GroupState> {
  const entry = own.welcomes.find(({ reference }) => equalBytes(reference, joiner.keyPackage.reference));
  if (entry === undefined) throw new Error('no Welcome for this person');
  const { welcome } = entry;
  const tree = mls.encodeTree(own.state);
  const { keyPackage } = joiner;
  const request = { welcome, tree, keyPackage, psks: pskOf(call.keys), judge };
  return unwrap(await mls.joinFromWelcome(suite, request));
}

/** By external commit on top of what this person sees. */
export async function fromOutside(
  call: SmallCall,
  onTopOf: number,
  joiner: Someone,
  options: { readonly resync?: boolean; readonly keys?: LinkKeys; readonly judge?: mls.Judge } = {},
) {
  const { resync = false, keys = call.keys, judge = () => undefined } = options;
  const state = at(call.states, onTopOf);
  const groupInfo = await mls.encodeGroupInfo(state, suite);
  const tree = mls.encodeTree(state);
  const { keyPackage } = joiner;
  const pskId = keys.linkId;
  return mls.joinExternal(suite, { groupInfo, tree, keyPackage, psks: pskOf(keys), pskId, resync, judge });
}

export function remove(
  call: SmallCall,
  by: number,
  leafIndex: number,
  authenticatedData?: Bytes,
): Promise<mls.OwnCommit> {
  return mls.commit(at(call.states, by), suite, {
    proposals: [{ type: 'remove', leafIndex }],
    psks: pskOf(call.keys),
    ...(authenticatedData && { authenticatedData }),
  });
}

export function changeExtensions(
  call: SmallCall,
  by: number,
  extensions: readonly mls.GroupExtension[],
  keys?: LinkKeys,
): Promise<mls.OwnCommit> {
  const psk = keys ? [{ type: 'psk', pskId: keys.linkId } as const] : [];
  return mls.commit(at(call.states, by), suite, {
    proposals: [{ type: 'extensions', extensions }, ...psk],
    psks: pskOf(keys ?? call.keys),
  });
}

/** What a person knows who judges a commit of the current epoch; the log tells the truth until a test makes it lie. */
export async function contextOf(
  call: SmallCall,
  viewer: number,
  staged: CommitFacts,
  kind: CommitKind,
  known: Partial<CommitContext> = {},
): Promise<CommitContext> {
  const state = at(call.states, viewer);
  const bytes = mls.extension(state, mls.POLICY) ?? new Uint8Array(0);
  const policy = unwrap(await verifyPolicy(bytes, call.expected));
  const { callId, expected } = call;
  const entry = await truthOf(staged, kind, { callId, ...known });
  return {
    ...expected,
    epoch: mls.epoch(state),
    callId,
    linkId: mls.extension(state, mls.LINK_ID) ?? new Uint8Array(0),
    policy,
    memberCount: mls.leaves(state).length,
    isFrozen: false,
    entry,
    ...known,
  };
}

export async function stageAt(
  call: SmallCall,
  viewer: number,
  message: Bytes,
  keys: readonly LinkKeys[] = [call.keys],
): Promise<mls.StagedCommit> {
  const psks: mls.PskSecrets = (id) => keys.map((held) => pskOf(held)(id)).find((psk) => psk !== undefined);
  return unwrap(await mls.stage(at(call.states, viewer), suite, message, psks));
}

/** Stages a commit at a person and judges it there. `kind` is what the log pretends that it is. */
export async function judgeAt(
  call: SmallCall,
  viewer: number,
  message: Bytes,
  kind: CommitKind,
  known: Partial<CommitContext> = {},
  keys?: readonly LinkKeys[],
): Promise<Result<CommitKind, Refusal>> {
  const staged = await stageAt(call, viewer, message, keys);
  return judgeCommit(staged, await contextOf(call, viewer, staged, kind, known));
}

/** Everybody but the author merges a commit. */
export async function everybodyMerges(
  call: SmallCall,
  by: number,
  own: mls.OwnCommit,
  keys?: readonly LinkKeys[],
): Promise<SmallCall> {
  const states = await Promise.all(
    call.states.map(async (state, index) => {
      if (index === by) return own.state;
      const staged = unwrap(
        await mls.stage(state, suite, own.commit, (id) =>
          [call.keys, ...(keys ?? [])].map((held) => pskOf(held)(id)).find((psk) => psk !== undefined),
        ),
      );
      return staged.state;
    }),
  );
  return { ...call, states };
}

/** The people and states of these indexes alone. */
export function only(call: SmallCall, indexes: readonly number[]): SmallCall {
  return {
    ...call,
    people: indexes.map((index) => at(call.people, index)),
    states: indexes.map((index) => at(call.states, index)),
  };
}

export function leafIndexOf(call: SmallCall, viewer: number, who: Someone): number {
  const leaf = mls.leaves(at(call.states, viewer)).find(({ signatureKey }) => {
    return equalBytes(signatureKey, who.key.publicKey);
  });
  if (leaf === undefined) throw new Error(`${who.name} has no leaf`);
  return leaf.leafIndex;
}
