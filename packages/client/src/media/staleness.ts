/**
 * What beats say about a person's frames (D15): a frame that a beat counted more than 3 s ago has been delayed by
 * somebody on the way and is not shown.
 *
 * @see SPEC.md S16, S25
 */

import type { MediaInstruction } from '@conclave/calling/media-instruction';
import { NOTHING_COUNTED } from '@conclave/calling/media-instruction';
import type { Clock } from './clock.ts';
import { LIVE_EPOCHS_MAX, OVERTAKEN_FRAMES, STALE_AFTER_MS } from './media-limits.ts';

type CountersInstruction = Extract<MediaInstruction, { t: 'counters' }>;

export type FrameOrigin = {
  readonly leafKey: string;
  readonly epoch: number;
  readonly context: number;
  readonly counter: number;
};

export type Staleness = {
  /** Takes the counters of one person's beat. `leafKey` in hexadecimal; `ageMs` since it came, ≥ 0. */
  readonly note: (leafKey: string, beat: CountersInstruction, ageMs: number) => void;
  readonly isStale: (frame: FrameOrigin) => boolean;
  /** Whether this, the newest frame shown, is so old that its owner had gone on when a beat came more than 3 s ago. */
  readonly isOvertaken: (frame: FrameOrigin) => boolean;
  /** Forgets everybody who is not in the tree. */
  readonly keepOnly: (leafKeys: ReadonlySet<string>) => void;
};

type Counted = { readonly counter: number; readonly atMs: number };
/** At two beats a second, all that can be younger than 3 s, and the newest that is older. */
const BEATS_KEPT = 8;
const CONTEXTS_KEPT = 64;

export function createStaleness(clock: Clock): Staleness {
  const people = new Map<string, Map<string, Counted[]>>();

  const note = (leafKey: string, beat: CountersInstruction, ageMs: number): void => {
    const contexts = people.get(leafKey) ?? new Map<string, Counted[]>();
    people.set(leafKey, contexts);
    for (const { context, counter } of beat.contexts.slice(0, CONTEXTS_KEPT)) {
      if (counter === NOTHING_COUNTED) continue;
      const id = `${beat.epoch}/${context}`;
      const counted = (contexts.get(id) ?? []).filter((_, index, all) => index > all.length - BEATS_KEPT);
      contexts.delete(id);
      contexts.set(id, [...counted, { counter, atMs: clock.nowMs() - ageMs }]);
    }
    for (const id of contexts.keys()) {
      if (contexts.size <= CONTEXTS_KEPT * LIVE_EPOCHS_MAX) break;
      contexts.delete(id);
    }
  };

  const wasCounted = ({ leafKey, epoch, context }: FrameOrigin, counter: number): boolean => {
    const counted = people.get(leafKey)?.get(`${epoch}/${context}`) ?? [];
    const agedBeforeMs = clock.nowMs() - STALE_AFTER_MS;
    return counted.some((beat) => beat.atMs < agedBeforeMs && counter <= beat.counter);
  };

  const keepOnly = (leafKeys: ReadonlySet<string>): void => {
    for (const leafKey of people.keys()) if (!leafKeys.has(leafKey)) people.delete(leafKey);
  };

  return {
    note,
    isStale: (frame) => wasCounted(frame, frame.counter),
    isOvertaken: (frame) => wasCounted(frame, frame.counter + OVERTAKEN_FRAMES),
    keepOnly,
  };
}
