/**
 * The links of a call in this tab, SPEC S54, design D4 and D10: in sessionStorage and nowhere else. A changed link is
 * written beside the old one before it is in force, so that a reload in between finds both.
 */
import { formatLinkPath, type Link, parseLink } from '@conclave/crypto/link';
import { type Bytes, equalBytes, toBase64Url } from '@conclave/protocol/bytes';

/** The one in force and the one before it. */
const LINKS_KEPT = 2;

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

export function rememberTabLink(link: Link): void {
  const others = tabLinks(link.roomId).filter((other) => !equalBytes(other.secret, link.secret));
  const paths = [link, ...others].slice(0, LINKS_KEPT).map(formatLinkPath);
  sessionStorage.setItem(slotOf(link.roomId), paths.join('\n'));
}

export function forgetTabLinks(roomId: Bytes): void {
  sessionStorage.removeItem(slotOf(roomId));
}
