import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { clientAddress } from './client-address.ts';
import { TrustedProxies } from './trusted-proxies.ts';

function from(remoteAddress: string, forwarded?: string): IncomingMessage {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  return { socket: { remoteAddress }, headers } as unknown as IncomingMessage;
}

describe('whose word on addresses counts', () => {
  test("[V35] a forwarded address counts only from the operator's own proxy", () => {
    const own = TrustedProxies.of('https://calls.example.org');
    expect(clientAddress(from('127.0.0.1', '198.51.100.9, 192.0.2.7'), own)).toBe('192.0.2.7');
    expect(clientAddress(from('::ffff:127.0.0.1', '192.0.2.7'), own)).toBe('192.0.2.7');
    expect(clientAddress(from('127.0.0.1', '192.0.2.7'), TrustedProxies.of(undefined))).toBe('127.0.0.1');
    expect(clientAddress(from('203.0.113.1', '192.0.2.7'), own)).toBe('203.0.113.1');
    expect(clientAddress(from('127.0.0.1', 'nonsense'), own)).toBe('127.0.0.1');
    expect(clientAddress(from('127.0.0.1'), own)).toBe('127.0.0.1');
  });

  test('[V77] named proxies on other machines are believed, and passed over in a chain', () => {
    const proxies = TrustedProxies.of('https://calls.example.org', ['172.16.0.0/12', '2001:db8::5']);
    expect(clientAddress(from('::ffff:172.18.0.2', '192.0.2.7'), proxies)).toBe('192.0.2.7');
    expect(clientAddress(from('2001:db8::5', '192.0.2.7'), proxies)).toBe('192.0.2.7');
    expect(clientAddress(from('2001:db8::6', '192.0.2.7'), proxies)).toBe('2001:db8::6');
    expect(clientAddress(from('172.18.0.2', '198.51.100.9, 192.0.2.7, 172.18.0.3'), proxies)).toBe(
      '192.0.2.7',
    );
    expect(clientAddress(from('172.32.0.1', '192.0.2.7'), proxies)).toBe('172.32.0.1');
    expect(clientAddress(from('127.0.0.1', '192.0.2.7'), proxies)).toBe('192.0.2.7');
  });
});
