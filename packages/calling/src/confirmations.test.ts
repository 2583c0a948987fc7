import type { Leaf } from '@conclave/crypto/mls/engine';
import { type Bytes, toHex, utf8 } from '@conclave/protocol/bytes';
import { describe, expect, test } from 'vitest';
import { randomBytes } from '../test/small-call.ts';
import type { Beat } from './beat.ts';
import {
  type BeatNews,
  confirmedKeys,
  emptyLedger,
  enterEpoch,
  hasSendLease,
  isConfirmed,
  type Ledger,
  nextLapseAtMs,
  noteBeat,
  type OwnPlace,
  restartLedger,
  standingOf,
  withOwnHash,
} from './confirmations.ts';
import {
  BEAT_EPOCHS_BACK_MAX,
  BEATS_AHEAD_OF_STRANGERS_MAX,
  CONFIRMED_MS,
  OWN_HASHES_MAX,
  SEND_LEASE_MS,
} from './limits.ts';
import { foundingPolicy } from './policy.ts';

const groupId = randomBytes(32);
const keyOf = (name: string): Bytes => {
  const key = new Uint8Array(32);
  key.set(utf8(name));
  return key;
};
const [me, ada, bob, cem, stranger] = ['me', 'Ada', 'Bob', 'Cem', 'stranger'].map(keyOf) as [
  Bytes,
  Bytes,
  Bytes,
  Bytes,
  Bytes,
];
/** Ada is the host. */
const policy = foundingPolicy({ suite: 1, isLobbyOn: false, serverKey: randomBytes(32), hostKey: ada });

/** The hash of an epoch in one of the histories. */
function hashOf(epoch: number, history = 'true'): Bytes {
  const hash = new Uint8Array(32);
  hash.set(utf8(`${history} ${epoch}`));
  return hash;
}

function leavesOf(...keys: readonly Bytes[]): readonly Leaf[] {
  return keys.map((signatureKey, leafIndex) => ({ leafIndex, signatureKey, identity: randomBytes(8) }));
}

function placeAt(epoch: number, keys: readonly Bytes[] = [me, ada, bob, cem], since = 0): OwnPlace {
  const epochs = Array.from({ length: epoch - since + 1 }, (_, index) => epoch - index);
  const hashes = epochs.slice(0, OWN_HASHES_MAX).map((e) => ({ epoch: e, hash: hashOf(e) }));
  return { groupId, epoch, hashes, leaves: leavesOf(...keys), ownKey: me, policy };
}

interface BeatParts extends Partial<Beat> {
  readonly history?: string;
  /** How many epochs back both histories are one. */
  readonly forkedAt?: number;
}

function beatOf(leafKey: Bytes, epoch: number, seq: number, parts: BeatParts = {}): Beat {
  const { history = 'true', forkedAt = 0, ...rest } = parts;
  const hashes = [0, 1, 2, 3]
    .map((back) => epoch - back)
    .filter((e) => e >= 0)
    .map((e) => ({ epoch: e, hash: hashOf(e, e >= forkedAt ? history : 'true') }));
  const leafIndex = [me, ada, bob, cem].findIndex((key) => toHex(key) === toHex(leafKey));
  const flags = { microphone: true, camera: false, screen: false, hand: false };
  const contexts = [{ context: 4, counter: 7 }];
  return {
    groupId,
    epoch,
    hashes,
    leafKey,
    leafIndex: Math.max(0, leafIndex),
    seq,
    flags,
    contexts,
    appSeq: 0,
    ask: false,
    ...rest,
  };
}

function joined(epoch: number, nowMs = 0, keys?: readonly Bytes[]): Ledger {
  return enterEpoch(emptyLedger(), placeAt(epoch, keys, epoch), nowMs).ledger;
}

function kinds(news: readonly BeatNews[]): readonly string[] {
  return news.map(({ t }) => t).sort();
}

describe('what counts', () => {
  test('[C29] a beat of another leaf for my epoch confirms, acknowledges, and carries flags and counters', () => {
    const { ledger, news } = noteBeat(joined(5), beatOf(bob, 5, 0), placeAt(5, undefined, 5), 100);
    expect(kinds(news)).toEqual(['acknowledged', 'confirmed', 'counters', 'flags']);
    expect(news).toContainEqual({
      t: 'counters',
      leafKey: bob,
      epoch: 5,
      contexts: [{ context: 4, counter: 7 }],
      receivedAtMs: 100,
    });
    expect(confirmedKeys(ledger, 100)).toEqual([bob]);
    const again = noteBeat(ledger, beatOf(bob, 5, 1), placeAt(5, undefined, 5), 200);
    expect(kinds(again.news)).toEqual(['counters']);
  });

  test('[C29] not of a stranger, not my own, not of another group, not from another leaf index', () => {
    const place = placeAt(5, undefined, 5);
    const beats = [
      beatOf(stranger, 5, 0),
      beatOf(me, 5, 0),
      beatOf(bob, 5, 0, { groupId: randomBytes(32) }),
      beatOf(bob, 5, 0, { leafIndex: 1 }),
    ];
    for (const beat of beats) {
      const { ledger, news } = noteBeat(joined(5), beat, place, 0);
      expect(news).toEqual([]);
      expect(confirmedKeys(ledger, 0)).toEqual([]);
    }
  });

  test('[C29] not for an epoch before I joined, nor one that my history does not know', () => {
    const { ledger } = noteBeat(joined(5), beatOf(bob, 4, 3), placeAt(5, undefined, 5), 0);
    expect(isConfirmed(ledger, bob, 0)).toBe(false);
    const long = placeAt(20);
    const start = enterEpoch(emptyLedger(), placeAt(1), 0).ledger;
    const old = enterEpoch(start, long, 0).ledger;
    expect(isConfirmed(noteBeat(old, beatOf(bob, 20 - OWN_HASHES_MAX, 0), long, 0).ledger, bob, 0)).toBe(
      false,
    );
    expect(isConfirmed(noteBeat(old, beatOf(bob, 13, 0), long, 0).ledger, bob, 0)).toBe(true);
  });

  test('[C29] a beat from before the leaf came does not confirm who came back under the same key', () => {
    const start = enterEpoch(emptyLedger(), placeAt(3), 0).ledger;
    const gone = enterEpoch(start, placeAt(4, [me, ada]), 0).ledger;
    const back = enterEpoch(gone, placeAt(5), 0).ledger;
    expect(isConfirmed(noteBeat(back, beatOf(bob, 3, 9), placeAt(5), 0).ledger, bob, 0)).toBe(false);
    expect(isConfirmed(noteBeat(back, beatOf(bob, 5, 0), placeAt(5), 0).ledger, bob, 0)).toBe(true);
  });

  test('[C29] a fork shown to a joiner: its host is in the tree and stays unconfirmed (G21)', () => {
    const place = placeAt(8, [me, ada, bob], 8);
    const start = enterEpoch(emptyLedger(), place, 0).ledger;
    // Mallory sits on Bob's leaf of this fork; Ada's real beats are of a history that left this one at epoch 8.
    const real = beatOf(ada, 9, 4, { history: 'real', forkedAt: 9 });
    const { ledger } = noteBeat(noteBeat(start, beatOf(bob, 8, 0), place, 0).ledger, real, place, 0);
    expect(confirmedKeys(ledger, 0)).toEqual([bob]);
    expect(standingOf(ledger, ada, 0)).toBe('unconfirmed');
  });

  test('[C30] a replay refreshes nothing, nor does an older beat that comes late', () => {
    const place = placeAt(5);
    const start = enterEpoch(emptyLedger(), place, 0).ledger;
    const first = noteBeat(start, beatOf(bob, 5, 3), place, 0).ledger;
    for (const beat of [beatOf(bob, 5, 3), beatOf(bob, 5, 2), beatOf(bob, 4, 99)]) {
      const { ledger, news } = noteBeat(first, beat, place, 20_000);
      expect(news).toEqual([]);
      expect(ledger).toBe(first);
      expect(isConfirmed(ledger, bob, CONFIRMED_MS)).toBe(false);
    }
  });
});

describe('forks', () => {
  const place = placeAt(6);
  const start = enterEpoch(emptyLedger(), place, 0).ledger;
  const other = (key: Bytes, seq = 0) => beatOf(key, 6, seq, { history: 'other', forkedAt: 6 });

  test('[C31] one who is no host marks himself and nobody else (G26)', () => {
    const { ledger, news } = noteBeat(start, other(bob), place, 0);
    expect(news).toEqual([{ t: 'other-call', leafKey: bob }]);
    expect(ledger.isForked).toBe(false);
    expect(standingOf(ledger, bob, 0)).toBe('other-call');
    const repeated = noteBeat(ledger, other(bob, 1), place, 0);
    expect(repeated.ledger.isForked).toBe(false);
    expect(repeated.news).toEqual([]);
  });

  test('[C31] a host’s beat proves it alone', () => {
    const { ledger, news } = noteBeat(start, other(ada), place, 0);
    expect(kinds(news)).toEqual(['forked', 'other-call']);
    expect(ledger.isForked).toBe(true);
  });

  test('[C31] two leaves prove it together', () => {
    const one = noteBeat(start, other(bob), place, 0).ledger;
    const { ledger, news } = noteBeat(one, other(cem), place, 0);
    expect(kinds(news)).toEqual(['forked', 'other-call']);
    expect(ledger.isForked).toBe(true);
  });

  test('[C31] one after the other, who came right in between, does not', () => {
    const one = noteBeat(start, other(bob), place, 0).ledger;
    const healed = noteBeat(one, beatOf(bob, 6, 1), place, 0).ledger;
    expect(standingOf(healed, bob, 0)).toBe('confirmed');
    expect(noteBeat(healed, other(cem), place, 0).ledger.isForked).toBe(false);
  });

  test('[C31] proven, it stays so, whatever is heard later', () => {
    const forked = noteBeat(start, other(ada), place, 0).ledger;
    const { ledger } = noteBeat(forked, beatOf(ada, 6, 1), place, 0);
    expect(ledger.isForked).toBe(true);
    const again = noteBeat(ledger, other(bob), place, 0);
    expect(again.ledger.isForked).toBe(true);
    expect(kinds(again.news)).toEqual(['other-call']);
    expect(enterEpoch(ledger, placeAt(7), 0).ledger.isForked).toBe(true);
    expect(restartLedger(ledger).isForked).toBe(true);
  });

  test('[C31] an earlier epoch’s hash is as good a proof, also from ahead', () => {
    const ahead = beatOf(ada, 9, 0, { history: 'other', forkedAt: 6 });
    expect(noteBeat(start, ahead, place, 0).ledger.isForked).toBe(true);
    const same = beatOf(ada, 9, 0, { history: 'other', forkedAt: 7 });
    expect(noteBeat(start, same, place, 0).ledger.isForked).toBe(false);
  });

  test('[C31] strangers, removed people, other groups and silence prove nothing', () => {
    const without = placeAt(7, [me, bob]);
    const left = enterEpoch(start, without, 0).ledger;
    const beats = [
      beatOf(stranger, 7, 0, { history: 'other' }),
      beatOf(ada, 7, 0, { history: 'other' }),
      beatOf(cem, 7, 0, { history: 'other' }),
      beatOf(bob, 7, 0, { history: 'other', groupId: randomBytes(32) }),
    ];
    for (const beat of beats) expect(noteBeat(left, beat, without, 0).ledger.isForked).toBe(false);
    expect(left.isForked).toBe(false);
  });

  test('[C31] a stale proof, older than what was heard since, counts for nothing', () => {
    const later = noteBeat(start, beatOf(ada, 6, 5), place, 0).ledger;
    expect(noteBeat(later, other(ada, 4), place, 0).ledger.isForked).toBe(false);
  });
});

describe('beats of later epochs', () => {
  const place = placeAt(5);
  const start = enterEpoch(emptyLedger(), place, 0).ledger;

  test('[C32] up to two ahead are kept and judged at the merge, with the time of their coming', () => {
    const { ledger, news } = noteBeat(start, beatOf(bob, 7, 0), place, 1_000);
    expect(news).toEqual([{ t: 'ahead', leafKey: bob, epoch: 7 }]);
    expect(isConfirmed(ledger, bob, 1_000)).toBe(false);
    const six = enterEpoch(ledger, placeAt(6), 2_000);
    expect(six.news).toEqual([]);
    const seven = enterEpoch(six.ledger, placeAt(7), 3_000);
    expect(kinds(seven.news)).toContain('confirmed');
    expect(isConfirmed(seven.ledger, bob, 1_000 + CONFIRMED_MS - 1)).toBe(true);
    expect(isConfirmed(seven.ledger, bob, 1_000 + CONFIRMED_MS)).toBe(false);
  });

  test('[C32] three ahead only tell that there is something to fetch', () => {
    const { ledger, news } = noteBeat(start, beatOf(bob, 8, 0), place, 0);
    expect(kinds(news)).toEqual(['ahead']);
    expect(ledger.ahead.size).toBe(0);
  });

  test('[C32] a kept beat of another history is proof at the merge', () => {
    const kept = noteBeat(start, beatOf(ada, 6, 0, { history: 'other', forkedAt: 6 }), place, 0).ledger;
    expect(kept.isForked).toBe(false);
    expect(enterEpoch(kept, placeAt(6), 0).ledger.isForked).toBe(true);
  });

  test('[C32] a joiner’s first beat may come before the commit that adds it', () => {
    const early = noteBeat(start, beatOf(stranger, 6, 0, { leafIndex: 4, ask: true }), place, 0);
    expect(early.news).toEqual([]);
    const { ledger, news } = enterEpoch(early.ledger, placeAt(6, [me, ada, bob, cem, stranger]), 50);
    expect(kinds(news)).toContain('confirmed');
    expect(news).toContainEqual({ t: 'answer', atMs: 50 });
    expect(isConfirmed(ledger, stranger, 50)).toBe(true);
  });

  test('[C32] my own beat comes back with every bundle and is nobody’s', () => {
    const { ledger, news } = noteBeat(start, beatOf(me, 6, 0), place, 0);
    expect(news).toEqual([]);
    expect(ledger.ahead.size).toBe(0);
  });

  test('[C32] the newest of each is kept, and strangers cannot crowd anybody out', () => {
    let ledger = start;
    for (let index = 0; index < 3 * BEATS_AHEAD_OF_STRANGERS_MAX; index++) {
      ledger = noteBeat(ledger, beatOf(randomBytes(32), 6, 0), place, 0).ledger;
    }
    expect(ledger.ahead.size).toBe(BEATS_AHEAD_OF_STRANGERS_MAX);
    for (const seq of [3, 5, 4]) ledger = noteBeat(ledger, beatOf(bob, 6, seq), place, 0).ledger;
    expect(ledger.ahead.get(toHex(bob))?.beat.seq).toBe(5);
    expect(ledger.ahead.size).toBe(BEATS_AHEAD_OF_STRANGERS_MAX + 1);
  });
});

describe('time', () => {
  const place = placeAt(5);
  const start = enterEpoch(emptyLedger(), place, 0).ledger;

  test('[C33] confirmed for 25 s, then unreachable, then confirmed again', () => {
    const { ledger } = noteBeat(start, beatOf(bob, 5, 0), place, 1_000);
    expect(standingOf(ledger, bob, 1_000 + CONFIRMED_MS - 1)).toBe('confirmed');
    expect(standingOf(ledger, bob, 1_000 + CONFIRMED_MS)).toBe('unreachable');
    expect(standingOf(ledger, cem, 1_000)).toBe('unconfirmed');
    const again = noteBeat(ledger, beatOf(bob, 5, 1), place, 40_000);
    expect(kinds(again.news)).toContain('confirmed');
    expect(standingOf(again.ledger, bob, 40_000)).toBe('confirmed');
  });

  test('[C33] a confirmation outlives the change of the epoch', () => {
    const { ledger } = noteBeat(start, beatOf(bob, 5, 0), place, 0);
    const next = enterEpoch(ledger, placeAt(6), 10_000).ledger;
    expect(isConfirmed(next, bob, 10_000)).toBe(true);
    expect(isConfirmed(next, bob, CONFIRMED_MS)).toBe(false);
  });

  test('[C39] the lease is 30 s from a beat for my own epoch, and a laggard’s does not give one', () => {
    const { ledger } = noteBeat(start, beatOf(bob, 5, 0), place, 1_000);
    expect(hasSendLease(start, 1_000)).toBe(false);
    expect(hasSendLease(ledger, 1_000 + SEND_LEASE_MS - 1)).toBe(true);
    expect(hasSendLease(ledger, 1_000 + SEND_LEASE_MS)).toBe(false);
    const since4 = enterEpoch(enterEpoch(emptyLedger(), placeAt(4), 0).ledger, place, 0).ledger;
    const lagging = noteBeat(since4, beatOf(bob, 4, 9), place, 1_000).ledger;
    expect(isConfirmed(lagging, bob, 1_000)).toBe(true);
    expect(hasSendLease(lagging, 1_000)).toBe(false);
    const merged = enterEpoch(ledger, placeAt(6), 2_000).ledger;
    const late = noteBeat(merged, beatOf(bob, 5, 1), placeAt(6), 20_000).ledger;
    expect(isConfirmed(late, bob, 20_000)).toBe(true);
    expect(hasSendLease(late, 1_000 + SEND_LEASE_MS)).toBe(false);
  });

  test('[C39] the lease goes with the person who gave it, and with proof of another call', () => {
    const { ledger } = noteBeat(start, beatOf(bob, 5, 0), place, 1_000);
    expect(hasSendLease(enterEpoch(ledger, placeAt(6, [me, ada]), 2_000).ledger, 2_000)).toBe(false);
    const elsewhere = noteBeat(
      ledger,
      beatOf(bob, 5, 1, { history: 'other', forkedAt: 5 }),
      place,
      2_000,
    ).ledger;
    expect(hasSendLease(elsewhere, 2_000)).toBe(false);
    expect(confirmedKeys(elsewhere, 2_000)).toEqual([]);
  });

  test('[C33] the next lapse is told', () => {
    expect(nextLapseAtMs(start, 0)).toBeUndefined();
    const { ledger } = noteBeat(start, beatOf(bob, 5, 0), place, 1_000);
    expect(nextLapseAtMs(ledger, 1_000)).toBe(1_000 + CONFIRMED_MS);
    expect(nextLapseAtMs(ledger, 1_000 + CONFIRMED_MS)).toBe(1_000 + SEND_LEASE_MS);
    expect(nextLapseAtMs(ledger, 1_000 + SEND_LEASE_MS)).toBeUndefined();
  });

  test('[C33] after a resync everybody confirms anew, and old beats do not count', () => {
    const { ledger } = noteBeat(start, beatOf(ada, 5, 0), place, 0);
    const here = placeAt(9, undefined, 9);
    const back = enterEpoch(restartLedger(ledger), here, 1_000).ledger;
    expect(confirmedKeys(back, 1_000)).toEqual([]);
    expect(isConfirmed(noteBeat(back, beatOf(ada, 8, 5), here, 1_000).ledger, ada, 1_000)).toBe(false);
    expect(isConfirmed(noteBeat(back, beatOf(ada, 9, 0), here, 1_000).ledger, ada, 1_000)).toBe(true);
  });

  test('[C33] asks are answered at most once a second, and none is lost', () => {
    const ask = (key: Bytes, seq: number) => beatOf(key, 5, seq, { ask: true });
    const answers = (news: readonly BeatNews[]) => news.flatMap((n) => (n.t === 'answer' ? [n.atMs] : []));
    const first = noteBeat(start, ask(ada, 0), place, 0);
    expect(answers(first.news)).toEqual([0]);
    const second = noteBeat(first.ledger, ask(bob, 0), place, 300);
    expect(answers(second.news)).toEqual([1_000]);
    const third = noteBeat(second.ledger, ask(cem, 0), place, 900);
    expect(answers(third.news)).toEqual([]);
    const fourth = noteBeat(third.ledger, ask(ada, 1), place, 1_200);
    expect(answers(fourth.news)).toEqual([2_000]);
    expect(answers(noteBeat(fourth.ledger, ask(ada, 2), place, 9_000).news)).toEqual([9_000]);
  });

  test('[C29] own hashes are kept newest first, each once, and bounded', () => {
    const all = Array.from({ length: 20 }, (_, epoch) => ({ epoch, hash: hashOf(epoch) }));
    const kept = all.reduce<readonly { epoch: number; hash: Bytes }[]>(withOwnHash, []);
    expect(kept.map(({ epoch }) => epoch)).toEqual(
      Array.from({ length: OWN_HASHES_MAX }, (_, index) => 19 - index),
    );
    const again = withOwnHash(kept, { epoch: 18, hash: hashOf(18, 'other') });
    expect(again.slice(0, 2).map(({ epoch }) => epoch)).toEqual([18, 17]);
    const afterLong = withOwnHash(kept, { epoch: 15 + BEAT_EPOCHS_BACK_MAX, hash: hashOf(1_000) });
    expect(afterLong.at(-1)?.epoch).toBe(15);
  });
});
