/**
 * The end-to-end runner's own few words: scenarios run one after another, each with what it opened closed at its end,
 * whatever happened. Two browsers are all that a small machine carries at a time.
 */

import type { BrowserWindow, Engine } from './browsers.ts';
import { openWindow } from './browsers.ts';
import { Skipped } from './skipped.ts';

export type Stage = {
  /** A new participant's window on a page of `pages/`; closed when the scenario ends. */
  readonly window: (engine: Engine, page: string) => Promise<BrowserWindow>;
  /** Registers something else to be undone at the end. */
  readonly undo: (action: () => unknown) => void;
  readonly sfu: SfuAccess;
  /** Address of the built pages, without a slash at the end. */
  readonly origin: string;
};

/** A running LiveKit, and the right to let people in. */
export type SfuAccess = {
  readonly url: string;
  readonly tokenFor: (identity: string, room: string, grants?: Readonly<Record<string, unknown>>) => string;
  readonly call: (method: string, room: string, body: Readonly<Record<string, unknown>>) => Promise<unknown>;
};

export type Scenario = {
  readonly title: string;
  readonly timeoutMs: number;
  readonly run: (stage: Stage) => Promise<void>;
};

export const scenarios: Scenario[] = [];

/** Declares a scenario; its title quotes the rules that it shows. */
export function scenario(title: string, run: (stage: Stage) => Promise<void>, timeoutMs = 60_000): void {
  scenarios.push({ title, run, timeoutMs });
}

export async function runScenario(
  { run, timeoutMs }: Scenario,
  shared: Pick<Stage, 'sfu' | 'origin'>,
): Promise<void> {
  const undone: (() => unknown)[] = [];
  const windows: BrowserWindow[] = [];
  const stage: Stage = {
    ...shared,
    undo: (action) => undone.push(action),
    window: async (engine, page) => {
      const opened = await openWindow(engine, `${shared.origin}/${page}`);
      undone.push(opened.close);
      windows.push(opened);
      return opened;
    },
  };
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`not done after ${timeoutMs} ms`)), timeoutMs);
  try {
    await Promise.race([run(stage), late]);
  } catch (error) {
    if (error instanceof Error && !(error instanceof Skipped)) {
      error.message = [error.message, ...(await Promise.all(windows.map(stateOf))).flat()].join('\n');
    }
    throw error;
  } finally {
    clearTimeout(timer);
    for (const action of undone.reverse()) await Promise.resolve(action()).catch(() => undefined);
  }
}

/** What a window can say for itself when its scenario has failed. */
async function stateOf(window: BrowserWindow, index: number): Promise<readonly string[]> {
  const silent = pause(2_000).then(() => 'no answer');
  const report = await Promise.race([window.call('report'), silent]).catch(() => 'no report');
  return [...window.complaints.slice(0, 10), JSON.stringify(report)].map(
    (line) => `  window ${index}: ${line}`,
  );
}

/** Asks until the answer is not undefined and not false. Gives the last answer; throws when the time is over. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  timeoutMs = 15_000,
): Promise<T> {
  const endMs = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > endMs) throw new Error(`never happened: ${what}`);
    await pause(50);
  }
}

export function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
