/**
 * The page's one media worker and guard: they live as long as the page, because no sender or receiver may ever
 * be without them (D17); a call borrows them.
 */
import { createMediaSession, type MediaSession, type MediaSessionPorts } from '../media/media-session.ts';

export type MediaListener = Omit<MediaSessionPorts, 'worker'>;

let session: MediaSession | undefined;
let listener: MediaListener | undefined;

/** Gives the media session to one call; whoever had it before hears nothing more. */
export function borrowMedia(by: MediaListener): MediaSession {
  listener = by;
  session ??= createMediaSession({
    worker: new Worker(new URL('../media/media.worker.ts', import.meta.url), { type: 'module' }),
    onBound: (...bound) => listener?.onBound(...bound),
    onUnbound: (receiverId) => listener?.onUnbound(receiverId),
    onTrouble: (reports) => listener?.onTrouble(reports),
    onLeak: () => listener?.onLeak(),
    onFailed: () => listener?.onFailed(),
  });
  return session;
}

export function returnMedia(by: MediaListener): void {
  if (listener === by) listener = undefined;
}
