/**
 * One step of the call machine while it runs: the state as it has become so far, and the effects in their order. Only
 * the step that made a turn sees it; the states before and after stay immutable.
 */
import type { ClientMessage } from '@conclave/protocol/wire';
import type { CallEffect, CallState, Member } from './call-state.ts';
import type { ClosedReason } from './view.ts';

export class Turn {
  state: CallState;
  readonly effects: CallEffect[] = [];
  readonly nowMs: number;

  constructor(state: CallState, nowMs: number) {
    this.state = state;
    this.nowMs = nowMs;
  }

  set(change: Partial<CallState>): void {
    this.state = { ...this.state, ...change };
  }

  setMember(change: Partial<Member>): void {
    const { member } = this.state;
    if (member !== undefined) this.set({ member: { ...member, ...change } });
  }

  /** Does nothing while there is no session: whoever asks again after a reconnect knows better. */
  send(message: ClientMessage): void {
    if (this.state.session !== undefined) this.effects.push({ t: 'send', message });
  }

  /** A number that no other request of this call has. */
  nextRequest(): number {
    const request = this.state.requestCount + 1;
    this.set({ requestCount: request });
    return request;
  }

  close(reason: ClosedReason): void {
    if (this.state.closed !== undefined) return;
    this.set({ closed: reason });
    this.effects.push({ t: 'closed', reason });
  }
}
