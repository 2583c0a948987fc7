/**
 * The leaf key of this tab in a room, SPEC S51–S53, design D12 and D24. A Web Lock per key keeps a duplicated tab from
 * sharing it: two pages under one leaf key would restart the same frame counters.
 */
import type { Link } from '@conclave/crypto/link';
import { createLink, isHostKey } from '@conclave/crypto/link';
import { generateSigningKey, type SigningKey } from '@conclave/crypto/mls/signing-key';
import { toBase64Url, toHex } from '@conclave/protocol/bytes';
import { LEAF_LOCK_WAIT_MS } from '../limits.ts';
import {
  expireHostKey,
  forgetSigningKey,
  hostKeyId,
  loadSigningKey,
  storeSigningKey,
} from './signing-key-store.ts';

export interface LeafKey {
  readonly key: SigningKey;
  /** The link names this key: it may make the room and found its group. */
  readonly isFounder: boolean;
  /** False where nothing is kept: a reload comes back as a new person, and the page says so. */
  readonly isKept: boolean;
  /** Lets go of the lock; the key stays for a return. */
  release(): void;
  /** Leave: a guest's key is deleted, a host's expires after a day unless the room is kept. */
  forget(): Promise<void>;
}

/** Makes a room's link on this device: the host key is born here, non-extractable, and stays here. */
export async function createRoomLink(options: {
  readonly suite: 1 | 2;
  readonly lobby: boolean;
  readonly kept: boolean;
}): Promise<Link> {
  const key = await generateSigningKey();
  const link = createLink({
    hostPublicKey: key.publicKey,
    suite: options.suite,
    kind: 'e2ee',
    flags: { kept: options.kept, lobby: options.lobby },
    nowUnixMs: Date.now(),
  });
  keysOfThisPage.set(await hostKeyId(link.roomId), key);
  await storeSigningKey(await hostKeyId(link.roomId), key);
  return link;
}

/** Where IndexedDB is missing a host key lives as long as its page. */
const keysOfThisPage = new Map<string, SigningKey>();

/** The key that this tab enters the room with; a fresh one when there is none or another tab holds it. */
export async function claimLeafKey(link: Link): Promise<LeafKey> {
  return (await claimHostKey(link)) ?? (await claimGuestKey(link));
}

async function claimHostKey(link: Link): Promise<LeafKey | undefined> {
  const id = await hostKeyId(link.roomId);
  const key = keysOfThisPage.get(id) ?? (await loadSigningKey(id));
  if (key === undefined || !isHostKey(link, key.publicKey)) return undefined;
  const release = await lock(key);
  if (release === undefined) return undefined;
  // A host who is back is no longer leaving: the day after which the key would go ends here.
  await storeSigningKey(id, key);
  const forget = async () => {
    release();
    if (!link.flags.kept) await expireHostKey(id);
  };
  return { key, isFounder: true, isKept: true, release, forget };
}

async function claimGuestKey(link: Link): Promise<LeafKey> {
  const slot = `conclave.leaf.${toBase64Url(link.roomId)}`;
  const known = sessionStorage.getItem(slot);
  const stored = known === null ? undefined : await loadSigningKey(known);
  if (known !== null && stored !== undefined) {
    const release = await lock(stored);
    if (release !== undefined) return guest(stored, known, slot, true, release);
  }
  const id = toHex(crypto.getRandomValues(new Uint8Array(16)));
  const key = await generateSigningKey();
  const isKept = await storeSigningKey(id, key);
  sessionStorage.setItem(slot, id);
  const release = await lock(key);
  return guest(key, id, slot, isKept, release ?? (() => undefined));
}

function guest(key: SigningKey, id: string, slot: string, isKept: boolean, release: () => void): LeafKey {
  const forget = async () => {
    release();
    sessionStorage.removeItem(slot);
    await forgetSigningKey(id);
  };
  return { key, isFounder: false, isKept, release, forget };
}

/** Holds the key's lock until released; undefined when another page still has it after the wait. */
function lock(key: SigningKey): Promise<(() => void) | undefined> {
  const name = `conclave leaf ${toHex(key.publicKey)}`;
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(LEAF_LOCK_WAIT_MS);
    navigator.locks
      .request(name, { signal }, () => new Promise<void>((release) => resolve(release)))
      .catch(() => resolve(undefined));
  });
}
