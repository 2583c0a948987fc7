/**
 * The links of a call in this tab, SPEC S54, design D4 and D10: in sessionStorage and nowhere else. A changed link is
 * written beside the old one before it is in force, so that a reload in between finds both. Beside them stand the leaf
 * keys of whom hosts have removed: a reload must not lead into a call in which they still are.
 */
import { formatLinkPath, type Link, parseLink } from '@conclave/crypto/link';
import { type Bytes, equalBytes, toBase64Url } from '@conclave/protocol/bytes';
import { HELD_LINKS_MAX, KICKED_KEYS_MAX } from '../limits.ts';

/** A link that the call machine wants kept; in force, it stands alone from now on. */
export interface StoredLink {
  readonly link: Link;
  readonly isInForce: boolean;
  readonly kickedKeys: readonly string[];
}

function kickedSlotOf(roomId: Bytes): string {
  return `conclave.removed.${toBase64Url(roomId)}`;
}

function slotOf(roomId: Bytes): string {
  return `conclave.links.${toBase64Url(roomId)}`;
}

/** Newest first; empty when this tab has not been in the room. */
export function tabLinks(roomId: Bytes): readonly Link[] {
  const paths = sessionStorage.getItem(slotOf(roomId))?.split('\n') ?? [];
  return paths.flatMap((path) => {
    const [pathname = '', fragment = ''] = path.split('#');
    const parsed = parseLink(pathname, `#${fragment}`);
    return parsed.ok ? [parsed.value] : [];
  });
}

/** Writes it before those that are there; one that is there keeps its place. */
export function rememberTabLink(link: Link): void {
  const known = tabLinks(link.roomId);
  if (known.some((other) => equalBytes(other.secret, link.secret))) return;
  write([link, ...known].slice(0, HELD_LINKS_MAX));
}

/** What the call machine asks for before anything else of its step is done (`store-link`). */
export function storeTabLink({ link, isInForce, kickedKeys }: StoredLink): void {
  const others = tabLinks(link.roomId).filter((other) => !equalBytes(other.secret, link.secret));
  write(isInForce ? [link] : [link, ...others].slice(0, HELD_LINKS_MAX));
  sessionStorage.setItem(kickedSlotOf(link.roomId), kickedKeys.slice(-KICKED_KEYS_MAX).join('\n'));
}

/** Hexadecimal leaf keys of whom hosts removed from the call of these links. */
export function tabKickedKeys(roomId: Bytes): readonly string[] {
  const stored = sessionStorage.getItem(kickedSlotOf(roomId)) ?? '';
  return stored.split('\n').filter((key) => /^[0-9a-f]{64}$/.test(key));
}

function write(links: readonly Link[]): void {
  const [first] = links;
  if (first) sessionStorage.setItem(slotOf(first.roomId), links.map(formatLinkPath).join('\n'));
}

export function forgetTabLinks(roomId: Bytes): void {
  sessionStorage.removeItem(slotOf(roomId));
  sessionStorage.removeItem(kickedSlotOf(roomId));
}
