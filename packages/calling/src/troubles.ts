/** What goes wrong with kicks and link changes, and when it is said (D10). */
import { equalBytes } from '@conclave/protocol/bytes';
import type { CallState } from './call-state.ts';
import { FREEZE_TROUBLE_MS, KICK_TROUBLE_MS } from './machine-limits.ts';
import type { CallView } from './view.ts';

/** When the own kick or link change, if it is not merged, counts as withheld; undefined while nothing is wanted. */
export function kickTroubleAtMs(state: CallState): number | undefined {
  const { kicks, member, ownKey, wantsNewLinkSinceMs } = state;
  const freeze = member?.freeze;
  const sinceMs = [
    ...kicks.map((kick) => kick.sinceMs),
    ...(wantsNewLinkSinceMs === undefined ? [] : [wantsNewLinkSinceMs]),
    ...(freeze !== undefined && equalBytes(freeze.by, ownKey) ? [freeze.sinceMs] : []),
  ];
  return sinceMs.length === 0 ? undefined : Math.min(...sinceMs) + KICK_TROUBLE_MS;
}

export function linkTrouble(state: CallState, nowMs: number): CallView['linkTrouble'] {
  const { kicks, member } = state;
  if (kicks.some(({ sinceMs }) => nowMs >= sinceMs + KICK_TROUBLE_MS)) return 'CANNOT_REMOVE';
  const freeze = member?.freeze;
  return freeze !== undefined && nowMs >= freeze.sinceMs + FREEZE_TROUBLE_MS ? 'CANNOT_CHANGE' : undefined;
}

export function troubleWakes(state: CallState): readonly number[] {
  const freeze = state.member?.freeze;
  const withheldAtMs = kickTroubleAtMs(state);
  return [
    ...(withheldAtMs === undefined ? [] : [withheldAtMs]),
    ...(freeze === undefined ? [] : [freeze.sinceMs + FREEZE_TROUBLE_MS]),
  ];
}
