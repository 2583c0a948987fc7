import { describe, expect, test } from 'vitest';
import { callView, ME, person } from '../test/sketches.ts';
import { chimeOf } from './chimes.ts';

const BEN = person('ben');

describe('sounds', () => {
  test('[P65] who comes and who goes is heard, a change of flags is not', () => {
    expect(chimeOf(callView([ME]), callView([ME, BEN]))).toBe('join');
    expect(chimeOf(callView([ME, BEN]), callView([ME]))).toBe('leave');
    expect(
      chimeOf(callView([ME, BEN]), callView([ME, person('ben', { isReconnecting: true })])),
    ).toBeUndefined();
  });

  test('[P65] coming in oneself, and people met after a lost connection, make no sound', () => {
    expect(chimeOf(undefined, callView([ME, BEN]))).toBeUndefined();
    expect(chimeOf(callView([ME], { phase: 'reconnecting' }), callView([ME, BEN]))).toBeUndefined();
  });

  test('[P65] only a host of a call with a lobby hears a knock', () => {
    const waiting = (waitingCount: number, lobby: boolean, isHost = true) =>
      callView([ME], { waitingCount, lobby, isHost });
    expect(chimeOf(waiting(0, true), waiting(1, true))).toBe('knock');
    expect(chimeOf(waiting(1, true), waiting(0, true))).toBeUndefined();
    expect(chimeOf(waiting(0, true, false), waiting(1, true, false))).toBeUndefined();
    expect(chimeOf(waiting(0, false), waiting(1, false))).toBeUndefined();
  });

  test('[P65] more than 12 people are silent', () => {
    const crowd = Array.from({ length: 11 }, (_, index) => person(`p${index}`));
    expect(chimeOf(callView([ME, ...crowd.slice(1)]), callView([ME, ...crowd]))).toBe('join');
    expect(chimeOf(callView([ME, ...crowd]), callView([ME, ...crowd, BEN]))).toBeUndefined();
  });
});
