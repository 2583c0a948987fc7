/**
 * The media keys that are alive: at most four epochs of one group, each with its base key, its leaves and the keys
 * derived under it. A KID names one epoch, one leaf and one key, or nothing; nothing is ever tried under two.
 *
 * - Keys live under (group, epoch) and die with it; a group or an epoch is never entered twice, so no counter restarts.
 * - A leaf counts only if the same signature key sits at its place in the newest tree: a removed person is gone at once.
 *
 * @see SPEC.md S1–S9; D11, D12, D14, D15
 */

import type { MediaInstruction } from '@conclave/calling/media-instruction';
import { importBaseKey } from '@conclave/crypto/base-key';
import type { MediaKind } from '@conclave/crypto/kid';
import { decodeKid, encodeKid } from '@conclave/crypto/kid';
import type { ReplayWindow } from '@conclave/crypto/replay-window';
import { createReplayWindow } from '@conclave/crypto/replay-window';
import type { FrameKey } from '@conclave/crypto/sframe';
import { deriveFrameKey } from '@conclave/crypto/sframe';
import { toHex } from '@conclave/protocol/bytes';
import type { Clock } from './clock.ts';
import {
  EPOCHS_AHEAD_MAX,
  FRAME_KEY_IDLE_MS,
  FRAME_KEYS_PER_LEAF_MAX,
  GROUPS_MAX,
  LIVE_EPOCHS_MAX,
  RECEIVE_WINDOW_MS,
} from './media-limits.ts';

type EpochInstruction = Extract<MediaInstruction, { t: 'epoch' }>;

/** A key under which frames are received, with the one replay window that all receivers share (D15). */
export type ReceiveKey = {
  readonly frameKey: Promise<FrameKey>;
  readonly window: ReplayWindow;
  /** When something that came under it was last shown; −∞ before. */
  shownAtMs: number;
};

/** What a KID names now. */
export type KeyLookup =
  | {
      readonly t: 'found';
      readonly key: ReceiveKey;
      /** Signature key of the leaf, hexadecimal. */
      readonly leafKey: string;
      readonly kind: MediaKind;
      readonly context: number;
      readonly epoch: number;
    }
  /** Of one of the next epochs: its key may be under way. The leaf is who sits there now; a guess, for display only. */
  | { readonly t: 'ahead'; readonly leafKey: string | undefined; readonly kind: MediaKind }
  /** My own, sent back to me. */
  | { readonly t: 'own' }
  /** Of no live epoch, of nobody in its tree, or of somebody who has left. */
  | { readonly t: 'unknown' };

/** The epoch under which own frames are sealed; each object is one grant, so its identity tells when counters restart. */
export type SendGrant = {
  readonly epoch: number;
  readonly frameKeyOf: (context: number) => Promise<FrameKey>;
};

export type KeyStore = {
  /** Installs an epoch and erases `baseKey`. False, and nothing changes, unless the epoch is newer than all before. */
  readonly install: (instruction: EpochInstruction) => Promise<boolean>;
  /** Hands out the one send grant of an epoch. False if it was handed out before, or the epoch does not live. */
  readonly grantSend: (epoch: number) => boolean;
  /** The grant in force; undefined before the first and after its epoch has died. */
  readonly sending: () => SendGrant | undefined;
  /** Lets an epoch die in `delayMs`, or earlier if that was said before; never later. */
  readonly retire: (epoch: number, delayMs: number) => void;
  readonly lookup: (kid: number) => KeyLookup;
  /** Ends every key and the grant. What was entered and granted stays known, so nothing of it comes back. */
  readonly forget: () => void;
  /** Leaf key of everybody in the newest tree. */
  readonly present: () => ReadonlySet<string>;
};

type LiveEpoch = {
  readonly epoch: number;
  readonly baseKey: CryptoKey;
  readonly leafKeys: ReadonlyMap<number, string>;
  readonly ownLeafIndex: number;
  /** By leaf index, then KID. */
  readonly received: Map<number, Map<number, ReceiveKey>>;
  diesAtMs: number;
};

const EPOCHS_LOW = 256;

export function createKeyStore(clock: Clock): KeyStore {
  const granted = new Map<string, number>();
  const entered = new Map<string, number>();
  let group = '';
  let live: LiveEpoch[] = [];
  let grant: SendGrant | undefined;

  const install = async (instruction: EpochInstruction): Promise<boolean> => {
    const { epoch, baseKey } = instruction;
    const groupId = toHex(instruction.groupId);
    try {
      if (epoch <= (entered.get(groupId) ?? -1) || (groupId !== group && entered.has(groupId))) return false;
      if (!entered.has(groupId) && entered.size >= GROUPS_MAX) return false;
      const imported = await importBaseKey(baseKey);
      if (groupId !== group) {
        live = [];
        grant = undefined;
      }
      group = groupId;
      entered.set(groupId, epoch);
      outlive(epoch);
      live.push(liveEpochOf(instruction, imported));
      return true;
    } finally {
      baseKey.fill(0);
    }
  };

  /** Older epochs die in 8 s; what shares its low bits with the new one, or is the fifth, dies now. */
  const outlive = (epoch: number): void => {
    for (const older of live) older.diesAtMs = Math.min(older.diesAtMs, clock.nowMs() + RECEIVE_WINDOW_MS);
    live = living().filter((older) => older.epoch % EPOCHS_LOW !== epoch % EPOCHS_LOW);
    live = live.slice(Math.max(0, live.length - (LIVE_EPOCHS_MAX - 1)));
  };

  const living = (): LiveEpoch[] => {
    if (live.some(({ diesAtMs }) => diesAtMs <= clock.nowMs())) {
      live = live.filter(({ diesAtMs }) => diesAtMs > clock.nowMs());
    }
    return live;
  };

  const grantSend = (epoch: number): boolean => {
    const of = living().find((one) => one.epoch === epoch);
    if (!of || epoch <= (granted.get(group) ?? -1)) return false;
    granted.set(group, epoch);
    grant = {
      epoch,
      frameKeyOf: (context) =>
        deriveFrameKey(of.baseKey, encodeKid({ context, leafIndex: of.ownLeafIndex, epoch })),
    };
    return true;
  };

  const sending = (): SendGrant | undefined => {
    return living().some(({ epoch }) => epoch === grant?.epoch) ? grant : undefined;
  };

  const retire = (epoch: number, delayMs: number): void => {
    const of = live.find((one) => one.epoch === epoch);
    if (of) of.diesAtMs = Math.min(of.diesAtMs, clock.nowMs() + delayMs);
  };

  const lookup = (kid: number): KeyLookup => {
    const { leafIndex, epochLow, kind, context } = decodeKid(kid);
    const epochs = living();
    const newest = epochs.at(-1);
    const of = epochs.find(({ epoch }) => epoch % EPOCHS_LOW === epochLow);
    if (!newest || !of) {
      if (!isAhead(newest, epochLow)) return { t: 'unknown' };
      return { t: 'ahead', leafKey: newest?.leafKeys.get(leafIndex), kind };
    }
    if (leafIndex === of.ownLeafIndex) return { t: 'own' };
    const leafKey = of.leafKeys.get(leafIndex);
    if (leafKey === undefined || newest.leafKeys.get(leafIndex) !== leafKey) return { t: 'unknown' };
    const key = receiveKeyOf(of, leafIndex, kid, clock.nowMs());
    return key ? { t: 'found', key, leafKey, kind, context, epoch: of.epoch } : { t: 'unknown' };
  };

  const present = (): ReadonlySet<string> => new Set(living().at(-1)?.leafKeys.values());

  const forget = (): void => {
    live = [];
    grant = undefined;
    group = '';
  };

  return { install, grantSend, sending, retire, lookup, forget, present };
}

function liveEpochOf(instruction: EpochInstruction, baseKey: CryptoKey): LiveEpoch {
  return {
    epoch: instruction.epoch,
    baseKey,
    leafKeys: new Map(instruction.leaves.map(({ leafIndex, leafKey }) => [leafIndex, toHex(leafKey)])),
    ownLeafIndex: instruction.ownLeafIndex,
    received: new Map(),
    diesAtMs: Number.POSITIVE_INFINITY,
  };
}

/** Before the first epoch every KID may be of one that is under way. */
function isAhead(newest: LiveEpoch | undefined, epochLow: number): boolean {
  if (!newest) return true;
  const ahead = (epochLow - (newest.epoch % EPOCHS_LOW) + EPOCHS_LOW) % EPOCHS_LOW;
  return ahead >= 1 && ahead <= EPOCHS_AHEAD_MAX;
}

/**
 * A leaf has so many keys and no more, whatever comes under others. A flood of made-up contexts pushes out only keys that
 * never opened anything; after those, the one that was silent longest, if long enough.
 */
function receiveKeyOf(of: LiveEpoch, leafIndex: number, kid: number, nowMs: number): ReceiveKey | undefined {
  const ofLeaf = of.received.get(leafIndex) ?? new Map<number, ReceiveKey>();
  of.received.set(leafIndex, ofLeaf);
  const known = ofLeaf.get(kid);
  if (known) return known;
  if (ofLeaf.size >= FRAME_KEYS_PER_LEAF_MAX) {
    const [idlest] = [...ofLeaf].sort(([, a], [, b]) => (a.shownAtMs < b.shownAtMs ? -1 : 1));
    if (!idlest || nowMs - idlest[1].shownAtMs < FRAME_KEY_IDLE_MS) return undefined;
    ofLeaf.delete(idlest[0]);
  }
  const key = {
    frameKey: deriveFrameKey(of.baseKey, kid),
    window: createReplayWindow(),
    shownAtMs: Number.NEGATIVE_INFINITY,
  };
  ofLeaf.set(kid, key);
  return key;
}
