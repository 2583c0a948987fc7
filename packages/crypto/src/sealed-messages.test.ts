import type { Bytes } from '@conclave/protocol/bytes';
import { concatBytes, toHex, utf8 } from '@conclave/protocol/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { open, SEAL_OVERHEAD_BYTES, seal } from './aead.ts';
import { openBeat, sealBeat } from './beat-seal.ts';
import { openKnock, sealKnock } from './knock.ts';
import { BEAT_BODY_BYTES_MAX, BEAT_SEALED_BYTES, KNOCK_SEALED_BYTES, OLD_META_KEYS_MAX } from './limits.ts';
import { openName, sealName, tidyName } from './name.ts';
import { openOldMeta, retireMetaKey, sealOldMeta } from './old-meta.ts';
import { pad, unpad } from './padded.ts';

const key = new Uint8Array(32).fill(1);
const otherKey = new Uint8Array(32).fill(2);
const bytesOf = (maxLength: number) => fc.uint8Array({ maxLength }).map((bytes) => Uint8Array.from(bytes));

async function everyFlipIsRefused(sealed: Bytes, opens: (bytes: Bytes) => Promise<unknown>): Promise<void> {
  const step = Math.max(1, Math.floor(sealed.length / 400));
  for (let index = 0; index < sealed.length; index += index < 64 ? 1 : step) {
    expect(await opens(sealed.with(index, (sealed[index] ?? 0) ^ 0x40)), `byte ${index}`).toBeUndefined();
  }
  expect(await opens(sealed.slice(0, -1))).toBeUndefined();
  expect(await opens(concatBytes(sealed, Uint8Array.of(0)))).toBeUndefined();
  expect(await opens(sealed)).not.toBeUndefined();
}

describe('AEAD', () => {
  test('[K8] what was sealed opens under the same key and AAD alone', async () => {
    const messages = fc.asyncProperty(bytesOf(200), bytesOf(40), async (plaintext, aad) => {
      const sealed = await seal(key, plaintext, aad);
      expect(sealed.length).toBe(plaintext.length + SEAL_OVERHEAD_BYTES);
      expect(await open(key, sealed, aad)).toEqual(plaintext);
      expect(await open(otherKey, sealed, aad)).toBeUndefined();
      expect(await open(key, sealed, concatBytes(aad, Uint8Array.of(0)))).toBeUndefined();
    });
    await fc.assert(messages);
  });

  test('[K8] every changed byte is refused, and every nonce is fresh', async () => {
    const sealed = await seal(key, utf8('hello'), utf8('aad'));
    await everyFlipIsRefused(sealed, (bytes) => open(key, bytes, utf8('aad')));
    const nonces = await Promise.all(
      Array.from({ length: 500 }, async () => toHex((await seal(key, utf8(''), key)).subarray(0, 12))),
    );
    expect(new Set(nonces).size).toBe(500);
  });

  test('[K8, K27] arbitrary bytes never throw; a key of another length is a bug', async () => {
    const noise = fc.asyncProperty(bytesOf(100), async (bytes) => {
      expect(await open(key, bytes, key)).toBeUndefined();
    });
    await fc.assert(noise);
    await expect(seal(key.subarray(1), key, key)).rejects.toThrow(RangeError);
  });
});

describe('padding', () => {
  test('[K9] any content comes back, and only zeros may follow it', () => {
    fc.assert(
      fc.property(bytesOf(62), (content) => {
        const padded = pad(content, 64);
        expect(padded.length).toBe(64);
        expect(unpad(padded, 64)).toEqual(content);
        if (content.length < 62) expect(unpad(padded.with(63, 1), 64)).toBeUndefined();
        expect(unpad(padded, 65)).toBeUndefined();
      }),
    );
    expect(() => pad(new Uint8Array(63), 64)).toThrow(RangeError);
    expect(unpad(new Uint8Array(64).fill(255), 64)).toBeUndefined();
  });

  test('[K27] arbitrary bytes never throw', () => {
    fc.assert(fc.property(bytesOf(70), (bytes) => void unpad(bytes, bytes.length)));
  });
});

describe('knocks', () => {
  const target = {
    roomId: new Uint8Array(16).fill(3),
    linkId: new Uint8Array(16).fill(4),
    groupId: new Uint8Array(32),
  };
  const knock = { keyPackage: new Uint8Array(2_900).fill(5), name: 'Ada' };

  test('[K9] an X-Wing KeyPackage with a name fits, and every knock has 4 KiB', async () => {
    const sealed = await sealKnock(key, target, knock);
    expect(sealed.length).toBe(KNOCK_SEALED_BYTES);
    expect(await openKnock(key, target, sealed)).toEqual(knock);
    const small = await sealKnock(key, target, { keyPackage: Uint8Array.of(1) });
    expect(small.length).toBe(KNOCK_SEALED_BYTES);
    expect(await openKnock(key, target, small)).toEqual({ keyPackage: Uint8Array.of(1) });
    expect(() => sealKnock(key, target, { keyPackage: new Uint8Array(4_065) })).toThrow(RangeError);
  });

  test('[K9] a knock for another room, secret or group does not open', async () => {
    const sealed = await sealKnock(key, target, knock);
    expect(await openKnock(otherKey, target, sealed)).toBeUndefined();
    for (const field of ['roomId', 'linkId', 'groupId'] as const) {
      expect(await openKnock(key, { ...target, [field]: target[field].with(0, 99) }, sealed)).toBeUndefined();
    }
  });

  test('[K9] every changed byte is refused', async () => {
    await everyFlipIsRefused(await sealKnock(key, target, knock), (bytes) => openKnock(key, target, bytes));
  });

  test('[K9, K27] a knock that a link holder forms wrongly is refused, never thrown on', async () => {
    const aad = concatBytes(utf8('conclave knock v1'), target.roomId, target.linkId, target.groupId);
    const size = KNOCK_SEALED_BYTES - SEAL_OVERHEAD_BYTES;
    const badContents = [[], [0], [0, 9, 1], [255, 255], [0, 1, 7, 0xff, 0xfe]];
    for (const content of badContents) {
      const sealed = await seal(key, pad(Uint8Array.from(content), size), aad);
      expect(await openKnock(key, target, sealed)).toBeUndefined();
    }
    const unpadded = await seal(key, new Uint8Array(size).fill(255), aad);
    expect(await openKnock(key, target, unpadded)).toBeUndefined();
  });
});

describe('names', () => {
  test('[K10] a sealed name has one length and opens to itself', async () => {
    for (const name of ['Ada', 'Grace Hopper', '李小龍', '👩‍🚀 Zoë', 'x'.repeat(60)]) {
      const sealed = await sealName(key, name);
      expect(sealed.length).toBe(64 + SEAL_OVERHEAD_BYTES);
      expect(await openName(key, sealed)).toBe(name);
      expect(await openName([otherKey, key], sealed)).toBe(name);
      expect(await openName(otherKey, sealed)).toBeUndefined();
      expect(await openName([], sealed)).toBeUndefined();
    }
  });

  test('[K10] every changed byte is refused', async () => {
    await everyFlipIsRefused(await sealName(key, 'Ada'), (bytes) => openName(key, bytes));
  });

  test('[K10] a name is one visible line of at most 60 bytes, whatever was typed or sealed', () => {
    expect(tidyName('  Ada \n\t Lovelace ')).toBe('Ada Lovelace');
    expect(tidyName('A\u202eda\u200b\u0000')).toBe('Ada');
    expect(tidyName('e\u0301')).toBe('é');
    expect(tidyName('é'.repeat(40))).toBe('é'.repeat(30));
    expect(tidyName('A\u200dda \u200b L')).toBe('Ada L');
    expect(tidyName('علی\u200cرضا')).toBe('علی\u200cرضا');
    expect(tidyName('علی\u200c\u200d\u200cرضا')).toBe('علی\u200cرضا');
    expect(tidyName('e\u200b\u0301')).toBe('é');
    expect(tidyName('A\ud800')).toBe('A\ufffd');
    expect(tidyName(`${'é'.repeat(28)}\u200cé`)).toBe('é'.repeat(28));
    for (const nothing of [
      '',
      ' ',
      '\u200b\u200b',
      '\u200d',
      '\u0000',
      '\u2028',
      '\u3164',
      '\u2800',
      '\u0301',
    ]) {
      expect(tidyName(nothing)).toBeUndefined();
    }
    const characters = fc.constantFrom(...'ae éß\u0301\u200b\u200c\u200d\u202e\u00a0\n👩ع');
    const tricky = fc.array(characters, { maxLength: 50 }).map((all) => all.join(''));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 100 }), tricky), (text) => {
        const tidy = tidyName(text);
        if (tidy === undefined) return;
        expect(utf8(tidy).length).toBeLessThanOrEqual(60);
        expect(tidyName(tidy)).toBe(tidy);
        expect(tidy).not.toMatch(/[\p{Cc}\u200b\u202a-\u202e\u2066-\u2069]|\s\s|^\s|\s$/u);
      }),
      { numRuns: 3000 },
    );
  });

  test('[K10] what a modified client seals is tidied or refused on opening', async () => {
    const aad = utf8('conclave name v1');
    const sealed = (content: Bytes) => seal(key, pad(content, 64), aad);
    expect(await openName(key, await sealed(utf8('\u202eevil\n')))).toBe('evil');
    expect(await openName(key, await sealed(utf8('\u200b')))).toBeUndefined();
    expect(await openName(key, await sealed(Uint8Array.of(0xff)))).toBeUndefined();
    expect(await openName(key, await seal(key, utf8('Ada'), aad))).toBeUndefined();
    expect(() => sealName(key, ' ')).toThrow(RangeError);
  });
});

describe('old meta keys', () => {
  test('[K11] the list comes back in its order, newest first', async () => {
    const list = retireMetaKey(otherKey, retireMetaKey(key, []));
    expect(list).toEqual([otherKey, key]);
    const newKey = new Uint8Array(32).fill(3);
    const sealed = await sealOldMeta(newKey, list);
    expect(await openOldMeta(newKey, sealed)).toEqual(list);
    expect(await openOldMeta(key, sealed)).toBeUndefined();
    expect(await openOldMeta(newKey, await sealOldMeta(newKey, []))).toEqual([]);
    await everyFlipIsRefused(sealed, (bytes) => openOldMeta(newKey, bytes));
  });

  test('[K11] the oldest fall out at the limit, and a longer or uneven list is refused', async () => {
    let list: Bytes[] = [];
    for (let index = 0; index < OLD_META_KEYS_MAX + 3; index++)
      list = retireMetaKey(key.with(0, index & 255), list);
    expect(list.length).toBe(OLD_META_KEYS_MAX);
    expect(list[0]?.[0]).toBe((OLD_META_KEYS_MAX + 2) & 255);
    expect(await openOldMeta(key, await sealOldMeta(key, list))).toEqual(list);
    expect(() => sealOldMeta(key, [...list, key])).toThrow(RangeError);
    const aad = utf8('conclave old meta v1');
    expect(await openOldMeta(key, await seal(key, new Uint8Array(33), aad))).toBeUndefined();
    const long = await seal(key, new Uint8Array(32 * (OLD_META_KEYS_MAX + 1)), aad);
    expect(await openOldMeta(key, long)).toBeUndefined();
  });
});

describe('beats', () => {
  const keys = { beatKey: key, roomId: new Uint8Array(16).fill(6) };

  async function signer() {
    const pair = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']);
    if (!('privateKey' in pair)) throw new Error('no pair');
    const leafKey = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
    const sign = async (message: Bytes) =>
      new Uint8Array(await crypto.subtle.sign('Ed25519', pair.privateKey, message));
    return { leafKey, sign };
  }

  test('[K12] every beat has 512 bytes and opens to body and proven leaf key', async () => {
    const ada = await signer();
    for (const length of [0, 1, BEAT_BODY_BYTES_MAX]) {
      const body = new Uint8Array(length).fill(8);
      const sealed = await sealBeat(keys, { ...ada, body });
      expect(sealed.length).toBe(BEAT_SEALED_BYTES);
      expect(await openBeat(keys, sealed)).toEqual({ body, leafKey: ada.leafKey });
    }
    const long = { ...ada, body: new Uint8Array(BEAT_BODY_BYTES_MAX + 1) };
    await expect(sealBeat(keys, long)).rejects.toThrow(RangeError);
  });

  test('[K12] a beat of another room or link, or with any changed byte, is refused', async () => {
    const sealed = await sealBeat(keys, { ...(await signer()), body: utf8('beat') });
    expect(await openBeat({ ...keys, roomId: new Uint8Array(16) }, sealed)).toBeUndefined();
    expect(await openBeat({ ...keys, beatKey: otherKey }, sealed)).toBeUndefined();
    await everyFlipIsRefused(sealed, (bytes) => openBeat(keys, bytes));
  });

  test('[K12] a link holder cannot beat for another leaf, nor use a signature made under no label', async () => {
    const ada = await signer();
    const mallory = await signer();
    const forged = await sealBeat(keys, { leafKey: ada.leafKey, sign: mallory.sign, body: utf8('beat') });
    expect(await openBeat(keys, forged)).toBeUndefined();
    const unlabelled = { ...ada, body: utf8('beat'), sign: () => ada.sign(utf8('beat')) };
    expect(await openBeat(keys, await sealBeat(keys, unlabelled))).toBeUndefined();
  });

  test('[K12, K27] a leaf key that is no key is refused, never thrown on', async () => {
    const ada = await signer();
    for (const fill of [0, 1, 255]) {
      const leafKey = new Uint8Array(32).fill(fill);
      const sealed = await sealBeat(keys, { ...ada, leafKey, body: utf8('beat') });
      expect(await openBeat(keys, sealed)).toBeUndefined();
    }
  });
});
