/**
 * Tells a reloaded tab from a duplicated one. Both start with the same sessionStorage; only the duplicate finds the lock
 * of its number taken by a page that lives on. SPEC P18.
 */

const SLOT = 'conclave.tab-number';
/** A reloaded page may start before the lock of its predecessor is gone. */
const LOCK_WAIT_MS = 500;

let answer: Promise<boolean> | undefined;

/** Asked once per page: the lock is held until the page goes away. */
export function isOnlyTab(): Promise<boolean> {
  answer ??= claim();
  return answer;
}

async function claim(): Promise<boolean> {
  const known = sessionStorage.getItem(SLOT);
  if (known !== null && (await hold(known))) return true;
  const fresh = crypto.randomUUID();
  sessionStorage.setItem(SLOT, fresh);
  await hold(fresh);
  return known === null;
}

function hold(number: string): Promise<boolean> {
  const signal = AbortSignal.timeout(LOCK_WAIT_MS);
  return new Promise((resolve) => {
    const held = () => {
      resolve(true);
      return new Promise<never>(() => undefined);
    };
    navigator.locks.request(`conclave tab ${number}`, { signal }, held).catch(() => resolve(false));
  });
}
