/**
 * What to subscribe to, SPEC S75: everybody's sound, and the pictures that are on the screen at the size they are shown.
 * Steers the SFU only; what a track shows is decided by its frames (D16).
 */
import type { Person } from '@conclave/calling/view';
import type { Bytes } from '@conclave/protocol/bytes';
import type { Wish } from '../livekit/sfu-connection.ts';
import type { VisibleTile } from './call-session.types.ts';

export function wishesOf(
  people: readonly Person[],
  visible: readonly VisibleTile[],
  pixelRatio: number,
): readonly Wish[] {
  const others = people.filter((person) => !person.isSelf);
  const idByKey = new Map(others.map((person) => [person.key, person.participantId]));
  const sounds = others.flatMap(({ participantId }) => [
    { participantId, kind: 'microphone', width: 0, height: 0 } as const,
    { participantId, kind: 'screenAudio', width: 0, height: 0 } as const,
  ]);
  const pictures = visible.flatMap(({ personKey, kind, widthPx, heightPx }): Wish[] => {
    const participantId = idByKey.get(personKey);
    if (participantId === undefined) return [];
    const size = { width: Math.round(widthPx * pixelRatio), height: Math.round(heightPx * pixelRatio) };
    return [{ participantId, kind: kind === 'screen' ? 'screenVideo' : 'camera', ...size }];
  });
  return [...sounds, ...pictures];
}

/** Bytes of a `Person.key`. */
export function hexToBytes(hex: string): Bytes {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
