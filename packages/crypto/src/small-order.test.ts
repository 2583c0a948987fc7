import { uintBytes } from '@conclave/protocol/bytes';
import { expect, test } from 'vitest';
import { isSmallOrderKey } from './small-order.ts';

const P = 2n ** 255n - 19n;
const mod = (value: bigint): bigint => ((value % P) + P) % P;

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = mod(base), rest = exponent; rest > 0n; rest >>= 1n, square = mod(square * square)) {
    if (rest & 1n) result = mod(result * square);
  }
  return result;
}

const D = mod(-121665n * power(121666n, P - 2n));

/** Little-endian, with the sign bit of x. */
function encode(y: bigint, sign: 0 | 1): Uint8Array {
  const bytes = Uint8Array.from({ length: 32 }, (_, index) => Number((y >> BigInt(8 * index)) & 255n));
  bytes[31] = (bytes[31] ?? 0) | (sign << 7);
  return bytes;
}

/**
 * y of the points of order 8: doubled they have y = 0, so x² = −y², and the curve −x² + y² = 1 + d x² y² gives
 * d y⁴ + 2 y² − 1 = 0.
 */
function orderEightCoordinates(): bigint[] {
  const squareRoot = (value: bigint): bigint | undefined => {
    const candidate = power(value, (P + 3n) / 8n);
    const other = mod(candidate * power(2n, (P - 1n) / 4n));
    return [candidate, other].find((root) => mod(root * root) === mod(value));
  };
  const discriminant = squareRoot(1n + D);
  if (discriminant === undefined) return [];
  const squares = [discriminant, -discriminant].map((root) => mod((root - 1n) * power(D, P - 2n)));
  return squares.flatMap((square) => {
    const y = squareRoot(square);
    return y === undefined ? [] : [y, mod(-y)];
  });
}

test('[K12] every encoding of the eight points of small order is known, as the curve equation gives them', () => {
  const orderEight = orderEightCoordinates();
  expect(orderEight.length).toBe(2);
  for (const y of [0n, 1n, P - 1n, P, P + 1n, ...orderEight]) {
    expect(isSmallOrderKey(encode(y, 0))).toBe(true);
    expect(isSmallOrderKey(encode(y, 1))).toBe(true);
  }
});

test('[K12] other keys are not of small order', async () => {
  for (const y of [2n, P - 2n, P + 2n]) expect(isSmallOrderKey(encode(y, 0))).toBe(false);
  expect(isSmallOrderKey(uintBytes(1, 32))).toBe(false);
  const pair = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']);
  if (!('publicKey' in pair)) throw new Error('no pair');
  expect(isSmallOrderKey(new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)))).toBe(false);
});
