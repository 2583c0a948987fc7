/**
 * The links of a call in this tab, SPEC S54, design D4 and D10: in sessionStorage and nowhere else. A changed link is
 * written beside the old one before it is in force, so that a reload in between finds both.
 */
import { formatLinkPath, type Link, parseLink } from '@conclave/crypto/link';
import { type Bytes, equalBytes, toBase64Url } from '@conclave/protocol/bytes';
import { HELD_LINKS_MAX } from '../limits.ts';

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

/** Writes it before those that are there. */
export function rememberTabLink(link: Link): void {
  const others = tabLinks(link.roomId).filter((other) => !equalBytes(other.secret, link.secret));
  write([link, ...others].slice(0, HELD_LINKS_MAX));
}

/** The link is in force: no earlier one is ever shown to the server, or believed, again. */
export function keepOnlyTabLink(link: Link): void {
  write([link]);
}

function write(links: readonly Link[]): void {
  const [first] = links;
  if (first) sessionStorage.setItem(slotOf(first.roomId), links.map(formatLinkPath).join('\n'));
}

export function forgetTabLinks(roomId: Bytes): void {
  sessionStorage.removeItem(slotOf(roomId));
}
