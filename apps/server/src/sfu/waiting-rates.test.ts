import { SessionDescription, SignalRequest } from '@livekit/protocol';
import { expect, test } from 'vitest';
import {
  WAITING_BYTES_RATE,
  WAITING_CONNECT_RATE,
  WAITING_DESCRIPTION_BYTES_MAX,
  WAITING_DESCRIPTION_BYTES_RATE,
  WAITING_DESCRIPTION_FIELDS_MAX,
  WAITING_MESSAGE_BYTES_MAX,
  WAITING_MESSAGE_RATE,
} from './sfu-limits.ts';
import { WaitingRates } from './waiting-rates.ts';

function start() {
  const clock = { now: 0, nowMs: () => clock.now };
  return { clock, rates: new WaitingRates(clock) };
}

/** How many of the same message are taken one after the other. */
function countTaken(rates: WaitingRates, message: Uint8Array): number {
  let taken = 0;
  while (taken < 10_000 && rates.takeMessage(message)) taken += 1;
  return taken;
}

const describe = (kind: 'offer' | 'answer', sdpBytes: number, mids = 0): Uint8Array => {
  const midToTrackId = Object.fromEntries(Array.from({ length: mids }, (_, mid) => [mid, 'TR']));
  const value = new SessionDescription({ type: kind, sdp: 'a'.repeat(sdpBytes), id: 300, midToTrackId });
  return new SignalRequest({ message: { case: kind, value } }).toBinary();
};
const largest = WAITING_DESCRIPTION_BYTES_MAX - 4_096;

test('[V82] of who waits a long message is taken only as one session description with few fields', () => {
  const take = (message: Uint8Array) => start().rates.takeMessage(message);
  expect(take(describe('offer', largest, 200))).toBe(true);
  expect(take(describe('answer', largest))).toBe(true);
  expect(take(new Uint8Array(WAITING_MESSAGE_BYTES_MAX))).toBe(true);
  expect(take(new Uint8Array(WAITING_MESSAGE_BYTES_MAX + 1))).toBe(false);
  expect(take(describe('offer', WAITING_DESCRIPTION_BYTES_MAX))).toBe(false);
  expect(take(describe('offer', largest, WAITING_DESCRIPTION_FIELDS_MAX))).toBe(false);
  const offer = describe('offer', WAITING_MESSAGE_BYTES_MAX);
  expect(take(offer)).toBe(true);
  expect(take(offer.subarray(0, -1))).toBe(false);
  expect(take(Buffer.concat([offer, offer]))).toBe(false);
  for (const byte of [0x00, 0x0a, 0x12, 0x80, 0xff]) {
    expect(take(new Uint8Array(WAITING_MESSAGE_BYTES_MAX + 1).fill(byte))).toBe(false);
  }
  const subscription = Uint8Array.from(offer);
  subscription[0] = (6 << 3) | 2;
  expect(take(subscription)).toBe(false);
});

test('[V82] messages of who waits, their bytes and those of long descriptions are each limited over time', () => {
  const { clock, rates } = start();
  expect(countTaken(rates, Uint8Array.of(1))).toBe(WAITING_MESSAGE_RATE.burst);
  clock.now = 1_000;
  expect(countTaken(rates, Uint8Array.of(1))).toBe(WAITING_MESSAGE_RATE.perSecond);
  const full = new Uint8Array(WAITING_MESSAGE_BYTES_MAX);
  expect(countTaken(start().rates, full)).toBe(WAITING_BYTES_RATE.burst / full.length);
  const offer = describe('offer', largest);
  const offers = Math.floor(WAITING_DESCRIPTION_BYTES_RATE.burst / offer.length);
  expect(countTaken(start().rates, offer)).toBe(offers);
});

test('[V82] requests to connect of who waits are limited over time', () => {
  const { clock, rates } = start();
  const { burst } = WAITING_CONNECT_RATE;
  const take = () => Array.from({ length: burst + 1 }, () => rates.takeConnect()).filter(Boolean).length;
  expect(take()).toBe(burst);
  clock.now = 2_000;
  expect(take()).toBe(2);
});
