/**
 * The end of a call: everybody is told, the SFU's room is closed, every row goes (D24).
 *
 * @see SPEC.md V54–V56, V61
 */
import type { Call } from './call.ts';
import type { DeliveryContext } from './context.ts';
import { sendTo } from './session.ts';

/** Idempotent. When the store fails the call stays ended and the deletion is tried again by the next sweep. */
export async function endCall(context: DeliveryContext, call: Call): Promise<void> {
  if (!call.hasEnded) {
    call.hasEnded = true;
    call.cancelBeatFlush?.();
    for (const session of call.sessions.values()) {
      context.sessionsByToken.delete(session.sessionToken);
      context.sfu.endSession(call, session);
      sendTo(session.outlet, { t: 'ended' });
      session.outlet.close();
    }
    call.sessions.clear();
    call.knocks.clear();
    context.sfu.endCall(call);
  }
  await context.store.deleteCall(call.roomHash);
  context.calls.delete(call.roomHash);
}
