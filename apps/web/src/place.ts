/** Where an address leads: the first page, a room, or a sentence that says why neither. SPEC P16, P19. */
import type { Link } from '@conclave/crypto/link';
import { parseLink } from '@conclave/crypto/link';
import { type Bytes, fromBase64Url } from '@conclave/protocol/bytes';
import type { Result } from '@conclave/protocol/result';
import { err, ok } from '@conclave/protocol/result';
import { PASTED_LINK_CHARS_MAX } from './limits.ts';
import type { Problem } from './words.ts';

export type Place =
  | { readonly at: 'home' }
  | { readonly at: 'room'; readonly link: Link }
  | { readonly at: 'problem'; readonly problem: Problem };

/** @param rememberedLinks the links of a room that this tab knows, newest first */
export function placeOf(
  pathname: string,
  fragment: string,
  rememberedLinks: (roomId: Bytes) => readonly Link[],
): Place {
  if (pathname === '/' || pathname === '') return { at: 'home' };
  // The browser has asked the server for the whole of it: this secret is none any more.
  if (/%23/i.test(pathname)) return { at: 'problem', problem: 'SECRET_SENT' };
  if (fragment !== '') {
    const parsed = usableLink(pathname, fragment);
    return parsed.ok ? { at: 'room', link: parsed.value } : { at: 'problem', problem: parsed.error };
  }
  const roomId = fromBase64Url(/^\/r\/([^/]+)\/?$/.exec(pathname)?.[1] ?? '');
  if (!roomId || roomId.length === 0) return { at: 'problem', problem: 'NOT_A_LINK' };
  const [link] = rememberedLinks(roomId);
  return link ? { at: 'room', link } : { at: 'problem', problem: 'NO_SECRET' };
}

/** Whether an address leads nowhere from another computer. */
export function isLoopback(origin: string): boolean {
  const { hostname } = new URL(origin);
  return /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

/**
 * What a person pasted: a whole address, of whatever host, or its path; amid words, brackets and full stops, and also where
 * a program has written its # as %23.
 */
export function pastedLink(text: string): Result<Link, Problem> {
  const trimmed = text.trim().slice(0, PASTED_LINK_CHARS_MAX);
  const found = /(\/r\/[\w-]+)\/?(?:(?:#|%23)([\w.-]*))?/.exec(trimmed);
  if (!found) return err('NOT_A_LINK');
  const [, pathname = '', fragment] = found;
  // A full stop stands inside a fragment too, but never at its end.
  return fragment === undefined ? err('NO_SECRET') : usableLink(pathname, `#${fragment.replace(/\.+$/, '')}`);
}

function usableLink(pathname: string, fragment: string): Result<Link, Problem> {
  const parsed = parseLink(pathname, fragment);
  if (!parsed.ok) return err(parsed.error.code);
  return parsed.value.kind === 'open' ? err('OPEN_LINK') : ok(parsed.value);
}
