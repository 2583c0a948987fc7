/**
 * A clock that a test moves: what was put off runs in the order of its time, one at a time, and nothing else passes.
 * Equal times run in the order in which they were put off.
 */

export interface Clock {
  nowMs(): number;
  /** Runs once, `delayMs` ≥ 0 from now, rounded up to whole milliseconds. */
  after(delayMs: number, run: () => void | Promise<void>): void;
}

interface Task {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void | Promise<void>;
}

export class VirtualClock implements Clock {
  #nowMs: number;
  #order = 0;
  #tasks: Task[] = [];

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void | Promise<void>): void {
    const task = { atMs: this.#nowMs + Math.max(0, Math.ceil(delayMs)), order: this.#order++, run };
    let index = this.#tasks.length;
    while (index > 0 && (this.#tasks[index - 1]?.atMs ?? 0) > task.atMs) index--;
    this.#tasks.splice(index, 0, task);
  }

  /** Runs what falls due until `untilMs`, or until the condition holds; returns whether it held. */
  async run(untilMs: number, isDone: () => boolean = () => false): Promise<boolean> {
    if (isDone()) return true;
    for (;;) {
      const task = this.#tasks[0];
      if (task === undefined || task.atMs > untilMs) break;
      this.#tasks.shift();
      this.#nowMs = task.atMs;
      await task.run();
      if (isDone()) return true;
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
    return false;
  }
}
