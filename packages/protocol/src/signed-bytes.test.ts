import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toHex, utf8 } from './bytes.ts';
import { attestationBytes, helloBytes, participantIdOf } from './signed-bytes.ts';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const text = (ascii: string): string => toHex(utf8(ascii));

describe('signed bytes', () => {
  test('[W4] hello: label, nonce, room id', () => {
    const signed = helloBytes(new Uint8Array(32).fill(0xaa), new Uint8Array(16).fill(0xbb));
    expect(toHex(signed)).toBe(text('conclave hello v1') + 'aa'.repeat(32) + 'bb'.repeat(16));
  });

  test('[W4] another nonce or room gives other bytes', () => {
    fc.assert(
      fc.property(bytes(32), bytes(16), bytes(32), bytes(16), (nonce, room, otherNonce, otherRoom) => {
        fc.pre(toHex(nonce) + toHex(room) !== toHex(otherNonce) + toHex(otherRoom));
        expect(toHex(helloBytes(nonce, room))).not.toBe(toHex(helloBytes(otherNonce, otherRoom)));
      }),
    );
  });

  test('[W5] attestation: label, group id, epoch in 8 bytes, leaf key', () => {
    const signed = attestationBytes(new Uint8Array(32).fill(1), 2 ** 40 + 5, new Uint8Array(32).fill(2));
    const epoch = '0000010000000005';
    expect(toHex(signed)).toBe(text('conclave attest v1') + '01'.repeat(32) + epoch + '02'.repeat(32));
    expect(() => attestationBytes(new Uint8Array(32), -1, new Uint8Array(32))).toThrow(RangeError);
    expect(() => attestationBytes(new Uint8Array(32), 2 ** 53, new Uint8Array(32))).toThrow(RangeError);
  });

  test('[W4, W5] neither can be read as the other', () => {
    fc.assert(
      fc.property(
        bytes(32),
        bytes(16),
        bytes(32),
        fc.maxSafeNat(),
        bytes(32),
        (nonce, room, group, epoch, leaf) => {
          expect(toHex(helloBytes(nonce, room))).not.toBe(toHex(attestationBytes(group, epoch, leaf)));
        },
      ),
    );
  });

  test('[W6] a participant id is 22 characters of the hash of leaf key and call id', async () => {
    const [leafKey, callId] = [new Uint8Array(32).fill(1), new Uint8Array(16).fill(2)];
    expect(await participantIdOf(leafKey, callId)).toBe('FneDKHP5tcTtXipWHGeDuM');
    const ids = new Set([
      await participantIdOf(leafKey, new Uint8Array(16).fill(3)),
      await participantIdOf(new Uint8Array(32).fill(3), callId),
      await participantIdOf(leafKey, callId),
    ]);
    expect(ids.size).toBe(3);
  });
});
