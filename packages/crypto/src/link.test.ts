import { fromBase64Url, toBase64Url, utf8 } from '@conclave/protocol/bytes';
import { sha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Link, LinkErrorCode, LinkRequest } from './link.ts';
import { createLink, formatLinkPath, isExpired, isHostKey, parseLink, withSecret } from './link.ts';

const HOUR_MS = 3_600_000;
const NOW_UNIX_MS = Date.UTC(2026, 10, 24, 12, 34);
const hostPublicKey = new Uint8Array(32).fill(7);
const request: LinkRequest = {
  hostPublicKey,
  suite: 2,
  kind: 'e2ee',
  flags: { kept: false, lobby: false },
  nowUnixMs: NOW_UNIX_MS,
};

function partsOf(link: Link): { pathname: string; hash: string } {
  const { pathname, hash } = new URL(formatLinkPath(link), 'https://conclave.example');
  return { pathname, hash };
}

function parsed(pathname: string, hash: string): Link | LinkErrorCode {
  const result = parseLink(pathname, hash);
  return result.ok ? result.value : result.error.code;
}

/** A link's fragment with some of its content changed and the checksum made right again, as a newer version would. */
function rewritten(link: Link, change: (content: Uint8Array) => Uint8Array, kind = '1'): string {
  const tail = fromBase64Url(partsOf(link).hash.slice(3)) ?? new Uint8Array(0);
  const content = change(tail.slice(0, -4));
  const checksum = sha256(Uint8Array.from([...link.roomId, Number(kind), ...content])).subarray(0, 4);
  return `#${kind}.${toBase64Url(Uint8Array.from([...content, ...checksum]))}`;
}

describe('the link', () => {
  test('[K1] has the documented bytes: 80 characters, header, secret, checksum', () => {
    const link = createLink({ ...request, flags: { kept: true, lobby: true } });
    const { pathname, hash } = partsOf(link);
    expect(pathname).toBe(`/r/${toBase64Url(link.roomId)}`);
    expect(hash).toMatch(/^#1\.[A-Za-z0-9_-]{80}$/);
    const bytes = fromBase64Url(hash.slice(3)) ?? new Uint8Array(0);
    expect(bytes.length).toBe(60);
    expect([...bytes.subarray(0, 4)]).toEqual([1, 3, 0, 2]);
    expect(new DataView(bytes.buffer).getUint32(4)).toBe(Math.floor(NOW_UNIX_MS / HOUR_MS));
    expect(bytes.subarray(8, 24)).toEqual(Uint8Array.from(sha256(hostPublicKey).subarray(0, 16)));
    expect(bytes.subarray(24, 56)).toEqual(link.secret);
    const checked = Uint8Array.from([...link.roomId, 1, ...bytes.subarray(0, 56)]);
    expect(bytes.subarray(56)).toEqual(Uint8Array.from(sha256(checked).subarray(0, 4)));
  });

  test('[K1] every link comes back from its text, whatever its host, suite, kind, flags and age', () => {
    const links = fc.record({
      hostPublicKey: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      suite: fc.constantFrom<1 | 2>(1, 2),
      kind: fc.constantFrom<'e2ee' | 'open'>('e2ee', 'open'),
      flags: fc.record({ kept: fc.boolean(), lobby: fc.boolean() }),
      nowUnixMs: fc.nat(2 ** 42),
    });
    fc.assert(
      fc.property(links, (one) => {
        const link = createLink(one);
        const { pathname, hash } = partsOf(link);
        expect(parsed(pathname, hash)).toEqual(link);
        expect(hash.slice(0, 3)).toBe(one.kind === 'e2ee' ? '#1.' : '#0.');
      }),
    );
  });

  test('[K1] two links never share room or secret', () => {
    const [one, two] = [createLink(request), createLink(request)];
    expect(one.roomId).not.toEqual(two.roomId);
    expect(one.secret).not.toEqual(two.secret);
  });

  test('[K1] a rotated link keeps room and header and carries the new secret', () => {
    const link = createLink(request);
    const rotated = withSecret(link, new Uint8Array(32).fill(5));
    const { pathname, hash } = partsOf(rotated);
    expect(parsed(pathname, hash)).toEqual({ ...link, secret: new Uint8Array(32).fill(5) });
    expect(() => withSecret(link, new Uint8Array(31))).toThrow(RangeError);
  });
});

describe('what is no intact link', () => {
  test('[K2] a path that is no room is NOT_A_LINK', () => {
    const { hash } = partsOf(createLink(request));
    for (const pathname of ['/', '/r', '/rooms/x', '/r/a/b', '', 'r/abc']) {
      expect(parsed(pathname, hash)).toBe('NOT_A_LINK');
    }
  });

  test('[K2] any single wrong character is MISTYPED', () => {
    const { pathname, hash } = partsOf(createLink(request));
    for (let index = 3; index < hash.length; index++) {
      const wrong = hash[index] === 'A' ? 'B' : 'A';
      expect(parsed(pathname, hash.slice(0, index) + wrong + hash.slice(index + 1))).toBe('MISTYPED');
    }
    for (let index = 3; index < pathname.length; index++) {
      const wrong = pathname[index] === 'A' ? 'Q' : 'A';
      expect(parsed(pathname.slice(0, index) + wrong + pathname.slice(index + 1), hash)).toBe('MISTYPED');
    }
  });

  test('[K2] a cut, lengthened or emptied fragment is MISTYPED, and so is the other kind', () => {
    const { pathname, hash } = partsOf(createLink(request));
    for (let length = 0; length < hash.length; length++) {
      expect(parsed(pathname, hash.slice(0, length))).toBe('MISTYPED');
    }
    for (const text of [
      `${hash}A`,
      `${hash}AAAA`,
      `${hash}=`,
      hash.replace('#1', '#0'),
      hash.replace('#1', '#2'),
    ]) {
      expect(parsed(pathname, text)).toBe('MISTYPED');
    }
    expect(parsed('/r/AAAA', hash)).toBe('MISTYPED');
  });

  test('[K2] an intact link of another version is UNKNOWN_VERSION', () => {
    const link = createLink(request);
    const { pathname } = partsOf(link);
    const withByte = (index: number, value: number) => (content: Uint8Array) => content.with(index, value);
    expect(parsed(pathname, rewritten(link, withByte(0, 2)))).toBe('UNKNOWN_VERSION');
    expect(parsed(pathname, rewritten(link, withByte(1, 4)))).toBe('UNKNOWN_VERSION');
    expect(
      parsed(
        pathname,
        rewritten(link, (content) => content, '2'),
      ),
    ).toBe('UNKNOWN_VERSION');
    const longer = (content: Uint8Array) => Uint8Array.from([2, ...content, 0, 0, 0]);
    expect(parsed(pathname, rewritten(link, longer))).toBe('UNKNOWN_VERSION');
  });

  test('[K2] an intact link of another suite is UNKNOWN_SUITE', () => {
    const link = createLink(request);
    const { pathname } = partsOf(link);
    for (const suite of [0, 3, 255]) {
      expect(
        parsed(
          pathname,
          rewritten(link, (content) => content.with(3, suite)),
        ),
      ).toBe('UNKNOWN_SUITE');
    }
    expect(
      parsed(
        pathname,
        rewritten(link, (content) => content.with(2, 1)),
      ),
    ).toBe('UNKNOWN_SUITE');
  });

  test('[K2, K27] arbitrary text never throws', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), fc.string({ maxLength: 200 }), (path, hash) => {
        expect(typeof parsed(`/r/${path}`, `#1.${hash}`)).toBe('string');
        expect(typeof parsed(path, hash)).toBe('string');
      }),
    );
  });

  test('[K29] an error says only its code', () => {
    const link = createLink(request);
    const { pathname, hash } = partsOf(link);
    expect(parseLink(pathname, hash.slice(0, -1))).toEqual({ ok: false, error: { code: 'MISTYPED' } });
  });
});

describe('host and age', () => {
  test('[K3] the link names one host key', () => {
    const link = createLink(request);
    expect(isHostKey(link, hostPublicKey)).toBe(true);
    expect(isHostKey(link, hostPublicKey.with(0, 8))).toBe(false);
    expect(isHostKey(link, hostPublicKey.subarray(1))).toBe(false);
    expect(isHostKey(link, utf8(''))).toBe(false);
  });

  test('[K4] a link expires 48 h after its created hour unless the room is kept', () => {
    const link = createLink(request);
    const createdUnixMs = Math.floor(NOW_UNIX_MS / HOUR_MS) * HOUR_MS;
    expect(isExpired(link, NOW_UNIX_MS)).toBe(false);
    expect(isExpired(link, createdUnixMs + 48 * HOUR_MS - 1)).toBe(false);
    expect(isExpired(link, createdUnixMs + 48 * HOUR_MS)).toBe(true);
    expect(isExpired(link, 0)).toBe(false);
    const kept = createLink({ ...request, flags: { kept: true, lobby: false } });
    expect(isExpired(kept, NOW_UNIX_MS + 1e12)).toBe(false);
  });
});
