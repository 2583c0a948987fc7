/**
 * Confirmations (D14, D16, D23): what beats prove about the people in the tree. An immutable ledger with one record for
 * each other leaf of the current epoch; who has no leaf has no record, and proves nothing.
 *
 * A beat counts once (newer = larger (epoch, seq)), for an epoch of the own chain, not before the leaf came or before I
 * did. A different hash for the same group and epoch is proof of a fork; silence and unreadable data never are.
 *
 * @see SPEC.md C29–C33
 */
import type { Leaf } from '@conclave/crypto/mls/engine';
import { type Bytes, equalBytes, toHex } from '@conclave/protocol/bytes';
import { type Beat, type EpochHash, isNewer } from './beat.ts';
import {
  ASK_ANSWER_INTERVAL_MS,
  BEAT_EPOCHS_AHEAD_MAX,
  BEAT_EPOCHS_BACK_MAX,
  BEATS_AHEAD_OF_STRANGERS_MAX,
  CONFIRMED_MS,
  FORK_WITNESSES_MIN,
  OWN_HASHES_MAX,
  SEND_LEASE_MS,
} from './limits.ts';
import type { MediaContext } from './media-instruction.ts';
import { isHost, type Policy } from './policy.ts';
import type { Flags, Standing } from './view.ts';

/** The own place in the history, by which beats are judged. */
export interface OwnPlace {
  readonly groupId: Bytes;
  readonly epoch: number;
  /** Of this and of earlier own epochs, newest first: see `withOwnHash`. */
  readonly hashes: readonly EpochHash[];
  /** Of the current epoch, the own one included. */
  readonly leaves: readonly Leaf[];
  readonly ownKey: Bytes;
  /** In force; says whose word on a fork counts alone. */
  readonly policy: Policy;
}

/** What is known of another leaf of the current tree. */
export interface LeafRecord {
  readonly leafKey: Bytes;
  /** Since when this leaf is in the own chain, as far as this client saw. */
  readonly sinceEpoch: number;
  readonly sinceMs: number;
  /** The newest beat that counted. */
  readonly beat?: Beat;
  readonly receivedAtMs?: number;
  /** When a beat for the then current own epoch was last received: the send lease. */
  readonly inEpochAtMs?: number;
  /** The newest beat shows another history. */
  readonly isElsewhere: boolean;
  /** Place of the newest beat that was looked at, whatever came of it. */
  readonly newest?: { readonly epoch: number; readonly seq: number };
}

export interface KeptBeat {
  readonly beat: Beat;
  readonly receivedAtMs: number;
}

export interface Ledger {
  /** By hexadecimal leaf key. */
  readonly records: ReadonlyMap<string, LeafRecord>;
  /** Beats of epochs ahead, the newest of each signer. */
  readonly ahead: ReadonlyMap<string, KeptBeat>;
  /** Proven by a host or by enough others; stays for the life of the group. */
  readonly isForked: boolean;
  /** The epoch in which this client came: leaves of that epoch were there before it. */
  readonly joinedEpoch?: number;
  /** When the last asked-for beat was due. */
  readonly answerAtMs?: number;
}

export type BeatNews =
  /** Counted now and was not before. */
  | { readonly t: 'confirmed'; readonly leafKey: Bytes }
  /** Has merged this epoch. */
  | { readonly t: 'acknowledged'; readonly leafKey: Bytes; readonly epoch: number }
  | { readonly t: 'flags'; readonly leafKey: Bytes; readonly flags: Flags }
  | {
      readonly t: 'counters';
      readonly leafKey: Bytes;
      readonly epoch: number;
      readonly contexts: readonly MediaContext[];
      readonly receivedAtMs: number;
    }
  /** A member says it is in a later epoch: the log may hold something for us. */
  | { readonly t: 'ahead'; readonly leafKey: Bytes; readonly epoch: number }
  | { readonly t: 'other-call'; readonly leafKey: Bytes }
  | { readonly t: 'forked' }
  /** Send a beat then. */
  | { readonly t: 'answer'; readonly atMs: number };

export interface Noted {
  readonly ledger: Ledger;
  readonly news: readonly BeatNews[];
}

/** Of a group that was just founded or joined; `enterEpoch` comes next. */
export function emptyLedger(): Ledger {
  return { records: new Map(), ahead: new Map(), isForked: false };
}

/**
 * After a resync: what was confirmed in the epochs before it says nothing about the epoch that the server gave to come
 * back to. `OwnPlace.hashes` start anew, too.
 */
export function restartLedger({ isForked }: Ledger): Ledger {
  return { ...emptyLedger(), isForked };
}

/** The own hashes with one more, newest first, bounded; none lies further back than a beat can say. */
export function withOwnHash(hashes: readonly EpochHash[], next: EpochHash): readonly EpochHash[] {
  const earlier = hashes.filter(
    ({ epoch }) => epoch < next.epoch && next.epoch - epoch <= BEAT_EPOCHS_BACK_MAX,
  );
  return [next, ...earlier].slice(0, OWN_HASHES_MAX);
}

/** To be called after each merge and after a join: opens and closes records, and judges the beats kept for this epoch. */
export function enterEpoch(ledger: Ledger, place: OwnPlace, nowMs: number): Noted {
  const records = new Map<string, LeafRecord>();
  for (const { signatureKey: leafKey } of place.leaves) {
    if (equalBytes(leafKey, place.ownKey)) continue;
    const key = toHex(leafKey);
    const opened = { leafKey, sinceEpoch: place.epoch, sinceMs: nowMs, isElsewhere: false };
    records.set(key, ledger.records.get(key) ?? opened);
  }
  const due = [...ledger.ahead.values()].filter(({ beat }) => beat.epoch <= place.epoch);
  const ahead = new Map([...ledger.ahead].filter(([, { beat }]) => beat.epoch > place.epoch));
  let noted: Noted = {
    ledger: { ...ledger, records, ahead, joinedEpoch: ledger.joinedEpoch ?? place.epoch },
    news: [],
  };
  for (const { beat, receivedAtMs } of due) {
    const next = noteBeat(noted.ledger, beat, place, { receivedAtMs, nowMs });
    noted = { ledger: next.ledger, news: [...noted.news, ...next.news] };
  }
  return noted;
}

/** @param at - a bare number is both times; a beat that was kept has an earlier `receivedAtMs` */
export function noteBeat(
  ledger: Ledger,
  beat: Beat,
  place: OwnPlace,
  at: number | { readonly receivedAtMs: number; readonly nowMs: number },
): Noted {
  const { receivedAtMs, nowMs } = typeof at === 'number' ? { receivedAtMs: at, nowMs: at } : at;
  const nothing: Noted = { ledger, news: [] };
  if (!equalBytes(beat.groupId, place.groupId) || equalBytes(beat.leafKey, place.ownKey)) return nothing;
  const record = ledger.records.get(toHex(beat.leafKey));
  if (record === undefined) return { ledger: keep(ledger, { beat, receivedAtMs }, place), news: [] };
  if (record.newest !== undefined && !isNewer(beat, record.newest)) return nothing;
  if (isOfOtherHistory(beat, place)) return noteElsewhere(ledger, record, beat, place);
  if (beat.epoch > place.epoch) {
    const news: BeatNews = { t: 'ahead', leafKey: beat.leafKey, epoch: beat.epoch };
    return { ledger: keep(ledger, { beat, receivedAtMs }, place), news: [news] };
  }
  return counts(beat, record, place) ? count(ledger, record, beat, place, { receivedAtMs, nowMs }) : nothing;
}

/** Some epoch that both know has another hash there. */
function isOfOtherHistory(beat: Beat, place: OwnPlace): boolean {
  return beat.hashes.some(({ epoch, hash }) => {
    const own = place.hashes.find((entry) => entry.epoch === epoch);
    return own !== undefined && !equalBytes(own.hash, hash);
  });
}

/** For an epoch of the own chain in which both were there, from the leaf that it says. */
function counts(beat: Beat, record: LeafRecord, place: OwnPlace): boolean {
  if (beat.epoch < record.sinceEpoch || !place.hashes.some(({ epoch }) => epoch === beat.epoch)) return false;
  if (beat.epoch !== place.epoch) return true;
  const leaf = place.leaves.find(({ signatureKey }) => equalBytes(signatureKey, beat.leafKey));
  return leaf?.leafIndex === beat.leafIndex;
}

function count(
  ledger: Ledger,
  record: LeafRecord,
  beat: Beat,
  place: OwnPlace,
  { receivedAtMs, nowMs }: { readonly receivedAtMs: number; readonly nowMs: number },
): Noted {
  const { leafKey, epoch, contexts, flags } = beat;
  const isInEpoch = epoch === place.epoch;
  const next: LeafRecord = {
    ...record,
    beat,
    receivedAtMs,
    isElsewhere: false,
    newest: { epoch, seq: beat.seq },
    ...(isInEpoch && { inEpochAtMs: receivedAtMs }),
  };
  const news: BeatNews[] = [{ t: 'counters', leafKey, epoch, contexts, receivedAtMs }];
  if (!isRecordConfirmed(record, nowMs) && isRecordConfirmed(next, nowMs))
    news.push({ t: 'confirmed', leafKey });
  if (epoch > (record.beat?.epoch ?? -1)) news.push({ t: 'acknowledged', leafKey, epoch });
  if (!record.beat || !hasSameFlags(record.beat.flags, flags)) news.push({ t: 'flags', leafKey, flags });
  const noted = { ...ledger, records: new Map(ledger.records).set(toHex(leafKey), next) };
  return beat.ask ? withAnswer({ ledger: noted, news }, nowMs) : { ledger: noted, news };
}

/** At most one answer a second: an ask that comes sooner is answered by the one that is due then. */
function withAnswer({ ledger, news }: Noted, nowMs: number): Noted {
  const { answerAtMs } = ledger;
  if (answerAtMs !== undefined && answerAtMs > nowMs) return { ledger, news };
  const atMs = answerAtMs === undefined ? nowMs : Math.max(nowMs, answerAtMs + ASK_ANSWER_INTERVAL_MS);
  return { ledger: { ...ledger, answerAtMs: atMs }, news: [...news, { t: 'answer', atMs }] };
}

function noteElsewhere(ledger: Ledger, record: LeafRecord, beat: Beat, place: OwnPlace): Noted {
  const { leafKey } = record;
  const next: LeafRecord = { ...record, isElsewhere: true, newest: { epoch: beat.epoch, seq: beat.seq } };
  const records = new Map(ledger.records).set(toHex(leafKey), next);
  const news: BeatNews[] = record.isElsewhere ? [] : [{ t: 'other-call', leafKey }];
  const witnesses = [...records.values()].filter(({ isElsewhere }) => isElsewhere).length;
  const isForked = ledger.isForked || isHost(place.policy, leafKey) || witnesses >= FORK_WITNESSES_MIN;
  if (isForked && !ledger.isForked) news.push({ t: 'forked' });
  return { ledger: { ...ledger, records, isForked }, news };
}

/** Members' beats are bounded by the tree; those of strangers, who may be about to be added, by a number. */
function keep(ledger: Ledger, kept: KeptBeat, place: OwnPlace): Ledger {
  const { beat } = kept;
  if (beat.epoch <= place.epoch || beat.epoch > place.epoch + BEAT_EPOCHS_AHEAD_MAX) return ledger;
  const key = toHex(beat.leafKey);
  const old = ledger.ahead.get(key);
  if (old !== undefined && !isNewer(beat, old.beat)) return ledger;
  const isStranger = !ledger.records.has(key);
  if (isStranger && old === undefined) {
    const strangers = [...ledger.ahead.keys()].filter((other) => !ledger.records.has(other)).length;
    if (strangers >= BEATS_AHEAD_OF_STRANGERS_MAX) return ledger;
  }
  return { ...ledger, ahead: new Map(ledger.ahead).set(key, kept) };
}

/** Whether this key has a beat that counted, younger than 25 s, and did not prove to be elsewhere. */
export function isConfirmed(ledger: Ledger, leafKey: Uint8Array, nowMs: number): boolean {
  const record = ledger.records.get(toHex(leafKey));
  return record !== undefined && isRecordConfirmed(record, nowMs);
}

export function confirmedKeys(ledger: Ledger, nowMs: number): readonly Bytes[] {
  return [...ledger.records.values()]
    .filter((record) => isRecordConfirmed(record, nowMs))
    .map(({ leafKey }) => leafKey);
}

export function standingOf(ledger: Ledger, leafKey: Uint8Array, nowMs: number): Standing {
  const record = ledger.records.get(toHex(leafKey));
  if (record === undefined) return 'unconfirmed';
  if (record.isElsewhere) return 'other-call';
  if (record.receivedAtMs === undefined) return 'unconfirmed';
  return isRecordConfirmed(record, nowMs) ? 'confirmed' : 'unreachable';
}

/** Whether some other leaf of the tree was heard in the own epoch within the last 30 s. */
export function hasSendLease(ledger: Ledger, nowMs: number): boolean {
  return [...ledger.records.values()].some(
    ({ inEpochAtMs, isElsewhere }) =>
      !isElsewhere && inEpochAtMs !== undefined && nowMs - inEpochAtMs < SEND_LEASE_MS,
  );
}

/** When time alone changes a confirmation or the lease next; undefined when it changes nothing. */
export function nextLapseAtMs(ledger: Ledger, nowMs: number): number | undefined {
  const lapses = [...ledger.records.values()].flatMap(({ receivedAtMs, inEpochAtMs }) => [
    ...(receivedAtMs === undefined ? [] : [receivedAtMs + CONFIRMED_MS]),
    ...(inEpochAtMs === undefined ? [] : [inEpochAtMs + SEND_LEASE_MS]),
  ]);
  const coming = lapses.filter((atMs) => atMs > nowMs);
  return coming.length === 0 ? undefined : Math.min(...coming);
}

function isRecordConfirmed({ receivedAtMs, isElsewhere }: LeafRecord, nowMs: number): boolean {
  return !isElsewhere && receivedAtMs !== undefined && nowMs - receivedAtMs < CONFIRMED_MS;
}

function hasSameFlags(a: Flags, b: Flags): boolean {
  return a.microphone === b.microphone && a.camera === b.camera && a.screen === b.screen && a.hand === b.hand;
}
