/**
 * Beating (D23): own beats go out on every epoch change, every 10 s, on changes of flags and when asked; those of others
 * confirm people, acknowledge epochs and prove forks. What follows for the media side is settled here too.
 *
 * @see SPEC.md C92–C95
 */
import { deriveBaseKey } from '@conclave/crypto/base-key';
import { openBeat, sealBeat } from '@conclave/crypto/beat-seal';
import { exportSecret, ownLeafIndex, sign } from '@conclave/crypto/mls/engine';
import { type Bytes, equalBytes, toHex } from '@conclave/protocol/bytes';
import { type Beat, decodeBeat, encodeBeat, epochHash } from './beat.ts';
import type { Advent, CallState, Hearing, Member } from './call-state.ts';
import {
  type BeatNews,
  confirmedKeys,
  emptyLedger,
  enterEpoch,
  nextLapseAtMs,
  noteBeat,
  type OwnPlace,
  restartLedger,
  withOwnHash,
} from './confirmations.ts';
import { BEAT_HASHES_MAX } from './limits.ts';
import { BEAT_INTERVAL_MS, FLAG_BEAT_INTERVAL_MS } from './machine-limits.ts';
import { type MediaContext, NOTHING_COUNTED } from './media-instruction.ts';
import {
  advanceSchedule,
  nextScheduleWakeMs,
  noteAcknowledgement,
  type Scheduled,
  scheduleEpoch,
  setConfirmed,
  setGate,
} from './media-schedule.ts';
import { goOnWithout, judgePause, type PauseInput, settlesHost, stillWithout } from './pauses.ts';
import { policyInForce } from './policy-in-force.ts';
import { updateRoster } from './roster.ts';
import { kickTroubleAtMs } from './troubles.ts';
import type { Turn } from './turn.ts';

export function silence(): Hearing {
  return {
    ledger: emptyLedger(),
    roster: [],
    ownHashes: [],
    seq: 0,
    lastBeatAtMs: Number.NEGATIVE_INFINITY,
    beatDueAtMs: Number.POSITIVE_INFINITY,
    mustAsk: true,
    behindSinceMs: undefined,
    isHostSettled: false,
    mustRefresh: false,
  };
}

/** To be called with each new epoch. @param before - the epoch before in the same group, if this client had one */
export async function hearNewEpoch(
  turn: Turn,
  member: Member,
  before: Member | undefined,
  advent: Pick<Advent, 'kind' | 'by'>,
): Promise<void> {
  const { state, nowMs } = turn;
  const old = hearingBefore(state.hearing, before, advent);
  // A 'Continue' was said of the history that is left.
  if (before === undefined || advent.kind === 'returned') turn.set({ wentOnWithout: new Set() });
  const isRepeated = isEpochUsed(state, member);
  const hash = await epochHash(member.group);
  const roster = await updateRoster(old.roster, {
    leaves: member.leaves,
    epoch: member.epoch,
    callId: state.session?.callId ?? new Uint8Array(0),
    metaKeys: [member.held.keys.metaKey, ...member.oldMetaKeys],
  });
  const ownHashes = withOwnHash(old.ownHashes, { epoch: member.epoch, hash });
  const hearing = { ...old, roster, ownHashes, seq: 0, behindSinceMs: undefined, mustRefresh: isRepeated };
  turn.set({ hearing });
  const entered = enterEpoch(hearing.ledger, placeOf(turn.state, member), nowMs);
  turn.set({ hearing: { ...hearing, ledger: entered.ledger } });
  if (!isRepeated) await schedule(turn, member, before);
  for (const news of entered.news) hear(turn, news);
  await sendBeat(turn);
}

/**
 * Who comes, or comes back, begins anew: what it heard belongs to a history that it has left, and so does what was heard of
 * it. That the server shows people different calls stays proven whatever it shows next (D23).
 */
function hearingBefore(
  hearing: Hearing,
  before: Member | undefined,
  { kind, by }: Pick<Advent, 'kind' | 'by'>,
): Hearing {
  const anew = { ...silence(), ledger: restartLedger(hearing.ledger) };
  if (before === undefined) return anew;
  if (kind === 'returned') return { ...anew, roster: hearing.roster };
  if (kind !== 'resync' || by === undefined) return hearing;
  const key = toHex(by);
  const without = <T>(map: ReadonlyMap<string, T>) => new Map([...map].filter(([other]) => other !== key));
  const { ledger } = hearing;
  return {
    ...hearing,
    ledger: { ...ledger, records: without(ledger.records), ahead: without(ledger.ahead) },
  };
}

function isEpochUsed({ schedule: { groupId, held } }: CallState, member: Member): boolean {
  const last = held.at(-1)?.epoch ?? -1;
  return groupId !== undefined && equalBytes(groupId, member.groupId) && member.epoch <= last;
}

async function schedule(turn: Turn, member: Member, before: Member | undefined): Promise<void> {
  const { suite, ownKey } = turn.state;
  const { group, groupId, epoch, held, leaves } = member;
  const exporter = await exportSecret(group, suite, 'SFrame 1.0 Base Key', new Uint8Array(0), 32);
  const baseKey = await deriveBaseKey(exporter, held.keys.mediaKey, groupId, epoch);
  exporter.fill(0);
  const keys = leaves.map(({ signatureKey }) => signatureKey);
  const isIn = (key: Bytes, list: readonly Bytes[]) => list.some((other) => equalBytes(other, key));
  const earlier = before?.leaves.map(({ signatureKey }) => signatureKey) ?? [];
  apply(
    turn,
    scheduleEpoch(
      turn.state.schedule,
      {
        groupId,
        epoch,
        baseKey,
        leaves: leaves.map(({ leafIndex, signatureKey }) => ({ leafIndex, leafKey: signatureKey })),
        ownLeafIndex: ownLeafIndex(group),
        hasRemove: earlier.some((key) => !isIn(key, keys)) || hasMoved(member, before),
        earlierMembers: earlier.filter((key) => isIn(key, keys) && !equalBytes(key, ownKey)),
      },
      turn.nowMs,
    ),
  );
}

/** A resync removes the old leaf of a key that stays. */
function hasMoved(member: Member, before: Member | undefined): boolean {
  return (before?.leaves ?? []).some(({ signatureKey, leafIndex }) =>
    member.leaves.some((leaf) => equalBytes(leaf.signatureKey, signatureKey) && leaf.leafIndex !== leafIndex),
  );
}

function apply(turn: Turn, { schedule: next, instructions }: Scheduled): void {
  turn.set({ schedule: next });
  for (const instruction of instructions) turn.effects.push({ t: 'media', instruction });
}

/** A bundle of sealed beats. What does not open under a link of this call is nobody's. */
export async function receiveBeats(turn: Turn, beats: readonly Bytes[]): Promise<void> {
  for (const sealed of beats) {
    const { member, hearing } = turn.state;
    if (member === undefined) return;
    const beat = await openOne(turn.state, sealed);
    if (beat === undefined) continue;
    const noted = noteBeat(hearing.ledger, beat, placeOf(turn.state, member), turn.nowMs);
    turn.set({ hearing: { ...hearing, ledger: noted.ledger } });
    for (const news of noted.news) hear(turn, news);
  }
}

async function openOne(state: CallState, sealed: Bytes): Promise<Beat | undefined> {
  const { next } = state.member ?? {};
  for (const { link, keys } of next === undefined ? state.links : [...state.links, next]) {
    const opened = await openBeat({ beatKey: keys.beatKey, roomId: link.roomId }, sealed);
    if (opened !== undefined) return decodeBeat(opened.body, opened.leafKey);
  }
  return undefined;
}

function hear(turn: Turn, news: BeatNews): void {
  const { hearing, schedule: current } = turn.state;
  switch (news.t) {
    case 'acknowledged':
      apply(turn, noteAcknowledgement(current, news.leafKey, news.epoch, turn.nowMs));
      return;
    case 'counters': {
      const { t, leafKey, epoch, contexts, receivedAtMs } = news;
      turn.effects.push({ t: 'media', instruction: { t, leafKey, epoch, contexts, receivedAtMs } });
      return;
    }
    case 'ahead':
      turn.set({ hearing: { ...hearing, behindSinceMs: hearing.behindSinceMs ?? turn.nowMs } });
      return;
    case 'answer':
      turn.set({ hearing: { ...hearing, beatDueAtMs: Math.min(hearing.beatDueAtMs, news.atMs) } });
      return;
    default:
      return;
  }
}

async function sendBeat(turn: Turn): Promise<void> {
  const { member, session, identity, ownKey, flags, contexts, contextsEpoch, hearing } = turn.state;
  if (member === undefined || session === undefined || session.isLogOnly) return;
  const { link, keys } = member.held;
  const body = encodeBeat({
    groupId: member.groupId,
    epoch: member.epoch,
    hashes: hearing.ownHashes.slice(0, BEAT_HASHES_MAX),
    leafIndex: ownLeafIndex(member.group),
    seq: hearing.seq,
    flags,
    contexts: contextsEpoch === member.epoch ? contexts : contexts.map(uncounted),
    appSeq: 0,
    ask: hearing.mustAsk,
  });
  const sealed = await sealBeat(
    { beatKey: keys.beatKey, roomId: link.roomId },
    { body, leafKey: ownKey, sign: (message) => sign(identity.signingKey, message) },
  );
  turn.set({
    hearing: {
      ...hearing,
      seq: hearing.seq + 1,
      lastBeatAtMs: turn.nowMs,
      beatDueAtMs: turn.nowMs + BEAT_INTERVAL_MS,
      mustAsk: false,
    },
  });
  turn.send({ t: 'beat', sealed });
}

/** Counters restart with each epoch: those of another would make this epoch's frames look stale (D15). */
function uncounted({ context }: MediaContext): MediaContext {
  return { context, counter: NOTHING_COUNTED };
}

/** What the own live senders are: others show no picture for long whose sender no beat has named, so news travels at once. */
export function noteContexts(turn: Turn, contexts: readonly MediaContext[], epoch: number | undefined): void {
  const before = turn.state.contexts;
  turn.set({ contexts, contextsEpoch: epoch });
  const isSame =
    contexts.length === before.length && contexts.every((one, at) => one.context === before[at]?.context);
  if (!isSame) hurryBeat(turn);
}

/** Flags travel at once, at most twice a second. */
export function hurryBeat(turn: Turn): void {
  const { hearing } = turn.state;
  const atMs = Math.max(turn.nowMs, hearing.lastBeatAtMs + FLAG_BEAT_INTERVAL_MS);
  turn.set({ hearing: { ...hearing, beatDueAtMs: Math.min(hearing.beatDueAtMs, atMs) } });
}

/** After a reconnect everybody is asked, so that nobody waits for the next round. */
export function askAll(turn: Turn): void {
  turn.set({ hearing: { ...turn.state.hearing, mustAsk: true, beatDueAtMs: turn.nowMs } });
}

/** Beats when due, then tells the media side what changed. Returns when time alone changes something next. */
export async function beatOnTime(turn: Turn): Promise<readonly number[]> {
  if (turn.state.member !== undefined && turn.nowMs >= turn.state.hearing.beatDueAtMs) await sendBeat(turn);
  const { member, hearing, leaving, session } = turn.state;
  apply(turn, advanceSchedule(turn.state.schedule, turn.nowMs));
  if (member === undefined) {
    turn.set({ pause: undefined });
    apply(turn, setConfirmed(turn.state.schedule, []));
    apply(turn, setGate(turn.state.schedule, false));
    return [];
  }
  noteHosts(turn, member);
  const paused = judgePause(pauseInput(turn.state, member, turn.nowMs));
  turn.set({ pause: paused.pause });
  apply(turn, setConfirmed(turn.state.schedule, confirmedKeys(hearing.ledger, turn.nowMs)));
  const isFollowing = member.stuckSinceMs === undefined && !hearing.mustRefresh && leaving === undefined;
  apply(turn, setGate(turn.state.schedule, paused.pause === undefined && isFollowing));
  const beatAtMs = session === undefined || session.isLogOnly ? undefined : turn.state.hearing.beatDueAtMs;
  const wakes = [
    beatAtMs,
    nextScheduleWakeMs(turn.state.schedule),
    nextLapseAtMs(hearing.ledger, turn.nowMs),
    paused.wakeAtMs,
  ];
  return wakes.filter((atMs) => atMs !== undefined && Number.isFinite(atMs)) as number[];
}

function noteHosts(turn: Turn, member: Member): void {
  const input = pauseInput(turn.state, member, turn.nowMs);
  const { hearing } = turn.state;
  const isHostSettled = hearing.isHostSettled || settlesHost(input);
  turn.set({ wentOnWithout: stillWithout(input), hearing: { ...hearing, isHostSettled } });
}

/** The person goes on without the hosts who have not confirmed, until they do; or in this group without any. */
export function goOn(turn: Turn): void {
  const { member, hearing } = turn.state;
  if (member === undefined) return;
  const input = pauseInput(turn.state, member, turn.nowMs);
  if (judgePause(input).pause !== 'ASK_ABOUT_HOST') return;
  turn.set({ wentOnWithout: goOnWithout(input), hearing: { ...hearing, isHostSettled: true } });
}

function pauseInput(state: CallState, member: Member, nowMs: number): PauseInput {
  const troubleAtMs = kickTroubleAtMs(state);
  return {
    ledger: state.hearing.ledger,
    place: placeOf(state, member),
    isKickWithheld: troubleAtMs !== undefined && nowMs >= troubleAtMs,
    wentOnWithout: state.wentOnWithout,
    isHostSettled: state.hearing.isHostSettled,
    nowMs,
  };
}

function placeOf({ hearing, ownKey }: CallState, member: Member): OwnPlace {
  const { groupId, epoch, leaves } = member;
  return { groupId, epoch, hashes: hearing.ownHashes, leaves, ownKey, policy: policyInForce(member) };
}
