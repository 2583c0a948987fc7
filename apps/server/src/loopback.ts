/**
 * Loopback: which addresses stay on this machine, and how such an address is told.
 */
import { networkInterfaces } from 'node:os';

/** True for `localhost`, 127.0.0.0/8 and ::1 (also in brackets): nothing of it is reachable from another machine. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (bare === 'localhost' || bare === '::1') return true;
  return /^127(\.\d{1,3}){3}$/.test(bare);
}

/** Name of the interface that carries 127.0.0.1 (`lo`, `lo0`, …). */
export function loopbackInterface(): string {
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    if (addresses?.some(({ address }) => address === '127.0.0.1')) return name;
  }
  return 'lo';
}
