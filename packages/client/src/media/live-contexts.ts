/** What goes back over the port to whom the beats belong: the live senders and how far each has counted (D15, D23). */

import type { MediaContext } from '@conclave/calling/media-instruction';

export type LiveContexts = {
  /** Undefined while nothing may be sealed. */
  readonly epoch: number | undefined;
  /** `counter` is that of the last frame sealed in this epoch, or `NOTHING_COUNTED`. */
  readonly contexts: readonly MediaContext[];
};
