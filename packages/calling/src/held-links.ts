/** The links that a call holds: the one in force first, then earlier ones (D10). */
import type { Link } from '@conclave/crypto/link';
import { deriveLinkKeys } from '@conclave/crypto/link-keys';
import { type Bytes, equalBytes } from '@conclave/protocol/bytes';
import type { CallState, HeldLink } from './call-state.ts';
import { LINKS_KEPT_MAX } from './machine-limits.ts';
import type { Turn } from './turn.ts';

export async function holdLink(link: Link): Promise<HeldLink> {
  return { link, keys: await deriveLinkKeys(link) };
}

export function findHeld(links: readonly HeldLink[], linkId: Uint8Array): HeldLink | undefined {
  return links.find(({ keys }) => equalBytes(keys.linkId, linkId));
}

/** `held` first, without doubles; the oldest fall out. */
export function withHeldFirst(links: readonly HeldLink[], held: HeldLink): readonly HeldLink[] {
  const others = links.filter(({ keys }) => !equalBytes(keys.linkId, held.keys.linkId));
  return [held, ...others].slice(0, LINKS_KEPT_MAX);
}

/** The link whose secret is in force, as far as this client knows. */
export function heldInForce(state: CallState): HeldLink {
  const held = state.member?.held ?? state.shown ?? state.links[0];
  if (held === undefined) throw new Error('a call holds a link from its beginning');
  return held;
}

/** Whether a later link was stored than this one: then a change of the link was on its way. */
export function isOutdated({ identity }: CallState, { link }: HeldLink): boolean {
  const isSame = (other: Link) => equalBytes(other.secret, link.secret);
  return !isSame(identity.link) && (identity.otherLinks ?? []).some(isSame);
}

/** PSKs of all links held, and of the next one while the group is, or may be, frozen. */
export function pskSecrets(state: CallState): (pskId: Uint8Array) => Bytes | undefined {
  const { next } = state.member ?? {};
  const links = next === undefined ? state.links : [next, ...state.links];
  return (pskId) => findHeld(links, pskId)?.keys.psk;
}

/** Has the next link stored beside the one in force, which goes first: of two that are kept it is never the one to go. */
export function storeBeside(turn: Turn, held: HeldLink, next: Link): void {
  for (const link of [held.link, next]) storeLink(turn, link, undefined);
}

export function storeLink(turn: Turn, link: Link, replaces: Link | undefined): void {
  turn.effects.push({ t: 'store-link', link, replaces, kickedKeys: [...turn.state.kickedKeys] });
}
