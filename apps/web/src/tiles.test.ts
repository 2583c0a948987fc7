import type { MediaView, PersonMedia } from '@conclave/client/session/call-session.types';
import { describe, expect, test } from 'vitest';
import { callView, ME, person, track } from '../test/sketches.ts';
import { hueOf, initialsOf, nameInSentence, shownName } from './person-look.ts';
import { soundsOf, tilesOf } from './tiles.ts';
import { trustMarkOf } from './trust-mark.ts';
import { visibleTiles } from './visible-tiles.ts';

const OWN = { camera: undefined, isMicrophoneOn: true, isSpeaking: false };

function media(people: Readonly<Record<string, Partial<PersonMedia>>>): MediaView {
  const entries = Object.entries(people).map(([key, more]): [string, PersonMedia] => [
    key,
    { isSpeaking: false, ...more },
  ]);
  return { people: new Map(entries), connection: 'connected' };
}

describe('tiles', () => {
  test('[P1] a track of somebody who is not in the group is neither shown nor heard', () => {
    const ghost = media({ ghost: { camera: track(), microphone: track() } });
    const view = callView([ME, person('ada')]);
    expect(tilesOf(view, ghost, OWN).map((tile) => [tile.name, tile.picture])).toEqual([
      ['ME', undefined],
      ['ADA', undefined],
    ]);
    expect(soundsOf(view, ghost)).toEqual([]);
  });

  test.each(['unconfirmed', 'unreachable', 'other-call'] as const)(
    '[P2] who is %s has a name, a reason, no media',
    (standing) => {
      const live = media({
        ada: {
          camera: track(),
          screen: track(),
          microphone: track(),
          screenAudio: track(),
          isSpeaking: true,
        },
      });
      const flags = { microphone: true, camera: true, screen: true, hand: false };
      const view = callView([ME, person('ada', { standing, flags })]);
      const tiles = tilesOf(view, live, OWN).filter((tile) => !tile.isSelf);
      expect(tiles).toHaveLength(1);
      expect(tiles[0]?.name).toBe('ADA');
      expect(tiles[0]?.picture).toBeUndefined();
      expect(tiles[0]?.isSpeaking).toBe(false);
      expect(tiles[0]?.reason).toMatch(/^Not /);
      expect(soundsOf(view, live)).toEqual([]);
    },
  );

  test('[P3] the own tile shows the own camera, whatever comes back under the own key', () => {
    const own = track();
    const echo = media({ me: { camera: track(), microphone: track() } });
    const view = callView([ME]);
    expect(tilesOf(view, echo, { ...OWN, camera: own })[0]?.picture).toBe(own);
    expect(tilesOf(view, echo, OWN)[0]?.picture).toBeUndefined();
    expect(soundsOf(view, echo)).toEqual([]);
  });

  test('[P4] a person who shares a screen has two tiles with two names, the screen first', () => {
    const flags = { microphone: false, camera: true, screen: true, hand: false };
    const live = media({ ada: { camera: track(), screen: track() } });
    const tiles = tilesOf(callView([ME, person('ada', { flags })]), live, OWN);
    expect(tiles.map((tile) => tile.name)).toEqual(['ADA’s screen', 'ME', 'ADA']);
    expect(tiles[2]?.isMuted).toBe(true);
  });

  test('[P5] membership speaks before the server, and the server before the frames', () => {
    const live = media({ ada: { trouble: 'DELAYED' } });
    const reasonOf = (more: Parameters<typeof person>[1]) =>
      tilesOf(callView([person('ada', more)]), live, OWN)[0]?.reason;
    expect(reasonOf({ standing: 'unreachable', isReconnecting: true })).toBe('Not reachable');
    expect(reasonOf({ isReconnecting: true })).toBe('Reconnecting…');
    expect(reasonOf({})).toBe('Delayed by the server');
  });

  test('[P75] while a connection is lost the pictures that stand are of before, and nobody is speaking', () => {
    const live = media({ ada: { camera: track(), isSpeaking: true } });
    const lost = (
      phase: 'in' | 'reconnecting',
      connection: MediaView['connection'],
      isReconnecting = false,
    ) => {
      const view = callView([ME, person('ada', { isReconnecting })], { phase });
      const [self, ada] = tilesOf(view, { ...live, connection }, OWN);
      expect(self?.isLost).toBe(false);
      expect(ada?.picture).toBeDefined();
      expect(ada?.isSpeaking).toBe(!ada?.isLost);
      expect(ada?.reason).toBe(ada?.isLost ? 'Reconnecting…' : undefined);
      return ada?.isLost;
    };
    expect(lost('in', 'connected')).toBe(false);
    expect(lost('in', 'connected', true)).toBe(true);
    expect(lost('reconnecting', 'connected')).toBe(true);
    expect(lost('in', 'reconnecting')).toBe(true);
    expect(lost('in', 'failed')).toBe(true);
    expect(lost('in', 'connecting')).toBe(true);
  });

  test('[P75] nothing is lost before the first connection', () => {
    const view = callView([ME, person('ada')]);
    const [, ada] = tilesOf(view, { people: new Map(), connection: 'connecting' }, OWN);
    expect(ada?.isLost).toBe(false);
    expect(ada?.reason).toBeUndefined();
  });

  test('[P31] only tiles on the screen are reported, in whole pixels, and never the own one', () => {
    const live = media({ ada: { camera: track() }, ben: { camera: track() } });
    const tiles = tilesOf(callView([ME, person('ada'), person('ben')]), live, OWN);
    const boxes: Readonly<Record<string, { width: number; height: number }>> = {
      'me camera': { width: 100, height: 50 },
      'ada camera': { width: 320.4, height: 179.6 },
    };
    expect(visibleTiles(tiles, (id) => boxes[id])).toEqual([
      { personKey: 'ada', kind: 'camera', widthPx: 320, heightPx: 180 },
    ]);
  });
});

describe('the look of a person', () => {
  test('[P7] equal names have different hues, and one key has one hue', () => {
    expect(hueOf('a1b2c3')).not.toBe(hueOf('a1b2c4'));
    expect(hueOf('a1b2c3')).toBe(hueOf('a1b2c3'));
  });

  test.each([
    ['Ada', 'A'],
    ['Ada Lovelace', 'AL'],
    ['maximiliana von und zu hohenstein', 'MH'],
    ['陳美玲', '陳'],
    ['émile (2)', 'É2'],
    ['', '·'],
    ['😀 !!', '·'],
  ])('[P7] the initials of %j are %s', (name, initials) => {
    expect(initialsOf(name)).toBe(initials);
  });
});

describe('a name amid other words', () => {
  test('[P72] it cannot turn the text around it, and is never empty', () => {
    expect(shownName('Ada\u202e)tsoh(\u0007')).toBe('Ada)tsoh(');
    expect(shownName('\u202e ')).toBe('Someone');
    expect(nameInSentence('ליאת')).toBe('\u2068ליאת\u2069');
    expect(nameInSentence('فاطمة (2)')).toBe('\u2068فاطمة (2)\u2069');
    for (const name of ['Ada', '陳美玲', 'Zoë 🎈']) expect(nameInSentence(name)).toBe(name);
  });
});

describe('the mark', () => {
  test.each([
    [callView([ME]), 'Only you are here'],
    [callView([ME, person('ada')]), 'Only the 2 people here'],
    [
      callView([
        ME,
        person('ada'),
        person('ben', { standing: 'unconfirmed' }),
        person('eve', { standing: 'unreachable' }),
      ]),
      'Only the 4 people here, 2 not confirmed',
    ],
    [
      callView([ME, person('ada', { standing: 'other-call' })]),
      'Only the 2 people here, 1 not in the same call',
    ],
    [callView([ME, person('ada')], { pause: 'FORKED' }), 'Not everybody sees the same call'],
    [callView([ME, person('ada')], { phase: 'reconnecting' }), 'Who is here is not known now'],
    [
      callView([ME, person('ada')], { phase: 'reconnecting', pause: 'FORKED' }),
      'Not everybody sees the same call',
    ],
  ])('[P8] %# says %s', (view, text) => {
    expect(trustMarkOf(view).text).toBe(text);
  });
});
