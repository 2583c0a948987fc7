/** What a member tells and asks the server when commits are missing or cannot be taken (D7). */
import { shelve } from './giving-up.ts';
import type { Turn } from './turn.ts';

/** Asks for the log from the own epoch on; one request at a time. */
export function askLog(turn: Turn): void {
  const { member, log, session } = turn.state;
  if (member === undefined || session === undefined || log !== undefined) return;
  const request = turn.nextRequest();
  turn.set({ log: { request, fromEpoch: member.epoch, sinceMs: turn.nowMs } });
  turn.send({ t: 'log', request, fromEpoch: member.epoch });
}

/** The commit that ends this epoch cannot be taken: it is reported, once. */
export function beStuck(turn: Turn, refused: string): void {
  const { member } = turn.state;
  if (member === undefined || member.stuckSinceMs !== undefined) return;
  turn.setMember({ stuckSinceMs: turn.nowMs });
  shelve(turn);
  turn.set({ refused });
  turn.send({ t: 'report-invalid', groupId: member.groupId, epoch: member.epoch });
}
