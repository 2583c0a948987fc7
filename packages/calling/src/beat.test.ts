import { openBeat, sealBeat } from '@conclave/crypto/beat-seal';
import { BEAT_BODY_BYTES_MAX, BEAT_SEALED_BYTES, EPOCH_MAX } from '@conclave/crypto/limits';
import * as mls from '@conclave/crypto/mls/engine';
import { concatBytes } from '@conclave/protocol/bytes';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { at, commitAdds, everybodyMerges, randomBytes, someone, startCall } from '../test/small-call.ts';
import { type Beat, decodeBeat, encodeBeat, epochHash, isNewer } from './beat.ts';
import { BEAT_CONTEXTS_MAX } from './limits.ts';

const leafKey = randomBytes(32);
const hashAt = (epoch: number) => ({ epoch, hash: randomBytes(32) });
const largest: Beat = {
  groupId: randomBytes(32),
  epoch: EPOCH_MAX,
  hashes: [0, 1, 7, 255].map((back) => hashAt(EPOCH_MAX - back)),
  leafKey,
  leafIndex: 127,
  seq: 2 ** 32 - 1,
  flags: { microphone: true, camera: false, screen: true, hand: false },
  contexts: Array.from({ length: BEAT_CONTEXTS_MAX }, (_, index) => ({
    context: 2 ** 33 - BEAT_CONTEXTS_MAX + index,
    counter: 2 ** 32,
  })),
  appSeq: 2 ** 32 - 1,
  ask: true,
};
const smallest: Beat = {
  ...largest,
  epoch: 0,
  hashes: [hashAt(0)],
  leafIndex: 0,
  seq: 0,
  flags: { microphone: false, camera: false, screen: false, hand: false },
  contexts: [],
  appSeq: 0,
  ask: false,
};

test('[C27] what is encoded is decoded; the largest fits the sealed size', async () => {
  for (const beat of [largest, smallest]) {
    const body = encodeBeat(beat);
    expect(body.length).toBeLessThanOrEqual(BEAT_BODY_BYTES_MAX);
    expect(decodeBeat(body, leafKey)).toEqual(beat);
  }
});

test('[K67, C27] the largest epoch is the largest that a beat can say', () => {
  expect(decodeBeat(encodeBeat(largest), leafKey)?.epoch).toBe(EPOCH_MAX);
  const beyond = { ...largest, epoch: EPOCH_MAX + 1, hashes: [hashAt(EPOCH_MAX + 1)] };
  expect(() => encodeBeat(beyond)).toThrow(RangeError);
});

test('[C27] sealed and opened it is of one size, and its signer is the one who signed', async () => {
  const key = await mls.generateSigningKey();
  const keys = { beatKey: randomBytes(32), roomId: randomBytes(16) };
  for (const beat of [largest, smallest]) {
    const { publicKey } = key;
    const body = encodeBeat(beat);
    const sealed = await sealBeat(keys, {
      body,
      leafKey: publicKey,
      sign: (message) => mls.sign(key, message),
    });
    expect(sealed.length).toBe(BEAT_SEALED_BYTES);
    const opened = await openBeat(keys, sealed);
    expect(opened && decodeBeat(opened.body, opened.leafKey)).toEqual({ ...beat, leafKey: publicKey });
  }
});

test('[C27] beats without a form: epochs out of order, contexts twice, too many of either', () => {
  const [own, one, two, three] = largest.hashes;
  if (!own || !one || !two || !three) throw new Error('unreachable');
  const context = { context: 4, counter: 1 };
  const bad = [
    { hashes: [] },
    { hashes: [one] },
    { hashes: [own, own] },
    { hashes: [own, two, one] },
    { hashes: [own, one, two, three, { ...three, epoch: 1 }] },
    { hashes: [own, { ...one, epoch: own.epoch - 256 }] },
    { hashes: [{ ...own, hash: randomBytes(31) }] },
    { contexts: [context, context] },
    { contexts: [context, { context: 3, counter: 0 }] },
    {
      contexts: Array.from({ length: BEAT_CONTEXTS_MAX + 1 }, (_, index) => ({ context: index, counter: 0 })),
    },
    { groupId: randomBytes(31) },
  ];
  for (const part of bad) expect(() => encodeBeat({ ...largest, ...part })).toThrow(RangeError);
});

test('[C27] every cut, every lengthening and every unknown bit is no beat', () => {
  const body = encodeBeat(largest);
  for (let length = 0; length < body.length; length++) {
    expect(decodeBeat(body.slice(0, length), leafKey)).toBeUndefined();
  }
  expect(decodeBeat(concatBytes(body, Uint8Array.of(0)), leafKey)).toBeUndefined();
  const unknownFlag = body.slice();
  unknownFlag[45] = 32;
  expect(decodeBeat(unknownFlag, leafKey)).toBeUndefined();
});

test('[C27] arbitrary bodies never throw, and what is taken encodes to the same bytes', () => {
  const template = encodeBeat({ ...largest, epoch: 9, hashes: [hashAt(9), hashAt(8)] });
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc.tuple(fc.nat(template.length - 1), fc.nat(255)).map(([offset, value]) => {
      const bytes = template.slice();
      bytes[offset] = value;
      return bytes;
    }),
  );
  fc.assert(
    fc.property(noise, (bytes) => {
      const beat = decodeBeat(bytes.slice(), leafKey);
      if (beat !== undefined) expect(encodeBeat(beat)).toEqual(bytes.slice());
    }),
  );
});

test('[C30] newer is the larger (epoch, seq)', () => {
  expect(isNewer({ epoch: 2, seq: 0 }, { epoch: 1, seq: 9 })).toBe(true);
  expect(isNewer({ epoch: 1, seq: 9 }, { epoch: 1, seq: 8 })).toBe(true);
  expect(isNewer({ epoch: 1, seq: 8 }, { epoch: 1, seq: 8 })).toBe(false);
  expect(isNewer({ epoch: 1, seq: 99 }, { epoch: 2, seq: 0 })).toBe(false);
});

test('[C28] equal for the members of an epoch, different in another epoch and in a fork', async () => {
  const call = await startCall({ guests: 2 });
  const before = await Promise.all(call.states.map(epochHash));
  expect(new Set(before.map(String)).size).toBe(1);
  const [one, other] = await Promise.all([
    commitAdds(call, 0, [await someone(call.keys, 'Gus')]),
    commitAdds(call, 1, [await someone(call.keys, 'Hal')]),
  ]);
  const here = await everybodyMerges(call, 0, one);
  const there = await everybodyMerges(call, 1, other);
  const hashes = await Promise.all([
    epochHash(at(here.states, 2)),
    epochHash(at(there.states, 2)),
    epochHash(at(call.states, 2)),
  ]);
  expect(new Set(hashes.map(String)).size).toBe(3);
  expect(await epochHash(one.state)).toEqual(hashes[0]);
});
