import { type Bytes, utf8 } from '@conclave/protocol/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomBytes } from '../test/small-call.ts';
import {
  RECEIVE_EPOCHS_MAX,
  RECEIVE_WINDOW_AFTER_REMOVE_MS,
  RECEIVE_WINDOW_MS,
  SEND_SWITCH_MAX_MS,
} from './limits.ts';
import type { MediaInstruction } from './media-instruction.ts';
import {
  advanceSchedule,
  emptySchedule,
  type MediaEpoch,
  type MediaSchedule,
  nextScheduleWakeMs,
  noteAcknowledgement,
  type Scheduled,
  scheduleEpoch,
  setConfirmed,
  setGate,
} from './media-schedule.ts';

const groupId = randomBytes(32);
const [ada, bob] = [randomBytes(32), randomBytes(32)];

function epochOf(epoch: number, parts: Partial<MediaEpoch> = {}): MediaEpoch {
  const baseKey = new Uint8Array(32);
  return {
    groupId,
    epoch,
    baseKey,
    leaves: [],
    ownLeafIndex: 0,
    hasRemove: false,
    earlierMembers: [],
    ...parts,
  };
}

/** After the first epoch, in which nobody is waited for. */
function running(): MediaSchedule {
  return scheduleEpoch(emptySchedule(), epochOf(1), 0).schedule;
}

function sends({ instructions }: Scheduled): readonly number[] {
  return instructions.flatMap((i) => (i.t === 'send' ? [i.epoch] : []));
}

function retires({ instructions }: Scheduled): readonly (readonly [number, number])[] {
  return instructions.flatMap((i) => (i.t === 'retire' ? [[i.epoch, i.atMs] as const] : []));
}

describe('sending', () => {
  test('[C34] the first epoch is received and sent under at once', () => {
    const first = scheduleEpoch(emptySchedule(), epochOf(7), 100);
    expect(first.instructions.map(({ t }) => t)).toEqual(['epoch', 'send']);
    expect(sends(first)).toEqual([7]);
    expect(nextScheduleWakeMs(first.schedule)).toBeUndefined();
  });

  test('[C34] a Remove switches at once, whoever has not acknowledged, and drops what was waited for', () => {
    const waiting = scheduleEpoch(running(), epochOf(2, { earlierMembers: [ada, bob] }), 0);
    expect(sends(waiting)).toEqual([]);
    const removed = scheduleEpoch(
      waiting.schedule,
      epochOf(3, { hasRemove: true, earlierMembers: [ada] }),
      100,
    );
    expect(removed.instructions[0]?.t).toBe('epoch');
    expect(sends(removed)).toEqual([3]);
    expect(sends(noteAcknowledgement(removed.schedule, bob, 2, 150))).toEqual([]);
    expect(sends(advanceSchedule(removed.schedule, 10_000))).toEqual([]);
  });

  test('[C35] an Add-only epoch is sent under when all earlier members acknowledged', () => {
    let step = scheduleEpoch(running(), epochOf(2, { earlierMembers: [ada, bob] }), 1_000);
    expect(sends(step)).toEqual([]);
    expect(nextScheduleWakeMs(step.schedule)).toBe(1_000 + SEND_SWITCH_MAX_MS);
    step = noteAcknowledgement(step.schedule, ada, 2, 1_050);
    expect(sends(step)).toEqual([]);
    step = noteAcknowledgement(step.schedule, ada, 2, 1_060);
    expect(sends(step)).toEqual([]);
    step = noteAcknowledgement(step.schedule, bob, 1, 1_070);
    expect(sends(step)).toEqual([]);
    step = noteAcknowledgement(step.schedule, bob, 2, 1_080);
    expect(sends(step)).toEqual([2]);
    expect(sends(noteAcknowledgement(step.schedule, bob, 2, 1_090))).toEqual([]);
  });

  test('[C35] … or after 700 ms, and not a millisecond earlier', () => {
    const { schedule } = scheduleEpoch(running(), epochOf(2, { earlierMembers: [ada] }), 1_000);
    const early = advanceSchedule(schedule, 1_000 + SEND_SWITCH_MAX_MS - 1);
    expect(sends(early)).toEqual([]);
    expect(sends(advanceSchedule(early.schedule, 1_000 + SEND_SWITCH_MAX_MS))).toEqual([2]);
  });

  test('[C35] a joiner is waited for by nobody', () => {
    const joiner = randomBytes(32);
    const { schedule } = scheduleEpoch(running(), epochOf(2, { earlierMembers: [ada] }), 0);
    expect(sends(noteAcknowledgement(schedule, joiner, 2, 10))).toEqual([]);
    expect(sends(noteAcknowledgement(schedule, ada, 2, 20))).toEqual([2]);
  });

  test('[C35] a storm of Adds does not put the switch off: each epoch keeps its own deadline', () => {
    let step = scheduleEpoch(running(), epochOf(2, { earlierMembers: [ada] }), 0);
    step = scheduleEpoch(step.schedule, epochOf(3, { earlierMembers: [ada, bob] }), 500);
    expect(sends(step)).toEqual([]);
    step = advanceSchedule(step.schedule, 700);
    expect(sends(step)).toEqual([2]);
    step = noteAcknowledgement(step.schedule, ada, 3, 800);
    expect(sends(step)).toEqual([]);
    step = advanceSchedule(step.schedule, 1_200);
    expect(sends(step)).toEqual([3]);
  });

  test('[C35] acknowledging a later epoch acknowledges the earlier one; the later one is sent under', () => {
    let step = scheduleEpoch(running(), epochOf(2, { earlierMembers: [ada] }), 0);
    step = scheduleEpoch(step.schedule, epochOf(3, { earlierMembers: [ada] }), 10);
    step = noteAcknowledgement(step.schedule, ada, 3, 20);
    expect(sends(step)).toEqual([3]);
    expect(nextScheduleWakeMs(step.schedule)).toBeGreaterThanOrEqual(RECEIVE_WINDOW_MS);
  });

  test('[C37] an epoch that is not later is a bug, another group starts anew', () => {
    const schedule = running();
    expect(() => scheduleEpoch(schedule, epochOf(1), 0)).toThrow(RangeError);
    expect(() => scheduleEpoch(schedule, epochOf(0), 0)).toThrow(RangeError);
    const other = scheduleEpoch(schedule, epochOf(0, { groupId: randomBytes(32) }), 0);
    expect(other.instructions.map(({ t }) => t)).toEqual(['epoch', 'send']);
  });
});

describe('receiving', () => {
  test('[C36] older epochs end 8 s after an Add, 1 s after a Remove, and never later than said', () => {
    const added = scheduleEpoch(running(), epochOf(2), 1_000);
    expect(retires(added)).toEqual([[1, 1_000 + RECEIVE_WINDOW_MS]]);
    const again = scheduleEpoch(added.schedule, epochOf(3), 2_000);
    expect(retires(again)).toEqual([[2, 2_000 + RECEIVE_WINDOW_MS]]);
    const removed = scheduleEpoch(again.schedule, epochOf(4, { hasRemove: true }), 3_000);
    const cutMs = 3_000 + RECEIVE_WINDOW_AFTER_REMOVE_MS;
    expect(retires(removed)).toEqual([1, 2, 3].map((epoch) => [epoch, cutMs]));
    const late = scheduleEpoch(again.schedule, epochOf(4, { hasRemove: true }), 8_500);
    expect(retires(late)).toEqual([2, 3].map((epoch) => [epoch, 8_500 + RECEIVE_WINDOW_AFTER_REMOVE_MS]));
  });

  test('[C36] at most four epochs at one time', () => {
    let step = scheduleEpoch(emptySchedule(), epochOf(0), 0);
    for (let epoch = 1; epoch < RECEIVE_EPOCHS_MAX; epoch++)
      step = scheduleEpoch(step.schedule, epochOf(epoch), 10 * epoch);
    expect(retires(step).map(([epoch]) => epoch)).toEqual([RECEIVE_EPOCHS_MAX - 2]);
    step = scheduleEpoch(step.schedule, epochOf(RECEIVE_EPOCHS_MAX), 100);
    expect(retires(step)[0]).toEqual([0, 100]);
    expect(step.schedule.held.length).toBe(RECEIVE_EPOCHS_MAX);
  });

  test('[C38] whose frames are released and whether own ones leave is said on a change', () => {
    const one = setConfirmed(running(), [ada, bob]);
    expect(one.instructions).toEqual([{ t: 'confirmed', leafKeys: [ada, bob] }]);
    expect(setConfirmed(one.schedule, [bob, ada]).instructions).toEqual([]);
    expect(setConfirmed(one.schedule, [bob]).instructions).toEqual([{ t: 'confirmed', leafKeys: [bob] }]);
    expect(setConfirmed(one.schedule, []).instructions).toEqual([{ t: 'confirmed', leafKeys: [] }]);
    expect(setGate(one.schedule, false).instructions).toEqual([]);
    const open = setGate(one.schedule, true);
    expect(open.instructions).toEqual([{ t: 'gate', isOpen: true }]);
    expect(setGate(open.schedule, true).instructions).toEqual([]);
    expect(setGate(open.schedule, false).instructions).toEqual([{ t: 'gate', isOpen: false }]);
  });
});

test('[C36, C37] any schedule: grants only rise, are of held epochs, and windows only shrink', () => {
  const members: readonly Bytes[] = [utf8('a'), utf8('b'), utf8('c')];
  const action = fc.oneof(
    fc.record({
      t: fc.constant('merge' as const),
      hasRemove: fc.boolean(),
      skip: fc.integer({ min: 1, max: 3 }),
    }),
    fc.record({ t: fc.constant('ack' as const), who: fc.nat(2), back: fc.nat(3) }),
    fc.record({ t: fc.constant('time' as const), ms: fc.nat(3_000) }),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      let [schedule, nowMs, epoch] = [emptySchedule(), 0, -1];
      const all: MediaInstruction[] = [];
      const endsAtMs = new Map<number, number>();
      let sending = -1;
      const take = (step: Scheduled) => {
        schedule = step.schedule;
        for (const instruction of step.instructions) {
          all.push(instruction);
          if (instruction.t === 'retire') {
            expect(instruction.atMs).toBeLessThanOrEqual(
              endsAtMs.get(instruction.epoch) ?? Number.POSITIVE_INFINITY,
            );
            expect(instruction.epoch).toBeLessThan(epoch);
            endsAtMs.set(instruction.epoch, instruction.atMs);
          }
          if (instruction.t === 'send') {
            expect(instruction.epoch).toBeGreaterThan(sending);
            sending = instruction.epoch;
          }
        }
        expect(schedule.held.length).toBeLessThanOrEqual(RECEIVE_EPOCHS_MAX);
      };
      for (const next of actions) {
        if (next.t === 'time') {
          nowMs += next.ms;
          take(advanceSchedule(schedule, nowMs));
        } else if (next.t === 'ack') {
          take(noteAcknowledgement(schedule, members[next.who] ?? ada, epoch - next.back, nowMs));
        } else {
          epoch += next.skip;
          take(
            scheduleEpoch(
              schedule,
              epochOf(epoch, { hasRemove: next.hasRemove, earlierMembers: members }),
              nowMs,
            ),
          );
          if (next.hasRemove) expect(sending).toBe(epoch);
        }
      }
      take(advanceSchedule(schedule, nowMs + SEND_SWITCH_MAX_MS));
      expect(sending).toBe(epoch);
    }),
  );
});
