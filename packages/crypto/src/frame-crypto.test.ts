import type { Bytes } from '@conclave/protocol/bytes';
import { concatBytes, equalBytes } from '@conclave/protocol/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { importBaseKey } from './base-key.ts';
import type { Codec } from './envelope/envelope.ts';
import { codecOfMimeType } from './envelope/envelope.ts';
import { openMediaFrame, parseMediaFrame, sealMediaFrame } from './frame-crypto.ts';
import { FRAMES_PER_KEY_MAX, MEDIA_FRAME_BYTES_MAX, SEALED_FRAME_OVERHEAD_BYTES_MAX } from './limits.ts';
import { deriveFrameKey, sealFrame } from './sframe.ts';

const CODECS: readonly Codec[] = ['opus', 'vp8', 'vp9', 'av1'];
const KID = 5 * 2 ** 20 + 7 * 256 + 3;
const baseKey = await importBaseKey(new Uint8Array(32).fill(1));
const frameKey = await deriveFrameKey(baseKey, KID);
const strangerKey = await deriveFrameKey(await importBaseKey(new Uint8Array(32).fill(2)), KID);
const otherKidKey = await deriveFrameKey(baseKey, KID + 1);

/** A VP8 key frame of 640×360 with the given rest. */
function vp8KeyFrame(rest: Uint8Array): Bytes {
  return concatBytes(Uint8Array.of(0x50, 0x42, 0x01, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01), rest);
}

function frameOf(codec: Codec, isKey: boolean, rest: Uint8Array): Bytes {
  if (codec !== 'vp8') return Uint8Array.from(rest);
  return isKey ? vp8KeyFrame(rest) : concatBytes(Uint8Array.of(0x31), rest);
}

async function openBytes(codec: Codec, bytes: Bytes, key = frameKey): Promise<Bytes | undefined> {
  const parsed = parseMediaFrame(codec, bytes);
  return parsed.ok ? openMediaFrame(parsed.value, key) : undefined;
}

const codecs = fc.constantFrom(...CODECS);
const payloads = fc.uint8Array({ maxLength: 400 });
const counters = fc.oneof(fc.nat(20), fc.integer({ min: 0, max: FRAMES_PER_KEY_MAX - 1 }));

describe('sealed media frames', () => {
  test('[K22, K23] every frame of every codec comes back whole, with its KID, counter and key flag', async () => {
    const frames = fc.asyncProperty(
      codecs,
      fc.boolean(),
      payloads,
      counters,
      async (codec, isKey, rest, counter) => {
        const frame = frameOf(codec, isKey, rest);
        const sealed = await sealMediaFrame({ codec, isKey, frame, frameKey, counter });
        const parsed = parseMediaFrame(codec, sealed);
        if (!parsed.ok) throw new Error('refused');
        expect(parsed.value.header).toMatchObject({ kid: KID, counter });
        expect(parsed.value.isKey).toBe(codec !== 'opus' && isKey);
        expect(await openMediaFrame(parsed.value, frameKey)).toEqual(frame);
      },
    );
    await fc.assert(frames, { numRuns: 300 });
  });

  test('[K23] whichever byte is changed, cut or added, the frame is refused', async () => {
    for (const codec of CODECS) {
      for (const isKey of [true, false]) {
        const frame = frameOf(codec, isKey, new Uint8Array(60).fill(9));
        const sealed = await sealMediaFrame({ codec, isKey, frame, frameKey, counter: 300 });
        for (let index = 0; index < sealed.length; index++) {
          for (const mask of [0x01, 0x02, 0x04, 0x10, 0x80, 0xff]) {
            const altered = sealed.slice();
            altered[index] = (altered[index] ?? 0) ^ mask;
            expect(await openBytes(codec, altered), `${codec} byte ${index} ^ ${mask}`).toBeUndefined();
          }
          expect(await openBytes(codec, sealed.slice(0, index))).toBeUndefined();
          expect(await openBytes(codec, sealed.slice(index + 1))).toBeUndefined();
        }
        expect(await openBytes(codec, concatBytes(sealed, Uint8Array.of(0)))).toBeUndefined();
        expect(await openBytes(codec, sealed)).toEqual(frame);
      }
    }
  });

  test('[K23] no clear byte can be exchanged for any other value', async () => {
    for (const codec of ['vp8', 'vp9', 'av1'] as const) {
      for (const isKey of [true, false]) {
        const frame = frameOf(codec, isKey, new Uint8Array(31).fill(9));
        const sealed = await sealMediaFrame({ codec, isKey, frame, frameKey, counter: 3 });
        const clearBytes = codec === 'vp8' && isKey ? 10 : 5;
        for (let index = 0; index < clearBytes; index++) {
          for (let value = 0; value < 256; value++) {
            if (sealed[index] === value) continue;
            const altered = sealed.slice();
            altered[index] = value;
            expect(await openBytes(codec, altered), `${codec} byte ${index} = ${value}`).toBeUndefined();
          }
        }
      }
    }
  });

  test('[K22] a frame sealed for one codec opens as no other, and key never as delta', async () => {
    for (const codec of CODECS) {
      const frame = frameOf(codec, false, new Uint8Array(50));
      const sealed = await sealMediaFrame({ codec, isKey: false, frame, frameKey, counter: 0 });
      const parsed = parseMediaFrame(codec, sealed);
      if (!parsed.ok) throw new Error('refused');
      for (const other of CODECS) {
        if (other === codec) continue;
        expect(await openMediaFrame({ ...parsed.value, codec: other }, frameKey)).toBeUndefined();
      }
      expect(await openMediaFrame({ ...parsed.value, isKey: true }, frameKey)).toBeUndefined();
      expect(await openMediaFrame(parsed.value, frameKey)).toEqual(frame);
    }
  });

  test('[K23] what is not authentic under the key of its KID yields no byte: plaintext, strangers, blanks', async () => {
    const frame = vp8KeyFrame(new Uint8Array(80).fill(3));
    expect(await openBytes('vp8', frame)).toBeUndefined();
    expect(await openBytes('opus', Uint8Array.of(0xf8, 0xff, 0xfe))).toBeUndefined();
    expect(await openBytes('opus', new Uint8Array(0))).toBeUndefined();
    const sealed = await sealMediaFrame({ codec: 'vp8', isKey: true, frame, frameKey, counter: 1 });
    expect(await openBytes('vp8', sealed, strangerKey)).toBeUndefined();
    expect(await openBytes('vp8', sealed, otherKidKey)).toBeUndefined();
    const bare = await sealFrame(frameKey, 1, new Uint8Array(0), frame);
    expect(await openBytes('opus', bare)).toBeUndefined();
  });

  test('[K27] arbitrary bytes never throw and never open', async () => {
    const attempts = fc.asyncProperty(codecs, fc.uint8Array({ maxLength: 80 }), async (codec, noise) => {
      expect(await openBytes(codec, Uint8Array.from(noise))).toBeUndefined();
    });
    await fc.assert(attempts, { numRuns: 2000 });
    const framed = fc.asyncProperty(
      codecs,
      fc.constantFrom<number[]>(
        [1],
        [0x10, 0, 0, 0x9d, 1, 0x2a],
        [0x82],
        [0x86],
        [0x0a, 0, 0x32],
        [0x32],
        [0x12, 0],
      ),
      fc.uint8Array({ maxLength: 80 }),
      async (codec, start, noise) => {
        expect(await openBytes(codec, concatBytes(Uint8Array.from(start), noise))).toBeUndefined();
      },
    );
    await fc.assert(framed, { numRuns: 2000 });
  });

  test('[K24] a counter at the hard stop is neither sealed nor opened', async () => {
    const frame = new Uint8Array(20);
    const last = { codec: 'opus', isKey: false, frame, frameKey, counter: FRAMES_PER_KEY_MAX - 1 } as const;
    expect(await openBytes('opus', await sealMediaFrame(last))).toEqual(frame);
    await expect(sealMediaFrame({ ...last, counter: FRAMES_PER_KEY_MAX })).rejects.toThrow(RangeError);
    const header = Uint8Array.of(0x0c, 1, 0, 0, 0, 0);
    expect(parseMediaFrame('opus', concatBytes(header, new Uint8Array(40))).ok).toBe(false);
  });

  test('[K23] the largest frame fits; one above the limit is refused before any work', async () => {
    const frame = new Uint8Array(MEDIA_FRAME_BYTES_MAX);
    const request = { codec: 'av1', isKey: true, frame, frameKey, counter: FRAMES_PER_KEY_MAX - 1 } as const;
    const sealed = await sealMediaFrame(request);
    expect(sealed.length - frame.length).toBeLessThanOrEqual(SEALED_FRAME_OVERHEAD_BYTES_MAX);
    expect((await openBytes('av1', sealed))?.length).toBe(frame.length);
    const larger = new Uint8Array(MEDIA_FRAME_BYTES_MAX + SEALED_FRAME_OVERHEAD_BYTES_MAX + 1);
    expect(parseMediaFrame('opus', larger).ok).toBe(false);
    await expect(sealMediaFrame({ ...request, frame: larger })).rejects.toThrow(RangeError);
  });

  test('[K19] no 16-byte run of the frame stands in what is sent', async () => {
    for (const codec of CODECS) {
      const rest = crypto.getRandomValues(new Uint8Array(500));
      const frame = frameOf(codec, true, rest);
      const sealed = await sealMediaFrame({ codec, isKey: true, frame, frameKey, counter: 12 });
      const sent = Buffer.from(sealed).toString('latin1');
      for (let start = 0; start + 16 <= frame.length; start++) {
        expect(sent).not.toContain(Buffer.from(frame.subarray(start, start + 16)).toString('latin1'));
      }
    }
  });
});

describe('codecs', () => {
  test('[K17] only the four codecs with an envelope are known', () => {
    expect(['audio/opus', 'video/VP8', 'video/VP9', 'video/AV1'].map(codecOfMimeType)).toEqual(CODECS);
    const refused = [
      'audio/red',
      'video/H264',
      'video/H265',
      'video/opus',
      'audio/vp8',
      'video/rtx',
      'vp8',
      '',
    ];
    for (const mimeType of [...refused, 'constructor', 'video/vp8 ', 'video/__proto__']) {
      expect(codecOfMimeType(mimeType)).toBeUndefined();
    }
  });
});

test('[K14] the sealed layout is header ‖ ciphertext ‖ tag', async () => {
  const frame = new Uint8Array(33).fill(4);
  const sealed = await sealFrame(frameKey, 9, new Uint8Array(0), frame);
  expect(sealed.length).toBe(1 + 3 + 1 + 33 + 16);
  expect(equalBytes(sealed.subarray(0, 5), Uint8Array.of(0xa8, 0x50, 0x07, 0x03, 9))).toBe(true);
});
