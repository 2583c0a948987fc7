// Tells when npm has ended, which started us through a shell or directly. Plain JavaScript for Node ≥ 20.
//
// npm hands SIGTERM to the shell between it and us, which ends and tells nobody: we only get another parent. SIGKILL of
// npm reaches nobody at all: the shell lives on and gets another parent, which is seen where there is a /proc.
import { readFileSync } from 'node:fs';

const POLL_MS = 500;
const SHELL = /^[a-z]{0,2}sh$/;

export function watchParent(onGone) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const between = describe(parent);
  const npm = SHELL.test(between?.name ?? '') ? between.parent : undefined;
  setInterval(() => {
    const hasShellLostNpm = npm !== undefined && describe(parent)?.parent !== npm;
    if (process.ppid !== parent || hasShellLostNpm) onGone();
  }, POLL_MS).unref();
}

/** Name and parent of a process; undefined where the system does not say. */
function describe(pid) {
  try {
    const [, name, parent] = /\((.*)\) \S (\d+) /s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    return { name, parent: Number(parent) };
  } catch {
    return undefined;
  }
}
