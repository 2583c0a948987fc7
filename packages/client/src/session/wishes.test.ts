import type { Person } from '@conclave/calling/view';
import { toHex } from '@conclave/protocol/bytes';
import { expect, test } from 'vitest';
import { isSpeech } from './speaking.ts';
import { hexToBytes, wishesOf } from './wishes.ts';

const person = (key: string, isSelf = false): Person => ({
  key,
  participantId: `id of ${key}`,
  name: key,
  isSelf,
  isHost: false,
  standing: 'confirmed',
  isReconnecting: false,
  flags: { microphone: true, camera: true, screen: false, hand: false },
  arrivedEpoch: 0,
});

test('[S75] everybody is heard, and seen at the size that is shown; oneself and strangers are never asked for', () => {
  const people = [person('ada', true), person('bob'), person('eve')];
  const visible = [
    { personKey: 'bob', kind: 'camera', widthPx: 320, heightPx: 180 },
    { personKey: 'ada', kind: 'camera', widthPx: 320, heightPx: 180 },
    { personKey: 'ghost', kind: 'screen', widthPx: 320, heightPx: 180 },
  ] as const;
  const wishes = wishesOf(people, visible, 2);
  expect(
    wishes.filter(({ kind }) => kind === 'microphone').map(({ participantId }) => participantId),
  ).toEqual(['id of bob', 'id of eve']);
  expect(wishes.filter(({ width }) => width > 0)).toEqual([
    { participantId: 'id of bob', kind: 'camera', width: 640, height: 360 },
  ]);
});

test('[S75] a person’s key names the same bytes', () => {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  expect(hexToBytes(toHex(bytes))).toEqual(bytes);
});

test('[S73] silence and faint noise are not speech, a voice is', () => {
  const tone = (loudness: number) =>
    Float32Array.from({ length: 1024 }, (_, at) => loudness * Math.sin(at / 7));
  expect(isSpeech(new Float32Array(1024))).toBe(false);
  expect(isSpeech(tone(0.01))).toBe(false);
  expect(isSpeech(tone(0.1))).toBe(true);
});
