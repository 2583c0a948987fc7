/**
 * Processor time of every thread that this process has started, as Linux counts it under /proc: it needs no tracing, which
 * would slow down what it looks at.
 *
 * @see proc(5); `schedstat`: https://www.kernel.org/doc/html/latest/scheduler/sched-stats.html
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

export interface ThreadTime {
  readonly processId: number;
  /** Words of the command line. */
  readonly command: readonly string[];
  /** Up to 15 characters; the first thread of a process is named after its program. */
  readonly thread: string;
  readonly isFirst: boolean;
  /** Of the process and its parents, the process itself first. */
  readonly ancestry: readonly number[];
  /** Since the thread began. */
  readonly busyMs: number;
}

/** By process and thread. Throws where there is no /proc. */
export function readThreads(): ReadonlyMap<string, ThreadTime> {
  if (!existsSync('/proc/self/schedstat'))
    throw new Error('processor times are read from /proc: Linux alone has it');
  const parents = new Map(numbersIn('/proc').flatMap((id) => parentOf(id) ?? []));
  const threads = new Map<string, ThreadTime>();
  for (const processId of parents.keys()) {
    const ancestry = ancestryOf(processId, parents);
    if (!ancestry.includes(process.pid)) continue;
    const command = read(`/proc/${processId}/cmdline`).split(/[\0 ]/);
    for (const id of numbersIn(`/proc/${processId}/task`)) {
      const [nanoseconds = ''] = read(`/proc/${processId}/task/${id}/schedstat`).split(' ');
      const thread = read(`/proc/${processId}/task/${id}/comm`).trim();
      const busyMs = Number(nanoseconds) / 1e6;
      threads.set(`${processId}/${id}`, {
        processId,
        command,
        thread,
        isFirst: id === processId,
        ancestry,
        busyMs,
      });
    }
  }
  return threads;
}

/** The same threads, with what they did in between; of one that ended meanwhile nothing is known. */
export function busySince(before: ReadonlyMap<string, ThreadTime>): readonly ThreadTime[] {
  return [...readThreads()].map(([key, now]) => ({
    ...now,
    busyMs: now.busyMs - (before.get(key)?.busyMs ?? 0),
  }));
}

function parentOf(id: number): [[child: number, parent: number]] | undefined {
  // The name in brackets may hold blanks and brackets.
  const [, parent] = read(`/proc/${id}/stat`).split(') ').at(-1)?.split(' ') ?? [];
  return parent === undefined ? undefined : [[id, Number(parent)]];
}

function ancestryOf(id: number, parents: ReadonlyMap<number, number>): readonly number[] {
  const parent = parents.get(id);
  return parent === undefined ? [id] : [id, ...ancestryOf(parent, parents)];
}

function numbersIn(folder: string): number[] {
  try {
    return readdirSync(folder).map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

/** Empty for what has ended meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
