/**
 * Loopback and private addresses: what stays on this machine, or in the operator's own network.
 */
import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

/** True for `localhost`, 127.0.0.0/8 and ::1 (also in brackets): nothing of it is reachable from another machine. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (bare === 'localhost' || bare === '::1') return true;
  return /^127(\.\d{1,3}){3}$/.test(bare);
}

const PRIVATE_NETWORKS = new BlockList();
PRIVATE_NETWORKS.addSubnet('10.0.0.0', 8);
PRIVATE_NETWORKS.addSubnet('172.16.0.0', 12);
PRIVATE_NETWORKS.addSubnet('192.168.0.0', 16);
PRIVATE_NETWORKS.addSubnet('100.64.0.0', 10);
PRIVATE_NETWORKS.addSubnet('169.254.0.0', 16);
PRIVATE_NETWORKS.addSubnet('fc00::', 7, 'ipv6');
PRIVATE_NETWORKS.addSubnet('fe80::', 10, 'ipv6');

/**
 * True for loopback, private and link-local addresses, and for names that no public DNS has: a single label as in
 * container networks, `.internal`, `.local`.
 */
export function isPrivateHost(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (isLoopback(bare)) return true;
  const version = isIP(bare);
  if (version !== 0) return PRIVATE_NETWORKS.check(bare, version === 4 ? 'ipv4' : 'ipv6');
  return !bare.includes('.') || /\.(internal|local|localhost|lan|home\.arpa)$/.test(bare);
}

/** Name of the interface that carries 127.0.0.1 (`lo`, `lo0`, …). */
export function loopbackInterface(): string {
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    if (addresses?.some(({ address }) => address === '127.0.0.1')) return name;
  }
  return 'lo';
}
