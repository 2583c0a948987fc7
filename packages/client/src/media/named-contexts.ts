/**
 * Which senders are a person's own (D15, D23). Frames are authenticated for the group, not for the person: any member
 * can seal under another's leaf. What only the person can sign is the beat, and it names every live sender.
 *
 * A context that the newest beat names is the person's. One that it names no longer has ended, and 3 s later whatever
 * comes of it has been delayed. One that no beat has named yet may be new: it has 3 s to be named, if no other of its kind
 * is, and if the person has never had one that was not.
 *
 * @see SPEC.md S107, S108, S109
 */

import { BEAT_CONTEXTS_MAX } from '@conclave/calling/limits';
import type { MediaInstruction } from '@conclave/calling/media-instruction';
import type { Clock } from './clock.ts';
import { ENDED_CONTEXTS_MAX, STALE_AFTER_MS, UNNAMED_GRACE_MS } from './media-limits.ts';

type CountersInstruction = Extract<MediaInstruction, { t: 'counters' }>;

export type NamedContexts = {
  /** Takes what a person's beat names; beats come in their order. `leafKey` in hexadecimal; `ageMs` since it came. */
  readonly note: (leafKey: string, beat: CountersInstruction, ageMs: number) => void;
  /** Whether an authentic frame may pass as this person's. To be asked with authentic frames only: it starts the 3 s. */
  readonly allows: (leafKey: string, context: number) => boolean;
  /** Whether the newest beat named it. */
  readonly isNamed: (leafKey: string, context: number) => boolean;
  /** Forgets everybody who is not in the tree. */
  readonly keepOnly: (leafKeys: ReadonlySet<string>) => void;
};

type Person = {
  epoch: number;
  named: ReadonlySet<number>;
  /** Counters of contexts go up for the life of a worker, and a new one enters in a new epoch. */
  newestNamed: number;
  readonly endedAtMs: Map<number, number>;
  readonly firstSeenMs: Map<number, number>;
  /** Somebody else has sealed in this person's name. */
  isImpersonated: boolean;
};

const KINDS = 4;

export function createNamedContexts(clock: Clock): NamedContexts {
  const people = new Map<string, Person>();

  const personOf = (leafKey: string): Person => {
    const known = people.get(leafKey);
    if (known) return known;
    const person = newPerson();
    people.set(leafKey, person);
    return person;
  };

  const note = (leafKey: string, beat: CountersInstruction, ageMs: number): void => {
    const person = personOf(leafKey);
    if (beat.epoch < person.epoch) return;
    const named = new Set(beat.contexts.slice(0, BEAT_CONTEXTS_MAX).map(({ context }) => context));
    for (const context of person.named) {
      if (!named.has(context)) person.endedAtMs.set(context, clock.nowMs() - ageMs);
    }
    for (const context of named) {
      person.endedAtMs.delete(context);
      person.firstSeenMs.delete(context);
    }
    for (const context of person.endedAtMs.keys()) {
      if (person.endedAtMs.size <= ENDED_CONTEXTS_MAX) break;
      person.endedAtMs.delete(context);
    }
    const newest = Math.max(-1, ...[...named].map(counterOf));
    person.newestNamed = beat.epoch > person.epoch ? newest : Math.max(person.newestNamed, newest);
    person.epoch = beat.epoch;
    person.named = named;
  };

  const allows = (leafKey: string, context: number): boolean => {
    const person = personOf(leafKey);
    if (person.named.has(context)) return true;
    const endedAtMs = person.endedAtMs.get(context);
    if (endedAtMs !== undefined) return clock.nowMs() - endedAtMs <= STALE_AFTER_MS;
    if (counterOf(context) <= person.newestNamed || person.isImpersonated) return false;
    if ([...person.named].some((other) => other % KINDS === context % KINDS)) return false;
    return isInGrace(person, context);
  };

  const isInGrace = (person: Person, context: number): boolean => {
    const { firstSeenMs } = person;
    const seenMs = firstSeenMs.get(context) ?? clock.nowMs();
    firstSeenMs.set(context, seenMs);
    person.isImpersonated =
      clock.nowMs() - seenMs >= UNNAMED_GRACE_MS || firstSeenMs.size > BEAT_CONTEXTS_MAX;
    if (person.isImpersonated) firstSeenMs.clear();
    return !person.isImpersonated;
  };

  return {
    note,
    allows,
    isNamed: (leafKey, context) => people.get(leafKey)?.named.has(context) ?? false,
    keepOnly: (leafKeys) => {
      for (const leafKey of people.keys()) if (!leafKeys.has(leafKey)) people.delete(leafKey);
    },
  };
}

function newPerson(): Person {
  return {
    epoch: -1,
    named: new Set(),
    newestNamed: -1,
    endedAtMs: new Map(),
    firstSeenMs: new Map(),
    isImpersonated: false,
  };
}

function counterOf(context: number): number {
  return Math.floor(context / KINDS);
}
