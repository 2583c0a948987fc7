/**
 * Why the own media does not leave (D10, D16, D23): one reason at a time, the gravest first. What is unclear is paused.
 *
 * @see SPEC.md C39–C41
 */
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
  if (silence === undefined) return { pause: isLeased ? undefined : 'NOBODY_CONFIRMED', wakeAtMs: undefined };
  const { waitAtMs, questionAtMs } = silence;
  if (nowMs >= questionAtMs) return { pause: 'ASK_ABOUT_HOST', wakeAtMs: undefined };
  if (nowMs >= waitAtMs) return { pause: 'WAITING_FOR_HOST', wakeAtMs: questionAtMs };
  return { pause: isLeased ? undefined : 'NOBODY_CONFIRMED', wakeAtMs: waitAtMs };
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
function hostSilences({ ledger, place, wentOnWithout, nowMs }: PauseInput): readonly HostSilence[] {
  const silences = [...ledger.records].flatMap(([key, record]): HostSilence[] => {
    if (!isHost(place.policy, record.leafKey) || wentOnWithout.has(key)) return [];
    if (standingOf(ledger, record.leafKey, nowMs) === 'confirmed') return [];
    const { receivedAtMs, sinceMs } = record;
    const silentSinceMs = receivedAtMs === undefined ? sinceMs : receivedAtMs + CONFIRMED_MS;
    // A host who was there before me and whom I never heard may not be in my call at all (G21): no grace.
    const isStrange = receivedAtMs === undefined && record.sinceEpoch === ledger.joinedEpoch;
    const waitAtMs = silentSinceMs + (isStrange ? 0 : HOST_WAIT_MS);
    return [{ key, waitAtMs, questionAtMs: silentSinceMs + HOST_QUESTION_MS }];
  });
  return silences.sort((a, b) => a.waitAtMs - b.waitAtMs);
}
