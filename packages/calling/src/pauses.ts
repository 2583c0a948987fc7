/**
 * Why the own media does not leave (D10, D16, D23): one reason at a time, the gravest first. What is unclear is paused.
 *
 * @see SPEC.md C39–C41
 */

import { equalBytes } from '@conclave/protocol/bytes';
import { hasSendLease, type Ledger, type OwnPlace, standingOf } from './confirmations.ts';
import { CONFIRMED_MS, HOST_QUESTION_MS, HOST_WAIT_MS } from './limits.ts';
import { isHost } from './policy.ts';
import type { Pause } from './view.ts';

export interface PauseInput {
  readonly ledger: Ledger;
  readonly place: OwnPlace;
  /** The person asked to kick and the kick or its rotation has not been merged for 3 s. */
  readonly isKickWithheld: boolean;
  /** Hexadecimal keys of the hosts of whom the person said 'Continue': see `goOnWithout`. */
  readonly wentOnWithout: ReadonlySet<string>;
  /** A host has confirmed since this client came, or the person goes on without one: see `settlesHost`. */
  readonly isHostSettled: boolean;
  readonly nowMs: number;
}

export interface PauseState {
  /** Undefined: own frames may leave. */
  readonly pause: Pause | undefined;
  /** When time alone may change it; `nextLapseAtMs` of the ledger comes on top. */
  readonly wakeAtMs: number | undefined;
}

export function judgePause(input: PauseInput): PauseState {
  const { ledger, place, isKickWithheld, nowMs } = input;
  if (ledger.isForked) return { pause: 'FORKED', wakeAtMs: undefined };
  if (isKickWithheld) return { pause: 'KICK_WITHHELD', wakeAtMs: undefined };
  if (place.leaves.length <= 1) return { pause: 'ALONE', wakeAtMs: undefined };
  const silence = hostSilences(input)[0];
  const isLeased = hasSendLease(ledger, nowMs);
  // Nobody is there to be waited for: a service that holds people apart may have had the hosts removed first (G21).
  if (!input.isHostSettled && !hasHost(place)) return { pause: 'ASK_ABOUT_HOST', wakeAtMs: undefined };
  if (silence === undefined) return { pause: isLeased ? undefined : 'NOBODY_CONFIRMED', wakeAtMs: undefined };
  const { waitAtMs, questionAtMs } = silence;
  if (nowMs >= questionAtMs) return { pause: 'ASK_ABOUT_HOST', wakeAtMs: undefined };
  if (nowMs >= waitAtMs) return { pause: 'WAITING_FOR_HOST', wakeAtMs: questionAtMs };
  return { pause: isLeased ? undefined : 'NOBODY_CONFIRMED', wakeAtMs: waitAtMs };
}

/** This client is a host, or hears one. It stays so for as long as it stays in the group, whoever leaves then. */
export function settlesHost({ ledger, place, nowMs }: Omit<PauseInput, 'isHostSettled'>): boolean {
  const { policy, leaves, ownKey } = place;
  return leaves.some(({ signatureKey: key }) => {
    return isHost(policy, key) && (equalBytes(key, ownKey) || standingOf(ledger, key, nowMs) === 'confirmed');
  });
}

function hasHost({ policy, leaves }: OwnPlace): boolean {
  return leaves.some(({ signatureKey }) => isHost(policy, signatureKey));
}

/** The answer 'Continue': without every host of whom the question can be asked now, until that host confirms. */
export function goOnWithout(input: PauseInput): ReadonlySet<string> {
  const asked = hostSilences(input).filter(({ questionAtMs }) => input.nowMs >= questionAtMs);
  return new Set([...stillWithout(input), ...asked.map(({ key }) => key)]);
}

/** `wentOnWithout` less the hosts who have confirmed or left: to be kept after each beat and merge. */
export function stillWithout({ ledger, wentOnWithout, nowMs }: PauseInput): ReadonlySet<string> {
  const isSilent = (key: string) => {
    const record = ledger.records.get(key);
    return record !== undefined && standingOf(ledger, record.leafKey, nowMs) !== 'confirmed';
  };
  return new Set([...wentOnWithout].filter(isSilent));
}

interface HostSilence {
  /** Hexadecimal leaf key. */
  readonly key: string;
  readonly waitAtMs: number;
  readonly questionAtMs: number;
}

/** Of the other hosts in the tree who have not confirmed; who has been waited for longest stands first. */
function hostSilences({
  ledger,
  place,
  wentOnWithout,
  isHostSettled,
  nowMs,
}: PauseInput): readonly HostSilence[] {
  const silences = [...ledger.records].flatMap(([key, record]): HostSilence[] => {
    if (!isHost(place.policy, record.leafKey) || wentOnWithout.has(key)) return [];
    if (standingOf(ledger, record.leafKey, nowMs) === 'confirmed') return [];
    const { receivedAtMs, sinceMs } = record;
    const silentSinceMs = receivedAtMs === undefined ? sinceMs : receivedAtMs + CONFIRMED_MS;
    // A host whom I never heard and who was there before me, or is the first one here, may not be in my call at all
    // (G21): no grace.
    const wasBeforeMe = record.sinceEpoch === ledger.joinedEpoch || !isHostSettled;
    const isStrange = receivedAtMs === undefined && wasBeforeMe;
    const waitAtMs = silentSinceMs + (isStrange ? 0 : HOST_WAIT_MS);
    return [{ key, waitAtMs, questionAtMs: silentSinceMs + HOST_QUESTION_MS }];
  });
  return silences.sort((a, b) => a.waitAtMs - b.waitAtMs);
}
