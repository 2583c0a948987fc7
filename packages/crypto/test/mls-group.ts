/**
 * A small world for the tests of the MLS engine: people with signing keys, groups that they share, and the few steps that
 * every story needs. Everything goes through the engine's public functions.
 */

import type { Bytes } from '@conclave/protocol/bytes';
import { equalBytes, utf8 } from '@conclave/protocol/bytes';
import type { Result } from '@conclave/protocol/result';
import type {
  GroupState,
  OwnCommit,
  OwnKeyPackage,
  PskSecrets,
  SigningKey,
  StagedCommit,
  Suite,
} from '../src/mls/engine.ts';
import * as engine from '../src/mls/engine.ts';

export const LINK = utf8('link id 16 bytes');

/** One secret for one PSK id. */
export function holding(pskId: Uint8Array, secret: Bytes): PskSecrets {
  return (asked) => (equalBytes(asked, pskId) ? secret.slice() : undefined);
}

export const LINK_SECRET = crypto.getRandomValues(new Uint8Array(32));
export const PSKS = holding(LINK, LINK_SECRET);

export interface Person {
  readonly key: SigningKey;
  readonly keyPackage: OwnKeyPackage;
}

export async function person(suite: Suite, name: string, key?: SigningKey): Promise<Person> {
  const signingKey = key ?? (await engine.generateSigningKey());
  return { key: signingKey, keyPackage: await engine.createKeyPackage(suite, signingKey, utf8(name)) };
}

export function value<T, E extends { code: string; detail: string }>(result: Result<T, E>): T {
  if (result.ok) return result.value;
  throw new Error(`${result.error.code}: ${result.error.detail}`);
}

export function codeOf(result: Result<unknown, { code: string; detail: string }>): string {
  return result.ok ? 'ACCEPTED' : result.error.code;
}

export async function found(suite: Suite, founder: Person, id = 'a group'): Promise<GroupState> {
  return engine.createGroup(suite, utf8(id), founder.keyPackage, [
    { type: engine.LINK_ID, data: LINK },
    { type: engine.POLICY, data: utf8('policy 0') },
  ]);
}

/** {Add × k, PSK} by the owner of the state. */
export function admit(
  state: GroupState,
  suite: Suite,
  people: readonly Person[],
  psks = PSKS,
  pskId: Uint8Array = LINK,
): Promise<OwnCommit> {
  const adds = people.map((p) => ({ type: 'add', keyPackage: p.keyPackage.message }) as const);
  return engine.commit(state, suite, { proposals: [...adds, { type: 'psk', pskId }], psks });
}

/** Joins by the Welcome that names the person's KeyPackage. */
export async function join(suite: Suite, own: OwnCommit, who: Person, psks = PSKS): Promise<GroupState> {
  const entry = own.welcomes.find((w) => equalBytes(w.reference, who.keyPackage.reference));
  if (entry === undefined) throw new Error('no Welcome for this person');
  return value(
    await engine.joinFromWelcome(suite, {
      welcome: entry.welcome,
      tree: engine.encodeTree(own.state),
      keyPackage: who.keyPackage,
      psks,
      judge: () => undefined,
    }),
  );
}

export async function staged(
  state: GroupState,
  suite: Suite,
  message: Uint8Array,
  psks = PSKS,
): Promise<StagedCommit> {
  return value(await engine.stage(state, suite, message, psks));
}

/** An external commit on top of the epoch of `state`. */
export async function joinFromOutside(
  suite: Suite,
  state: GroupState,
  who: Person,
  options: { readonly resync?: boolean; readonly psks?: PskSecrets; readonly pskId?: Uint8Array } = {},
) {
  return engine.joinExternal(suite, {
    groupInfo: await engine.encodeGroupInfo(state, suite),
    tree: engine.encodeTree(state),
    keyPackage: who.keyPackage,
    psks: options.psks ?? PSKS,
    pskId: options.pskId ?? LINK,
    resync: options.resync ?? false,
    judge: () => undefined,
  });
}

export interface World {
  readonly people: readonly Person[];
  /** In the order of the people; all in one epoch. */
  readonly states: readonly GroupState[];
}

/** A group of `size` people, all admitted in one batch by the first, nobody else having committed yet. */
export async function world(suite: Suite, size: number): Promise<World> {
  const people: Person[] = [];
  for (let index = 0; index < size; index++) people.push(await person(suite, `person ${index}`));
  const [founder, ...guests] = people;
  if (founder === undefined) throw new Error('a world needs somebody');
  const start = await found(suite, founder);
  if (guests.length === 0) return { people, states: [start] };
  const own = await admit(start, suite, guests);
  const states = [own.state];
  for (const guest of guests) states.push(await join(suite, own, guest));
  return { people, states };
}
