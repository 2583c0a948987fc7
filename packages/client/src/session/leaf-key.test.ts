import 'fake-indexeddb/auto';
import { isHostKey, type Link } from '@conclave/crypto/link';
import { equalBytes, toBase64Url } from '@conclave/protocol/bytes';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { claimLeafKey, createRoomLink, type LeafKey } from './leaf-key.ts';
import { forgetTabLinks, rememberTabLink, storeTabLink, tabKickedKeys, tabLinks } from './tab-links.ts';

/** The storage of one tab; a duplicated tab starts with a copy of it. */
class TabStorage {
  readonly #entries: Map<string, string>;
  constructor(entries: Iterable<readonly [string, string]> = []) {
    this.#entries = new Map(entries);
  }
  getItem = (key: string) => this.#entries.get(key) ?? null;
  setItem = (key: string, value: string) => void this.#entries.set(key, value);
  removeItem = (key: string) => void this.#entries.delete(key);
  copy = () => new TabStorage(this.#entries);
  get text() {
    return [...this.#entries].flat().join('\n');
  }
}

let tab: TabStorage;
const held: LeafKey[] = [];

function useTab(storage: TabStorage): void {
  tab = storage;
  vi.stubGlobal('sessionStorage', storage);
}

async function claim(link: Link): Promise<LeafKey> {
  const claimed = await claimLeafKey(link);
  held.push(claimed);
  return claimed;
}

const isSame = (a: LeafKey, b: LeafKey) => equalBytes(a.key.publicKey, b.key.publicKey);
const newRoom = () => createRoomLink({ suite: 1, lobby: false, kept: false });
/** A room whose host key is on another device: any key that this device does not hold. */
const foreignRoom = async (): Promise<Link> => {
  const link = await newRoom();
  return { ...link, roomId: crypto.getRandomValues(new Uint8Array(16)) };
};

beforeEach(() => useTab(new TabStorage()));
afterEach(() => {
  for (const each of held.splice(0)) each.release();
});

describe('leaf keys', () => {
  test('[S50] cannot be taken out of the browser', async () => {
    const { key } = await claim(await foreignRoom());
    expect(key.privateKey.extractable).toBe(false);
    await expect(crypto.subtle.exportKey('pkcs8', key.privateKey)).rejects.toThrow();
  });

  test('[S51] the device that made the link holds its host key, also in another tab after a crash', async () => {
    const link = await newRoom();
    const first = await claim(link);
    expect(first.isFounder).toBe(true);
    expect(isHostKey(link, first.key.publicKey)).toBe(true);
    first.release();
    useTab(new TabStorage());
    const second = await claim(link);
    expect(second.isFounder && isSame(first, second)).toBe(true);
    expect((await claim(await foreignRoom())).isFounder).toBe(false);
  });

  test('[S52] a reload has the same key, a duplicated tab never', async () => {
    const link = await foreignRoom();
    const first = await claim(link);
    useTab(tab.copy());
    const duplicate = await claim(link);
    expect(isSame(first, duplicate)).toBe(false);
    first.release();
    duplicate.release();
    expect(isSame(await claim(link), duplicate)).toBe(true);
  });

  test('[S52] the second tab of a host is a guest', async () => {
    const link = await newRoom();
    await claim(link);
    const second = await claim(link);
    expect(second.isFounder).toBe(false);
  });

  test('[S53] Leave deletes a guest’s key and lets a host come back', async () => {
    const [own, foreign] = [await newRoom(), await foreignRoom()];
    const guest = await claim(foreign);
    await guest.forget();
    expect(isSame(await claim(foreign), guest)).toBe(false);
    const host = await claim(own);
    await host.forget();
    expect(isSame(await claim(own), host)).toBe(true);
  });
});

describe('links of a tab', () => {
  test('[S54] a changed link stands before the old one until it is in force; no other storage has either', async () => {
    const local = new TabStorage();
    vi.stubGlobal('localStorage', local);
    const link = await newRoom();
    const mallory = 'ab'.repeat(32);
    const changed = [1, 2].map((byte) => ({ ...link, secret: new Uint8Array(32).fill(byte) }));
    rememberTabLink(link);
    for (const each of changed) storeTabLink({ link: each, isInForce: false, kickedKeys: [mallory] });
    expect(tabLinks(link.roomId)).toEqual([...changed.reverse(), link]);
    storeTabLink({ link: changed[0] ?? link, isInForce: true, kickedKeys: [mallory] });
    expect(tabLinks(link.roomId)).toEqual([changed[0]]);
    expect(tabKickedKeys(link.roomId)).toEqual([mallory]);
    forgetTabLinks(link.roomId);
    expect([tabLinks(link.roomId), tabKickedKeys(link.roomId)]).toEqual([[], []]);
    expect(tab.text).not.toContain(toBase64Url(link.secret));
    expect(local.text).toBe('');
  });
});
