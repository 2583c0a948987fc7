import { utf8 } from '@conclave/protocol/bytes';
import { describe, expect, test } from 'vitest';
import { person, world } from '../../test/mls-group.ts';
import * as engine from './engine.ts';
import { inside } from './group.ts';
import { handleOf, signature } from './signing-key.ts';

describe('signing keys', () => {
  test('[K34] are not extractable, sign and verify, and survive being cloned', async () => {
    const key = await engine.generateSigningKey();
    expect(key.privateKey.extractable).toBe(false);
    await expect(crypto.subtle.exportKey('pkcs8', key.privateKey)).rejects.toThrow();
    const signed = await engine.sign(key, utf8('message'));
    expect(signed).toHaveLength(64);
    expect(await engine.verify(key.publicKey, signed, utf8('message'))).toBe(true);
    expect(await engine.verify(key.publicKey, signed, utf8('massage'))).toBe(false);
    const kept = structuredClone(key);
    expect(await engine.verify(key.publicKey, await engine.sign(kept, utf8('x')), utf8('x'))).toBe(true);
  });

  test('[K34] verification answers false to anything that is no key or no signature', async () => {
    const { publicKey } = await engine.generateSigningKey();
    const wrong = [
      new Uint8Array(),
      new Uint8Array(31),
      new Uint8Array(64),
      new Uint8Array(65),
      new Uint8Array(32).fill(0xff),
    ];
    for (const a of wrong) {
      expect(await engine.verify(publicKey, a, utf8('x'))).toBe(false);
      expect(await engine.verify(a, new Uint8Array(64), utf8('x'))).toBe(false);
    }
  });

  test('[K34] the library holds a handle, and a copy of its bytes signs nothing', async () => {
    const key = await engine.generateSigningKey();
    const handle = handleOf(key);
    expect(handleOf(key)).toBe(handle);
    expect(handle).toHaveLength(16);
    await expect(signature.sign(handle.slice(), utf8('x'))).rejects.toThrow('no signing key');
    const signed = await signature.sign(handle, utf8('x'));
    expect(await signature.verify(key.publicKey, utf8('x'), signed)).toBe(true);
    await expect(signature.keygen()).rejects.toThrow();
  });

  test('[K34] no state of a group holds more of the signing key than its handle', async () => {
    const suite = await engine.createSuite(1);
    const { people, states } = await world(suite, 3);
    for (const [index, state] of states.entries()) {
      const key = people[index]?.key ?? (await person(suite, 'nobody')).key;
      expect(inside(state).signaturePrivateKey).toBe(handleOf(key));
    }
  });
});
