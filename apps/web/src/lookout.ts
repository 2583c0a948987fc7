/**
 * Looks again and again whether a call has started, for whoever came before its host: only while somebody looks at the
 * page, and not for ever. SPEC P74.
 */
import { signal } from '@preact/signals';
import { LOOK_AGAIN_MS, LOOKS_MAX } from './limits.ts';

interface LookoutOptions {
  /** One look; gives up when the signal says so. */
  look(signal: AbortSignal): Promise<boolean>;
  isPageVisible(): boolean;
  /** Called once, when a look has found the call. */
  onFound(): void;
}

export class Lookout {
  /** False when it has looked for long enough: then it is a person's turn. */
  readonly isLooking = signal(true);
  readonly #options: LookoutOptions;
  readonly #stopped = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looks = 0;

  constructor(options: LookoutOptions) {
    this.#options = options;
    this.#lookLater();
  }

  stop(): void {
    this.#stopped.abort();
    this.isLooking.value = false;
    clearTimeout(this.#timer);
  }

  #lookLater(): void {
    this.#timer = setTimeout(() => void this.#look(), LOOK_AGAIN_MS);
  }

  async #look(): Promise<void> {
    if (!this.#options.isPageVisible()) return this.#lookLater();
    this.#looks += 1;
    // A look that fails is as good as one that found nothing.
    const isFound = await this.#options.look(this.#stopped.signal).catch(() => false);
    if (this.#stopped.signal.aborted) return;
    if (!isFound && this.#looks < LOOKS_MAX) return this.#lookLater();
    this.stop();
    if (isFound) this.#options.onFound();
  }
}
