/**
 * The page's one media worker and guard: they live as long as the page, because no sender or receiver may ever
 * be without them (D17); a call borrows them.
 */

import { createMediaSession, type MediaSession, type MediaSessionPorts } from '../media/media-session.ts';
import { forgetPlayer, readyPlayer } from '../media/player-element.ts';

export type MediaListener = Omit<MediaSessionPorts, 'worker' | 'onNewTrack' | 'onUsedTrack'>;

let session: MediaSession | undefined;
let listener: MediaListener | undefined;

/**
 * Gives the media session to one call; whoever had it before hears nothing more. One that was stopped stays so until the
 * page is loaded again: the borrower hears at once that it has failed.
 */
export function borrowMedia(by: MediaListener): MediaSession {
  listener = by;
  session ??= createMediaSession({
    worker: new Worker(new URL('../media/media.worker.ts', import.meta.url), { type: 'module' }),
    onBound: (...bound) => listener?.onBound(...bound),
    onUnbound: (receiverId) => listener?.onUnbound(receiverId),
    onNewTrack: readyPlayer,
    onUsedTrack: forgetPlayer,
    onTrouble: (reports) => listener?.onTrouble(reports),
    onLeak: () => listener?.onLeak(),
    onFailed: () => listener?.onFailed(),
  });
  if (session.isStopped()) queueMicrotask(() => isMediaOf(by) && by.onFailed());
  return session;
}

/** Whether the session is still this call's. */
export function isMediaOf(by: MediaListener): boolean {
  return listener === by;
}

export function returnMedia(by: MediaListener): void {
  if (listener === by) listener = undefined;
}
