/** Since when each person is here, as this device saw it: nobody else's clock is believed. SPEC P63. */
import type { CallView } from '@conclave/calling/view';

export interface Arrival {
  readonly atUnixMs: number;
  /** In the group before this device was: the time is the own coming in. */
  readonly isBefore: boolean;
}

export type Arrivals = ReadonlyMap<string, Arrival>;

/** @param known what was noted before; empty before the first view of being in */
export function noteArrivals(known: Arrivals, view: CallView, nowUnixMs: number): Arrivals {
  if (view.phase !== 'in') return known;
  const isFirst = known.size === 0;
  return new Map(
    view.people.map((person) => {
      const isBefore = isFirst && !person.isSelf;
      return [person.key, known.get(person.key) ?? { atUnixMs: nowUnixMs, isBefore }];
    }),
  );
}

export function arrivalWords(arrival: Arrival | undefined): string {
  if (!arrival) return '';
  const time = new Date(arrival.atUnixMs).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  return arrival.isBefore ? `here before you came at ${time}` : `here since ${time}`;
}
