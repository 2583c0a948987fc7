import { formatLinkPath } from '@conclave/crypto/link';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LINK, linkMade, memoryStorage } from '../test/sketches.ts';
import { FIRST_CHOICE } from './own-media.ts';
import { cleanName, rememberedName, rememberName } from './own-name.ts';
import { isLoopback, pastedLink, placeOf } from './place.ts';
import { FRESH_TAB, readTabState, writeTabState } from './tab-state.ts';
import { allowOwnCode } from './trusted-types.ts';

const [PATH = '', SECRET = ''] = formatLinkPath(LINK).split('#');

describe('addresses', () => {
  test('[P16] a whole link leads to its room; without its fragment, what this tab remembers does', () => {
    expect(placeOf(PATH, `#${SECRET}`, () => [])).toEqual({ at: 'room', link: LINK });
    expect(placeOf(PATH, '', () => [LINK])).toEqual({ at: 'room', link: LINK });
    expect(placeOf('/', '', () => [LINK])).toEqual({ at: 'home' });
  });

  test.each([
    [PATH, '', 'NO_SECRET'],
    [PATH, `#${SECRET.slice(0, -3)}`, 'MISTYPED'],
    [PATH, '#hello', 'MISTYPED'],
    [`${PATH}%23${SECRET}`, '', 'SECRET_SENT'],
    ['/elsewhere', '', 'NOT_A_LINK'],
    ['/elsewhere', `#${SECRET}`, 'NOT_A_LINK'],
  ])('[P20] %s with %s is %s', (path, fragment, problem) => {
    expect(placeOf(path, fragment, () => [])).toEqual({ at: 'problem', problem });
  });

  test('[P19] a pasted link counts whatever its host and whatever stands around it', () => {
    for (const text of [
      `https://a.example${PATH}#${SECRET}`,
      `  Join me: http://localhost:8080${PATH}#${SECRET}\n`,
      `${PATH}#${SECRET}`,
    ]) {
      expect(pastedLink(text)).toEqual({ ok: true, value: LINK });
    }
    expect(pastedLink('hello')).toEqual({ ok: false, error: 'NOT_A_LINK' });
    expect(pastedLink(`https://a.example${PATH}`)).toEqual({ ok: false, error: 'NO_SECRET' });
    expect(pastedLink('/r/'.repeat(100_000)).ok).toBe(false);
  });

  test('[P19] whatever a message puts around a link, before it and behind it, it counts', () => {
    const before = fc.constantFrom(
      '',
      'Join: ',
      '<',
      '(',
      '"',
      '‘',
      'https://a.example',
      '[x](https://b.example',
    );
    const behind = fc.constantFrom(
      '',
      '.',
      '...',
      ')',
      '>',
      ',',
      '"',
      '’',
      '!',
      '?',
      ').',
      ' at nine',
      '\n-- \nAda',
      '*',
    );
    const sign = fc.constantFrom('#', '%23');
    fc.assert(
      fc.property(before, behind, sign, (start, end, hash) => {
        expect(pastedLink(`${start}${PATH}${hash}${SECRET}${end}`)).toEqual({ ok: true, value: LINK });
      }),
    );
  });

  test('[P19] a link that lost a part is never taken for a whole one', () => {
    const whole = `https://a.example${PATH}#${SECRET}`;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.length - 1 }), (length) => {
        expect(pastedLink(whole.slice(0, length)).ok).toBe(false);
      }),
    );
  });

  test('[P19] a link of a call without encryption is refused', () => {
    const open = formatLinkPath(linkMade(Date.now(), 'open'));
    expect(pastedLink(open)).toEqual({ ok: false, error: 'OPEN_LINK' });
  });

  test('[P62] an address that opens on this computer alone is told from one that others can open', () => {
    for (const host of ['localhost', '127.0.0.1:8123', '127.1.2.3', '[::1]:8080', 'a.localhost:8123']) {
      expect(isLoopback(`http://${host}`)).toBe(true);
    }
    for (const host of [
      'conclave.example',
      '10.0.0.7',
      '[2001:db8::1]',
      'localhost.example',
      '127.example',
    ]) {
      expect(isLoopback(`https://${host}`)).toBe(false);
    }
  });

  test('[P36] a worker comes from this server only', () => {
    globalThis.location ??= new URL('https://conclave.example/') as unknown as Location;
    expect(allowOwnCode('/assets/worker.js')).toBe('/assets/worker.js');
    for (const url of [
      'https://evil.example/x.js',
      'data:text/javascript,1',
      'blob:https://evil.example/1',
      '//evil.example/x.js',
    ]) {
      expect(() => allowOwnCode(url)).toThrow(TypeError);
    }
  });
});

describe('names', () => {
  test('[P11] a name is cut to 60 bytes at a character, without control or direction marks', () => {
    expect(cleanName('  Ada \u202e\n Lovelace ')).toBe('Ada Lovelace');
    expect(cleanName('x'.repeat(100))).toHaveLength(60);
    expect(new TextEncoder().encode(cleanName('陳'.repeat(50)))).toHaveLength(60);
    expect(cleanName('😀'.repeat(20))).toBe('😀'.repeat(15));
    expect(cleanName(' \t ')).toBe('');
  });

  test('[P11] it is remembered on the device', () => {
    const storage = memoryStorage();
    rememberName(storage, 'Ada');
    expect(rememberedName(storage)).toBe('Ada');
    expect([...storage.values.keys()]).toEqual(['conclave.name']);
  });
});

describe('the memory of a tab', () => {
  test('[P17] gives back what was written, for its own room', () => {
    const storage = memoryStorage();
    const state = {
      name: 'Ada',
      wasIn: true,
      choice: { ...FIRST_CHOICE, cameraId: 'b', isMicrophoneOn: false },
    };
    writeTabState(storage, 'room', state);
    expect(readTabState(storage, 'room')).toEqual(state);
    expect(readTabState(storage, 'other')).toEqual(FRESH_TAB);
  });

  test.each(['', '{', 'null', '7', '"x"', '{"wasIn":true}', '{"name":7,"choice":[]}'])(
    '[P18] %j counts as none',
    (text) => {
      const storage = memoryStorage();
      storage.setItem('conclave.tab.room', text);
      expect(readTabState(storage, 'room')).toEqual(FRESH_TAB);
    },
  );
});
