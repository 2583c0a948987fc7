/**
 * beat: sealed signs of life, bundled; every member gets the same bundle, its own beat included (D23). Bundles spare a
 * large call its square of messages; in a small one a joiner would only wait for them.
 *
 * @see SPEC.md V44
 */
import { BEAT_BUNDLE_MS } from '@conclave/protocol/limits';
import type { ClientMessage } from '@conclave/protocol/wire';
import { BEAT_BUNDLE_MS_PER_MEMBER, BEATS_PER_BUNDLE_MAX } from '../delivery-limits.ts';
import type { Call } from './call.ts';
import type { DeliveryContext } from './context.ts';
import { refuse, type Session, sendToAll } from './session.ts';

type Beat = Extract<ClientMessage, { t: 'beat' }>;

export function handleBeat(context: DeliveryContext, call: Call, session: Session, { sealed }: Beat): void {
  if (session.isLogOnly || !call.isMember(session.participantId)) {
    refuse(session.outlet, 'NOT_ALLOWED');
    return;
  }
  call.pendingBeats.push(sealed);
  if (call.pendingBeats.length >= BEATS_PER_BUNDLE_MAX) flushBeats(call);
  else call.cancelBeatFlush ??= context.clock.after(bundleMs(call), () => flushBeats(call));
}

function bundleMs(call: Call): number {
  return Math.min(BEAT_BUNDLE_MS, Math.ceil(call.memberSessions().length * BEAT_BUNDLE_MS_PER_MEMBER));
}

function flushBeats(call: Call): void {
  call.cancelBeatFlush?.();
  call.cancelBeatFlush = undefined;
  const beats = call.pendingBeats;
  call.pendingBeats = [];
  if (beats.length > 0) sendToAll(call.memberSessions(), { t: 'beats', beats });
}
