/**
 * Whether an authentic frame may be shown on one receiver, and whose the receiver is from then on (D15, D16).
 *
 * Order: the sender is the person's own → no other receiver shows the same → the receiver shows this person → a picture
 * begins with a key frame, sound after the sound of somebody else has ended. What is refused binds nothing.
 *
 * Pictures may be rebound while others still come: a key frame leaves nothing of the picture before. Sound that was
 * received is played later, so a receiver of sound is rebound only once it is silent.
 *
 * @see SPEC.md S14, S15, S107–S113
 */

import type { Binding } from './binding.ts';
import type { Clock } from './clock.ts';
import type { Feed, Holders } from './holders.ts';
import type { KeyLookup } from './key-store.ts';
import { HOLDER_IDLE_MS, SOUND_DRAIN_MS } from './media-limits.ts';
import type { NamedContexts } from './named-contexts.ts';
import type { Medium } from './seal-path.ts';

export type Refusal = 'unnamed' | 'other-receiver' | 'other-leaf' | 'no-key-frame' | 'sound-of-another';

export type AdmissionPorts = {
  readonly clock: Clock;
  readonly named: NamedContexts;
  readonly holders: Holders;
  /** This person's first frame is about to be shown; the receiver shows nobody else until it is rebound. */
  readonly onBound: (receiverId: number, binding: Binding) => void;
  /** An authentic frame of another leaf or kind was dropped. Said once for each, until the receiver is rebound. */
  readonly onForeign: (receiverId: number, binding: Binding) => void;
  /** Another receiver shows what this one had shown before it went silent. */
  readonly onSuperseded: (receiverId: number) => void;
};

type Found = Extract<KeyLookup, { t: 'found' }>;

export type Admission = {
  /** To be asked once for each authentic frame, in their order. */
  readonly admit: (found: Found, isKey: boolean) => Refusal | undefined;
  /** From now on only this person's frames; `onBound` comes again with the first of them. */
  readonly rebind: (binding: Binding) => void;
  /** The receiver is free again: it is bound by the next frame that may be shown. */
  readonly release: () => void;
  readonly bound: () => Binding | undefined;
};

export function createAdmission(receiverId: number, medium: Medium, ports: AdmissionPorts): Admission {
  const { clock, named, holders } = ports;
  let feed: Feed = { receiverId, isReleased: false };
  let bound: Binding | undefined;
  let isBoundSaid = false;
  let reported: Binding | undefined;
  let last: { readonly leafKey: string; readonly atMs: number } | undefined;

  const silentForMs = (): number => clock.nowMs() - (last?.atMs ?? Number.NEGATIVE_INFINITY);

  const refusalOf = (found: Found, isKey: boolean): Refusal | undefined => {
    const { leafKey, kind, context } = found;
    if (!named.allows(leafKey, context)) return 'unnamed';
    if (holders.isHeldElsewhere({ leafKey, kind }, feed)) return 'other-receiver';
    if (bound && (bound.leafKey !== leafKey || bound.kind !== kind)) {
      report({ leafKey, kind });
      return 'other-leaf';
    }
    if (medium === 'video') return isBoundSaid || isKey ? undefined : 'no-key-frame';
    const isOfAnother = last !== undefined && last.leafKey !== leafKey;
    return isOfAnother && silentForMs() < SOUND_DRAIN_MS ? 'sound-of-another' : undefined;
  };

  const report = (foreign: Binding): void => {
    if (medium === 'audio' && silentForMs() < HOLDER_IDLE_MS) return;
    if (reported?.leafKey === foreign.leafKey && reported.kind === foreign.kind) return;
    reported = foreign;
    ports.onForeign(receiverId, foreign);
  };

  const admit = (found: Found, isKey: boolean): Refusal | undefined => {
    const refusal = refusalOf(found, isKey);
    if (refusal) return refusal;
    const { leafKey, kind, key } = found;
    const silent = holders.hold({ leafKey, kind }, feed);
    if (silent !== undefined) ports.onSuperseded(silent);
    key.shownAtMs = clock.nowMs();
    last = { leafKey, atMs: clock.nowMs() };
    bound ??= { leafKey, kind };
    if (!isBoundSaid) ports.onBound(receiverId, bound);
    isBoundSaid = true;
    return undefined;
  };

  const begin = (binding: Binding | undefined): void => {
    bound = binding;
    isBoundSaid = false;
    reported = undefined;
  };

  return {
    admit,
    rebind: begin,
    release: () => {
      feed.isReleased = true;
      feed = { receiverId, isReleased: false };
      begin(undefined);
    },
    bound: () => bound,
  };
}
