/** Short sentences about what just happened, read out by screen readers and gone after a while. SPEC P25. */
import { signal } from '@preact/signals';
import { NOTICE_MS, NOTICES_MAX } from './limits.ts';

export interface Notice {
  readonly id: number;
  readonly text: string;
}

export class Notices {
  readonly shown = signal<readonly Notice[]>([]);
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #lastId = 0;

  say(text: string): void {
    this.#lastId += 1;
    const id = this.#lastId;
    this.shown.value = [...this.shown.value, { id, text }].slice(-NOTICES_MAX);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.shown.value = this.shown.value.filter((notice) => notice.id !== id);
    }, NOTICE_MS);
    this.#timers.add(timer);
  }

  dispose(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
