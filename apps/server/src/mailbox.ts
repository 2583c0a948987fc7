/**
 * Mailboxes: what concerns one room happens one thing after the other, in the order of arrival.
 */

export class Mailboxes {
  readonly #lastByKey = new Map<string, Promise<unknown>>();

  /** Runs `task` after everything that was given for `key` before; a task that fails does not stop the next. */
  run<T>(key: string, task: () => Promise<T> | T): Promise<T> {
    const previous = this.#lastByKey.get(key) ?? Promise.resolve();
    const next = previous.then(task, task);
    this.#lastByKey.set(key, next);
    const forget = (): void => {
      if (this.#lastByKey.get(key) === next) this.#lastByKey.delete(key);
    };
    next.then(forget, forget);
    return next;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#lastByKey.size > 0) await Promise.allSettled(this.#lastByKey.values());
  }
}
