/**
 * The socket comes and goes (D7, D24): what a new session tells decides whether the log is read, the call entered anew, or
 * a founding completed whose reply was lost.
 *
 * @see SPEC.md C70–C74
 */
import { eraseKeyPackage } from '@conclave/crypto/mls/engine';
import { equalBytes } from '@conclave/protocol/bytes';
import { askLog } from './asking.ts';
import { askAll } from './beating.ts';
import type { CallEvent, Session } from './call-state.ts';
import { completeFounding, enter } from './entering.ts';
import { dropCommits, dropFounding, dropMember, shelve } from './giving-up.ts';
import { holdLink, withHeldFirst } from './held-links.ts';
import { reopened } from './recovering.ts';
import type { Turn } from './turn.ts';

export async function connect(turn: Turn, event: Extract<CallEvent, { t: 'connected' }>): Promise<void> {
  const { link } = event;
  const { links, member, founding, groupNews } = turn.state;
  const session = { ...event.session, ...groupNews };
  const known = link && links.find((held) => equalBytes(held.link.secret, link.secret));
  const shown = known ?? (link ? await holdLink(link) : links[0]);
  turn.set({ session, groupNews: undefined, shown, wasConnected: true, shutOutSinceMs: turn.nowMs });
  if (shown && !known) turn.set({ links: [...links, shown] });
  if (member === undefined && shown) turn.set({ links: withHeldFirst(turn.state.links, shown) });
  if (founding !== undefined) return resumeFounding(turn, session);
  if (member === undefined) return enter(turn);
  const isSameGroup = session.group !== null && equalBytes(session.group.groupId, member.groupId);
  if (!isSameGroup) {
    dropMember(turn);
    if (shown) turn.set({ links: withHeldFirst(turn.state.links, shown) });
    return enter(turn);
  }
  if ((session.group?.epoch ?? 0) < member.epoch) return reopened(turn, session.group?.epoch ?? 0);
  askLog(turn);
  if (session.isMember && !session.isLogOnly) askAll(turn);
}

async function resumeFounding(turn: Turn, session: Session): Promise<void> {
  const { founding } = turn.state;
  const isTaken = session.group && founding && equalBytes(session.group.groupId, founding.groupId);
  if (!isTaken) {
    dropFounding(turn);
    return enter(turn);
  }
  await completeFounding(turn);
  askLog(turn);
}

/** What was asked on the old socket is void; a commit in flight is not: the log tells what became of it. */
export function disconnect(turn: Turn): void {
  // Without a membership no log tells what became of it.
  if (turn.state.member === undefined) dropCommits(turn);
  else shelve(turn);
  if (turn.state.knock !== undefined) eraseKeyPackage(turn.state.knock.keyPackage);
  turn.set({
    session: undefined,
    groupNews: undefined,
    knock: undefined,
    welcome: undefined,
    external: undefined,
    log: undefined,
    knocks: [],
    early: [],
    lostParticipants: new Set(),
  });
}
