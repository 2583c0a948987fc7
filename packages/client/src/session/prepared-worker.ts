/**
 * The MLS worker of the next call, started before the call's own code is there: it takes as long to load as that code, and
 * nothing else stands between an opened link and the socket. Small, so that it can come with the first page.
 */

let prepared: Worker | undefined;

/** Starts to load the worker, unless one is waiting already. */
export function prepareMlsWorker(): void {
  if (prepared) return;
  const worker = createMlsWorker();
  // What could not be loaded is tried again when it is needed.
  worker.onerror = () => {
    if (prepared === worker) prepared = undefined;
  };
  prepared = worker;
}

/** The worker that was prepared, or a new one; the caller's from then on. */
export function takeMlsWorker(): Worker {
  const worker = prepared ?? createMlsWorker();
  prepared = undefined;
  return worker;
}

function createMlsWorker(): Worker {
  return new Worker(new URL('./mls.worker.ts', import.meta.url), { type: 'module' });
}
