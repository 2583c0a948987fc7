/**
 * Asking the media worker for its counts. A worker that does not answer is broken, and with it every check that rests on
 * its word; as a page that slept wakes to timers before answers, it is asked a second time.
 *
 * @see SPEC.md S122
 */

import { ANSWER_TIMEOUT_MS } from './media-limits.ts';
import type { ReceiverCount } from './media-messages.ts';
import type { SenderCount } from './seal-path.ts';

export type MediaCounts = {
  readonly senders: readonly SenderCount[];
  readonly receivers: readonly ReceiverCount[];
};

export type Counting = {
  readonly ask: () => Promise<MediaCounts>;
  readonly answer: (request: number, counts: MediaCounts) => void;
  /** No answer is waited for any more. */
  readonly stop: () => void;
};

/** @param onSilent - called once, when two questions in a row were not answered in time */
export function createCounting(send: (request: number) => void, onSilent: () => void): Counting {
  const waiting = new Map<number, (counts: MediaCounts) => void>();
  let requests = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isLast = false;
  let isOver = false;

  const watch = (): void => {
    if (!isOver) timer ??= setTimeout(onLate, ANSWER_TIMEOUT_MS);
  };
  const rest = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };
  const onLate = (): void => {
    timer = undefined;
    if (isLast) {
      isOver = true;
      onSilent();
      return;
    }
    isLast = true;
    send(++requests);
    watch();
  };

  return {
    ask: () =>
      new Promise((resolve) => {
        waiting.set(++requests, resolve);
        send(requests);
        watch();
      }),
    answer: (request, counts) => {
      waiting.get(request)?.(counts);
      waiting.delete(request);
      isLast = false;
      rest();
      if (waiting.size > 0) watch();
    },
    stop: () => {
      isOver = true;
      rest();
    },
  };
}
