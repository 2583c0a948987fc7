/**
 * A step of `npm test`: what it is called, how it runs, what came out of it.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** True on a machine that must run everything: what is missing there is a failure. */
export const IS_CI = process.env['CI'] === 'true';

/** A check counts as one; steps that run tests bring the counts of those. */
export type Outcome =
  | { readonly kind: 'checked'; readonly failures: readonly string[] }
  | { readonly kind: 'counted'; readonly passed: number; readonly failed: number; readonly skipped: number }
  | { readonly kind: 'skipped'; readonly reason: string };

export interface Step {
  /** For `--only`. */
  readonly name: string;
  readonly title: string;
  /** Prints what a person needs to mend a failure. */
  readonly run: () => Promise<Outcome>;
}

export function checked(...failures: readonly string[]): Outcome {
  return { kind: 'checked', failures };
}

/**
 * Runs a script of an installed package, or one of ours, under the Node that runs this; its output goes to ours.
 *
 * @param script - path from the root of the repository
 * @returns the exit code; 1 when a signal ended it
 */
export function runScript(script: string, args: readonly string[], cwd = ROOT): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const child = spawn(process.execPath, [join(ROOT, script), ...args], { cwd, stdio: 'inherit' });
  child.on('error', reject);
  child.on('exit', (code) => resolve(code ?? 1));
  return promise;
}
