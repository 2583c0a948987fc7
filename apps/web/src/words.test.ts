import { describe, expect, test } from 'vitest';
import { callView, LINK, ME, person } from '../test/sketches.ts';
import { bannersOf, hostQuestion } from './banners.ts';
import { browserFamily } from './browser-family.ts';
import { NEXT_STEP_LABELS, PROBLEM_WORDS, troubleWords } from './words.ts';

const MEDIA = { people: new Map(), connection: 'connected' } as const;
const PAUSES = ['NOBODY_CONFIRMED', 'WAITING_FOR_HOST', 'KICK_WITHHELD', 'FORKED', 'FROZEN'] as const;

describe('problems', () => {
  test.each(Object.entries(PROBLEM_WORDS))('[P20] %s has a title, a sentence and a button', (_, words) => {
    expect(words.title).toMatch(/^[A-Z].*\.$/);
    expect(words.text.length).toBeGreaterThan(20);
    for (const step of words.next) expect(NEXT_STEP_LABELS[step]).toBeTruthy();
  });

  test('[P23] nothing exclaims, and no code stands in a sentence', () => {
    const devices = (
      ['DENIED', 'NONE_FOUND', 'IN_USE', 'GONE', 'INSECURE_PAGE', 'UNAVAILABLE'] as const
    ).flatMap((trouble) => [...troubleWords(trouble, undefined), ...troubleWords(trouble, trouble)]);
    for (const { title, text } of [...Object.values(PROBLEM_WORDS), ...devices]) {
      expect(`${title} ${text}`).not.toMatch(/!|Oops|[A-Z]{2,}_[A-Z]|successfully|the user/);
    }
  });
});

describe('devices', () => {
  test('[P14] one reason for both is one sentence, two reasons are two', () => {
    expect(troubleWords('DENIED', 'DENIED').map((words) => words.title)).toEqual([
      'The browser does not let this page use the camera and microphone.',
    ]);
    expect(troubleWords('IN_USE', 'NONE_FOUND').map((words) => words.title)).toEqual([
      'The camera is in use elsewhere.',
      'No microphone was found.',
    ]);
    expect(troubleWords(undefined, undefined)).toEqual([]);
  });
});

describe('a refused permission', () => {
  const AGENTS = {
    chromium:
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
    'chromium-phone':
      'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36',
    firefox: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    safari:
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Safari/605.1.15',
    'safari-phone':
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Mobile/15E148 Safari/604.1',
  } as const;

  test.each(Object.entries(AGENTS))(
    '[P68] %s is told from the others, and has its own way',
    (family, agent) => {
      expect(browserFamily(agent)).toBe(family);
      const texts = Object.values(AGENTS).map(
        (other) => troubleWords('DENIED', undefined, browserFamily(other))[0]?.text,
      );
      expect(new Set(texts).size).toBe(texts.length);
      for (const text of texts) expect(text).toContain('camera');
    },
  );

  test('[P68] an iPad that calls itself a Mac, and Chrome on an iPhone, ask as Safari on a phone does', () => {
    expect(browserFamily(AGENTS.safari, 5)).toBe('safari-phone');
    expect(browserFamily(AGENTS['safari-phone'].replace('Version/18.3', 'CriOS/140.0'))).toBe('safari-phone');
  });
});

describe('banners', () => {
  test.each(PAUSES)('[P9] a pause by %s has a sentence', (pause) => {
    const [banner] = bannersOf(callView([ME, person('ada')], { pause }), MEDIA, undefined);
    expect(banner?.text).toMatch(/\.|\?/);
  });

  test('[P9] a withheld kick names who was to be removed, once, and offers a new call', () => {
    const view = callView([ME, person('ada')], { pause: 'KICK_WITHHELD', linkTrouble: 'CANNOT_REMOVE' });
    const banners = bannersOf(view, MEDIA, 'Mallory');
    expect(banners).toHaveLength(1);
    expect(banners[0]?.text).toContain('The server is not letting you remove Mallory.');
    expect(banners[0]?.action).toBe('START_NEW');
  });

  test('[P9] nothing is said when nothing is wrong, and being alone is not a banner', () => {
    expect(bannersOf(callView([ME, person('ada')]), MEDIA, undefined)).toEqual([]);
    expect(bannersOf(callView([ME], { pause: 'ALONE' }), MEDIA, undefined)).toEqual([]);
  });

  test('[P9] a lost connection, a call without a host and askers with an old link each have a sentence', () => {
    const idsOf = (view: ReturnType<typeof callView>, connection: 'connected' | 'failed' | 'reconnecting') =>
      bannersOf(view, { ...MEDIA, connection }, undefined).map((banner) => banner.id);
    expect(idsOf(callView([ME], { phase: 'reconnecting' }), 'reconnecting')).toEqual(['offline']);
    expect(idsOf(callView([ME]), 'failed')).toEqual(['media']);
    expect(idsOf(callView([ME, person('ada')], { hasHostPresent: false }), 'connected')).toEqual(['no-host']);
    expect(idsOf(callView([ME], { oldLinkCount: 2 }), 'connected')).toEqual(['old-link']);
    expect(idsOf(callView([ME], { oldLinkCount: 2, isHost: false, link: LINK }), 'connected')).toEqual([]);
  });

  test('[P24] the question names the silent host and who alone has confirmed', () => {
    const ada = person('ada', { name: 'Ada', isHost: true, standing: 'unconfirmed' });
    const mallory = person('eve', { name: 'Mallory' });
    expect(hostQuestion(callView([ME, ada, mallory]))).toBe(
      'Ada has not confirmed being here; only Mallory has. Continue?',
    );
    expect(hostQuestion(callView([ME, ada]))).toBe('Ada has not confirmed being here. Continue?');
    const guest = person('me', { isSelf: true });
    expect(hostQuestion(callView([guest, mallory]))).toBe(
      'No host is in this call, so nobody vouches for who is. Only Mallory confirmed being here. Continue?',
    );
  });
});
