/**
 * The media-key schedule (D14): when the worker receives and sends under which epoch. Pure; time comes in, instructions
 * go out.
 *
 *   merge ──► 'epoch' (receive now)
 *               ├─ first epoch, or a leaf was removed ──► 'send' now; older windows cut to 1 s
 *               └─ else ──► 'send' when all earlier members acknowledged, or after 700 ms; older windows 8 s
 *
 * At most 4 epochs are received; 'send' is given once for a (group, epoch) and never goes back.
 *
 * @see SPEC.md C34–C38
 */
import { type Bytes, equalBytes, toHex } from '@conclave/protocol/bytes';
import {
  RECEIVE_EPOCHS_MAX,
  RECEIVE_WINDOW_AFTER_REMOVE_MS,
  RECEIVE_WINDOW_MS,
  SEND_SWITCH_MAX_MS,
} from './limits.ts';
import type { MediaInstruction, MediaLeaf } from './media-instruction.ts';

/** An epoch whose keys the worker holds. */
interface HeldEpoch {
  readonly epoch: number;
  readonly retireAtMs?: number;
}

/** An epoch that is not yet sent under. */
interface AwaitedEpoch {
  readonly epoch: number;
  readonly deadlineMs: number;
  /** Hexadecimal keys of the earlier members who have not acknowledged it. */
  readonly missing: ReadonlySet<string>;
}

export interface MediaSchedule {
  readonly groupId?: Bytes;
  /** Ascending. */
  readonly held: readonly HeldEpoch[];
  /** Ascending. */
  readonly awaited: readonly AwaitedEpoch[];
  /** The last send grant. */
  readonly sending?: number;
  /** What was last said, so that only changes are. */
  readonly confirmed: string;
  readonly isGateOpen: boolean;
}

export interface Scheduled {
  readonly schedule: MediaSchedule;
  readonly instructions: readonly MediaInstruction[];
}

/** What a merge or a join brings. */
export interface MediaEpoch {
  readonly groupId: Bytes;
  readonly epoch: number;
  /** 32 bytes; handed on, not retained. */
  readonly baseKey: Bytes;
  readonly leaves: readonly MediaLeaf[];
  readonly ownLeafIndex: number;
  /** Some leaf of the epoch before is gone, a resync's old one included. */
  readonly hasRemove: boolean;
  /** Keys of the other members of both epochs: whose acknowledgement is waited for; nobody at a join. */
  readonly earlierMembers: readonly Bytes[];
}

export function emptySchedule(): MediaSchedule {
  return { held: [], awaited: [], confirmed: '', isGateOpen: false };
}

/** Throws a RangeError for an epoch that is not later than all before it: keys would be used twice. */
export function scheduleEpoch(schedule: MediaSchedule, next: MediaEpoch, nowMs: number): Scheduled {
  const isSameGroup = schedule.groupId !== undefined && equalBytes(schedule.groupId, next.groupId);
  const before: MediaSchedule = isSameGroup ? schedule : forget(schedule);
  const last = before.held.at(-1)?.epoch ?? -1;
  if (next.epoch <= last) throw new RangeError(`epoch ${next.epoch} after ${last}`);
  const { groupId, epoch, baseKey, leaves, ownLeafIndex } = next;
  const instructions: MediaInstruction[] = [{ t: 'epoch', groupId, epoch, baseKey, leaves, ownLeafIndex }];
  const retired = retireOlder(before.held, next, nowMs);
  instructions.push(...retired.instructions);
  const awaited: AwaitedEpoch = {
    epoch,
    deadlineMs: next.hasRemove ? nowMs : nowMs + SEND_SWITCH_MAX_MS,
    missing: new Set(next.hasRemove ? [] : next.earlierMembers.map(toHex)),
  };
  const installed: MediaSchedule = {
    ...before,
    groupId,
    held: [...retired.held, { epoch }],
    awaited: [...before.awaited, awaited],
  };
  const granted = grant(installed, nowMs);
  return { schedule: granted.schedule, instructions: [...instructions, ...granted.instructions] };
}

/** A member has acknowledged this epoch, and with it all earlier ones. */
export function noteAcknowledgement(
  schedule: MediaSchedule,
  leafKey: Uint8Array,
  epoch: number,
  nowMs: number,
): Scheduled {
  const key = toHex(leafKey);
  const awaited = schedule.awaited.map((entry) => {
    if (entry.epoch > epoch || !entry.missing.has(key)) return entry;
    const missing = new Set(entry.missing);
    missing.delete(key);
    return { ...entry, missing };
  });
  return grant({ ...schedule, awaited }, nowMs);
}

/** What time alone brings: to be called at `nextScheduleWakeMs`. */
export function advanceSchedule(schedule: MediaSchedule, nowMs: number): Scheduled {
  const held = schedule.held.filter(({ retireAtMs }) => retireAtMs === undefined || retireAtMs > nowMs);
  return grant({ ...schedule, held }, nowMs);
}

/** Undefined when time alone changes nothing. */
export function nextScheduleWakeMs(schedule: MediaSchedule): number | undefined {
  const times = [
    ...schedule.awaited.map(({ deadlineMs }) => deadlineMs),
    ...schedule.held.flatMap(({ retireAtMs }) => (retireAtMs === undefined ? [] : [retireAtMs])),
  ];
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Says whose frames are released, if that changed. */
export function setConfirmed(schedule: MediaSchedule, leafKeys: readonly Bytes[]): Scheduled {
  const confirmed = leafKeys.map(toHex).sort().join();
  if (confirmed === schedule.confirmed) return { schedule, instructions: [] };
  return { schedule: { ...schedule, confirmed }, instructions: [{ t: 'confirmed', leafKeys }] };
}

/** Says whether own frames leave, if that changed. */
export function setGate(schedule: MediaSchedule, isOpen: boolean): Scheduled {
  if (isOpen === schedule.isGateOpen) return { schedule, instructions: [] };
  return { schedule: { ...schedule, isGateOpen: isOpen }, instructions: [{ t: 'gate', isOpen }] };
}

/** Another group: the worker drops the old one's keys with the first `epoch` of the new; grants start anew. */
function forget({ confirmed, isGateOpen }: MediaSchedule): MediaSchedule {
  return { held: [], awaited: [], confirmed, isGateOpen };
}

function retireOlder(
  held: readonly HeldEpoch[],
  { hasRemove }: MediaEpoch,
  nowMs: number,
): { readonly held: readonly HeldEpoch[]; readonly instructions: readonly MediaInstruction[] } {
  const windowMs = hasRemove ? RECEIVE_WINDOW_AFTER_REMOVE_MS : RECEIVE_WINDOW_MS;
  const instructions: MediaInstruction[] = [];
  const kept: HeldEpoch[] = [];
  for (const [index, { epoch, retireAtMs }] of held.entries()) {
    const isOneTooMany = index < held.length + 1 - RECEIVE_EPOCHS_MAX;
    const atMs = isOneTooMany ? nowMs : Math.min(retireAtMs ?? Number.POSITIVE_INFINITY, nowMs + windowMs);
    if (atMs !== retireAtMs) instructions.push({ t: 'retire', epoch, atMs });
    if (atMs > nowMs) kept.push({ epoch, retireAtMs: atMs });
  }
  return { held: kept, instructions };
}

/** The latest epoch whose wait is over is sent under; what came before it no longer matters. */
function grant(schedule: MediaSchedule, nowMs: number): Scheduled {
  const ready = schedule.awaited.filter(
    ({ deadlineMs, missing }) => missing.size === 0 || deadlineMs <= nowMs,
  );
  const epoch = ready.at(-1)?.epoch;
  if (epoch === undefined) return { schedule, instructions: [] };
  const awaited = schedule.awaited.filter((entry) => entry.epoch > epoch);
  return { schedule: { ...schedule, awaited, sending: epoch }, instructions: [{ t: 'send', epoch }] };
}
