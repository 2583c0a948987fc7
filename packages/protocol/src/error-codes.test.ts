import { describe, expect, test } from 'vitest';
import { ERROR_CODES } from './error-codes.ts';
import { decodeServerMessage } from './wire.ts';

describe('error codes', () => {
  test('[W7] each says whether it closes, and travels; no other does', () => {
    for (const [code, { closes }] of Object.entries(ERROR_CODES)) {
      expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
      expect(closes).toBeTypeOf('boolean');
      expect(decodeServerMessage(JSON.stringify({ t: 'error', code })).ok).toBe(true);
    }
    for (const code of ['', 'UNKNOWN', 'malformed', 'toString', '__proto__']) {
      expect(decodeServerMessage(JSON.stringify({ t: 'error', code })).ok).toBe(false);
    }
  });

  test('[W7] what a client can mend by asking again stays open', () => {
    const open = Object.entries(ERROR_CODES).filter(([, { closes }]) => !closes);
    expect(open.map(([code]) => code).sort()).toEqual([
      'FROZEN',
      'NOT_ALLOWED',
      'NO_GROUP',
      'RATE_LIMITED',
      'WRONG_EPOCH',
    ]);
  });
});
