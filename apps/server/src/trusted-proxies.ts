/**
 * Reverse proxies whose word on their clients' addresses counts.
 *
 * @see SPEC.md V35, V77
 */
import { BlockList, isIP } from 'node:net';

const LOOPBACK: readonly string[] = ['127.0.0.0/8', '::1'];

/** Bits of a network's address, by family. */
const PREFIX_MAX = { ipv4: 32, ipv6: 128 } as const;

export class TrustedProxies {
  readonly #list = new BlockList();

  /** @param networks - IP addresses and networks (`10.0.0.0/8`); throws a RangeError that names one that is neither */
  constructor(networks: readonly string[]) {
    for (const network of networks) {
      const [address = '', prefix] = network.split('/');
      const family = familyOf(address);
      const bits = prefix === undefined || !family ? PREFIX_MAX[family ?? 'ipv4'] : readBits(prefix);
      if (family === undefined || bits === undefined || bits > PREFIX_MAX[family])
        throw new RangeError(network);
      this.#list.addSubnet(address, bits, family);
    }
  }

  /** With a public address, a peer on loopback is the operator's own proxy. */
  static of(publicUrl: string | undefined, networks: readonly string[] = []): TrustedProxies {
    return new TrustedProxies(publicUrl === undefined ? networks : [...LOOPBACK, ...networks]);
  }

  has(address: string): boolean {
    const family = familyOf(address);
    return family !== undefined && this.#list.check(address, family);
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = isIP(address);
  return version === 4 ? 'ipv4' : version === 6 ? 'ipv6' : undefined;
}

function readBits(text: string): number | undefined {
  return /^\d{1,3}$/.test(text) ? Number(text) : undefined;
}
