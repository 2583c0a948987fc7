import { describe, expect, test } from 'vitest';
import { hashHostKey, Stage } from '../test/delivery-stage.ts';
import { makeLeafKey, randomOf } from '../test/socket-client.ts';
import { HELLO_RATE_PER_ADDRESS, ROOM_RATE_PER_ADDRESS } from './delivery-limits.ts';
import { AddressCounts, AddressRates, addressKey, TokenBucket } from './rate-limit.ts';

describe('rates', () => {
  test('[V34] a bucket gives its burst, then refills by time, never above the burst', () => {
    const bucket = new TokenBucket({ burst: 3, perSecond: 2 }, 0);
    expect([0, 0, 0, 0].map((nowMs) => bucket.take(nowMs))).toEqual([true, true, true, false]);
    expect([499, 500, 500].map((nowMs) => bucket.take(nowMs))).toEqual([false, true, false]);
    expect([60_000, 60_000, 60_000, 60_000].map((nowMs) => bucket.take(nowMs))).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect(bucket.take(0)).toBe(false);
  });

  test('[V35] each address has its own bucket and count; an IPv6 customer is one', () => {
    const rates = new AddressRates({ burst: 1, perSecond: 0 });
    expect(rates.take('192.0.2.1', 0)).toBe(true);
    expect(rates.take('::ffff:192.0.2.1', 0)).toBe(false);
    expect(rates.take('192.0.2.2', 0)).toBe(true);
    expect(rates.take('2001:db8:1:2:3::4', 0)).toBe(true);
    expect(rates.take('2001:db8:1:2::9', 0)).toBe(false);
    expect(rates.take('2001:db8:1:3::4', 0)).toBe(true);
    expect(addressKey('2001:db8::1')).toBe('2001:db8:0:0');
    const counts = new AddressCounts();
    expect([counts.open('a', 2), counts.open('a', 2), counts.open('a', 2)]).toEqual([true, true, false]);
    counts.close('a');
    expect(counts.open('a', 2)).toBe(true);
  });

  test('[V35] rooms of one address are limited, those of another are not', async () => {
    const stage = await Stage.open();
    const open = (address: string) => {
      const key = makeLeafKey();
      const link = { roomId: randomOf(16), access: randomOf(32) };
      return stage.greet({ key, link, create: hashHostKey(key.publicKey), address });
    };
    for (let count = 0; count < ROOM_RATE_PER_ADDRESS.burst; count++) {
      expect((await open('192.0.2.1')).codes()).toEqual([]);
    }
    expect((await open('192.0.2.1')).codes()).toEqual(['TOO_MANY']);
    expect((await open('192.0.2.2')).codes()).toEqual([]);
    await stage.advance(1_000);
    expect((await open('192.0.2.1')).codes()).toEqual([]);
  });

  test('[V35] hellos of one address are limited', async () => {
    const stage = await Stage.open();
    await stage.host();
    const key = makeLeafKey();
    for (let count = 1; count < HELLO_RATE_PER_ADDRESS.burst; count++) {
      expect((await stage.greet({ key })).codes()).toEqual([]);
    }
    expect((await stage.greet({ key })).codes()).toEqual(['TOO_MANY']);
  });
});
