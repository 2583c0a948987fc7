import { withSecret } from '@conclave/crypto/link';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  callView,
  devices,
  LINK,
  ME,
  memoryStorage,
  person,
  ScriptedSession,
  track,
} from '../test/sketches.ts';
import { type CallEnd, CallModel, type CallModelOptions } from './call-model.ts';
import type { Chime } from './chimes.ts';
import { Habits } from './habits.ts';
import { OwnMedia } from './own-media.ts';

const OTHER_LINK = withSecret(LINK, new Uint8Array(32).fill(9));
const open: CallModel[] = [];

afterEach(() => {
  for (const model of open.splice(0)) model.dispose();
});

async function inCall(more: Partial<CallModelOptions> = {}) {
  let say: (level: number) => void = () => undefined;
  const own = new OwnMedia(
    devices({
      measure: (_track, onLevel) => {
        say = onLevel;
        return () => undefined;
      },
    }),
  );
  await own.start();
  const ends: CallEnd[] = [];
  const links: unknown[] = [];
  const copied: string[] = [];
  const chimes: Chime[] = [];
  const habits = new Habits(memoryStorage());
  const model = new CallModel({
    link: LINK,
    own,
    devices: devices(),
    origin: 'https://a.example',
    habits,
    copyText: async (text) => copied.push(text) > 0,
    sendLink: undefined,
    playChime: (chime) => chimes.push(chime),
    onEnd: (end) => ends.push(end),
    onLink: (link) => links.push(link),
    onIn: () => undefined,
    ...more,
  });
  const session = new ScriptedSession();
  model.attach(session);
  model.enter({ name: 'Ada', way: 'ask' });
  model.onCall(callView([ME, person('ben')]));
  open.push(model);
  return { model, own, session, ends, links, copied, chimes, habits, say: (level: number) => say(level) };
}

const texts = (model: CallModel) => model.notices.shown.value.map((notice) => notice.text);

describe('a call', () => {
  test('[P32] follows mute and devices from the preview on', async () => {
    const { own, session } = await inCall();
    expect(session.devices).toEqual([
      ['microphone', own.microphone.value],
      ['camera', own.camera.value],
    ]);
    expect(session.told).toEqual([['join', 'Ada']]);
    await own.setMicrophoneOn(false);
    await own.setMicrophoneOn(true);
    await own.chooseCamera('b');
    expect(session.devices.slice(2)).toEqual([
      ['microphone', undefined],
      ['microphone', own.microphone.value],
      ['camera', own.camera.value],
    ]);
  });

  test('[P76] on the way in there is the own picture alone, which stays when others are there', async () => {
    const { model, own, session } = await inCall();
    model.onCall(callView([], { phase: 'asking' }));
    const coming = model.tiles.value;
    expect(coming).toMatchObject([{ name: 'Ada', isSelf: true, isComing: true, picture: own.camera.value }]);
    expect(model.step.value).toBe('Asking to join…');
    model.setVisible([]);
    expect(session.names()).not.toContain('visible');
    model.onCall(callView([ME, person('ben')]));
    expect(model.tiles.value).toMatchObject([{ id: coming[0]?.id, isComing: false }, { isSelf: false }]);
    expect(model.step.value).toBeUndefined();
  });

  test('[P76] on the way in no screen is picked, and no panel speaks of who is there', async () => {
    const { model } = await inCall();
    model.onCall(callView([], { phase: 'waiting' }));
    model.toggleShare();
    expect(model.share.state.value).toEqual({ at: 'off' });
    for (const panel of ['people', 'security'] as const) model.togglePanel(panel);
    expect(model.panel.value).toBeUndefined();
    model.togglePanel('devices');
    expect(model.panel.value).toBe('devices');
    model.onCall(callView([ME]));
    model.toggleShare();
    expect(model.share.state.value.at).toBe('choosing');
    model.togglePanel('security');
    expect(model.panel.value).toBe('security');
  });

  test('[P32] two clicks on Join join once', async () => {
    const { model, session } = await inCall();
    model.enter({ name: 'Ada', way: 'ask' });
    expect(session.names().filter((name) => name === 'join')).toHaveLength(1);
  });

  test('[P33] it ends once, closes the devices, and later views change nothing', async () => {
    const { model, own, session, ends } = await inCall();
    const camera = own.camera.value;
    await model.leave();
    await model.leave();
    model.onCall(callView([ME], { phase: 'left', reason: 'LEFT' }));
    model.onMedia({ people: new Map(), connection: 'failed', stopped: 'WORKER_FAILED' });
    expect(ends).toEqual([{ problem: undefined }]);
    expect(session.names()).toEqual(['join', 'leave', 'dispose']);
    expect((camera as unknown as { isStopped: boolean }).isStopped).toBe(true);
  });

  test('[P33] a session that closes gives its reason', async () => {
    const { model, ends } = await inCall();
    model.onCall(callView([], { phase: 'closed', reason: 'REMOVED_BY_HOST' }));
    expect(ends).toEqual([{ problem: 'REMOVED_BY_HOST' }]);
  });

  test('[P35] unencrypted media ends it at once, and says so', async () => {
    const { model, session, ends } = await inCall();
    model.onMedia({ people: new Map(), connection: 'connected', stopped: 'UNENCRYPTED_MEDIA' });
    expect(ends).toEqual([{ problem: 'UNENCRYPTED_MEDIA' }]);
    expect(session.names().at(-1)).toBe('dispose');
  });

  test.each([
    ['server', 'BEN was removed by the server (connection lost).'],
    ['host', 'BEN was removed by a host.'],
    ['themselves', 'BEN left.'],
    ['unknown', 'BEN is gone.'],
  ] as const)('[P25] says who came and by whose doing somebody is gone: %s', async (by, words) => {
    const { model } = await inCall();
    model.onCall(callView([ME, person('ben'), person('cho')]));
    const earlier = { key: 'ben', name: 'BEN', by: 'unknown', epoch: 1 } as const;
    model.onCall(callView([ME, person('cho')], { departures: [earlier, { ...earlier, by, epoch: 4 }] }));
    expect(texts(model)).toEqual(['CHO came in.', words]);
  });

  test('[P25] who was removed by this device is told as its own act', async () => {
    const { model } = await inCall();
    model.askToRemove(person('ben'));
    model.remove();
    const gone = { key: 'ben', name: 'BEN', by: 'host', epoch: 2 } as const;
    model.onCall(callView([ME], { departures: [gone] }));
    expect(texts(model)).toEqual(['You removed BEN.']);
  });

  test('[P62] a link of a loopback address is known to open nowhere else', async () => {
    expect((await inCall()).model.isLinkLocal).toBe(false);
    expect((await inCall({ origin: 'http://127.0.0.1:8123' })).model.isLinkLocal).toBe(true);
  });

  test('[P25] that the server calls somebody reconnecting is no cause', async () => {
    const { model } = await inCall();
    model.onCall(callView([ME, person('ben', { isReconnecting: true })]));
    model.onCall(callView([ME]));
    expect(texts(model)).toEqual(['BEN is gone.']);
  });

  test('[P25] says nothing about people who are there when one comes in or comes back', async () => {
    const { model } = await inCall();
    model.onCall(callView([ME, person('ben')], { phase: 'reconnecting' }));
    model.onCall(callView([ME, person('ben'), person('cho')]));
    expect(texts(model)).toEqual([]);
  });

  test('[P30] removing asks, then goes to the session with the key; the new link is shown', async () => {
    const { model, session, links } = await inCall();
    model.askToRemove(person('ben', { name: 'Mallory' }));
    expect(session.names()).not.toContain('kick');
    model.remove();
    expect(session.told.at(-1)).toEqual(['kick', 'ben']);
    expect(model.newLink.value).toBeUndefined();
    model.onCall(callView([ME], { link: OTHER_LINK }));
    expect(model.newLink.value).toEqual({ removedName: 'Mallory' });
    expect(links).toEqual([LINK, OTHER_LINK]);
  });

  test('[P30] who did not ask is told that the link changed, and copies the new one', async () => {
    const { model, copied } = await inCall();
    model.onCall(callView([ME, person('ben')], { link: OTHER_LINK }));
    expect(model.newLink.value).toBeUndefined();
    expect(texts(model)[0]).toMatch(/^The link was changed/);
    await model.copyLink();
    expect(copied).toEqual([model.linkText.value]);
    expect(model.linkText.value).not.toBe('');
  });

  test('[P34] opening the security panel asks for the code, closing it does not', async () => {
    const { model, session } = await inCall();
    model.togglePanel('security');
    model.togglePanel('security');
    model.togglePanel('people');
    expect(session.names().filter((name) => name === 'show-code')).toHaveLength(1);
    expect(model.panel.value).toBe('people');
  });

  test('[P24] Continue answers the question', async () => {
    const { model, session } = await inCall();
    model.goOn();
    expect(session.told.at(-1)).toEqual(['go-on']);
  });

  test('[P27] leaving ends a shared screen', async () => {
    const { model, session } = await inCall();
    await model.share.choose();
    model.share.confirm();
    await model.leave();
    expect(session.names()).toEqual(['join', 'screen', 'screen', 'leave', 'dispose']);
    expect(session.told[2]).toEqual(['screen', undefined]);
    expect(model.share.state.value).toEqual({ at: 'off' });
  });

  test('[P27] the others are counted without oneself', async () => {
    const { model } = await inCall();
    expect(model.audienceCount.value).toBe(1);
  });

  test('[P4] the own tile is there before any media is', async () => {
    const { model, own } = await inCall();
    expect(model.tiles.value.map((tile) => [tile.name, tile.picture])).toEqual([
      ['ME', own.camera.value],
      ['BEN', undefined],
    ]);
    const camera = track();
    model.onMedia({ people: new Map([['ben', { isSpeaking: false, camera }]]), connection: 'connected' });
    expect(model.tiles.value[1]?.picture).toBe(camera);
  });

  test('[P62] inviting copies the link and shows the other ways; the sheet gets the same link', async () => {
    const sent: string[] = [];
    const { model, copied } = await inCall({ sendLink: async (url) => void sent.push(url) });
    await model.invite();
    await model.sendLink();
    expect(model.panel.value).toBe('invite');
    expect(copied).toEqual([model.linkText.value]);
    expect(sent).toEqual(copied);
  });

  test('[P65] the switch silences who comes and goes', async () => {
    const { model, chimes, habits } = await inCall();
    model.onCall(callView([ME, person('ben'), person('cho')]));
    habits.setSounds(false);
    model.onCall(callView([ME, person('ben')]));
    habits.setSounds(true);
    model.onCall(callView([ME]));
    expect(chimes).toEqual(['join', 'leave']);
  });

  test('[P64] who speaks while muted is told, with a sound the first time, until unmuted', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const { model, own, say, chimes } = await inCall();
      const speak = (times: number) => {
        for (let reading = 0; reading < times; reading += 1) {
          vi.advanceTimersByTime(50);
          say(0.1 + reading / 1_000);
        }
      };
      speak(40);
      expect(model.mutedHint.isShown.value).toBe(false);
      await own.setMicrophoneOn(false);
      speak(40);
      expect(model.mutedHint.isShown.value).toBe(true);
      await own.setMicrophoneOn(true);
      expect(model.mutedHint.isShown.value).toBe(false);
      await own.setMicrophoneOn(false);
      speak(40);
      expect(model.mutedHint.isShown.value).toBe(true);
      expect(chimes).toEqual(['muted']);
    } finally {
      vi.useRealTimers();
    }
  });

  test('[P67] the arrow keys move the own picture, other keys do not', async () => {
    const { model } = await inCall();
    expect(model.moveCorner('Enter')).toBe(false);
    expect(
      ['ArrowUp', 'ArrowLeft', 'ArrowDown'].map((key) => [model.moveCorner(key), model.corner.value]),
    ).toEqual([
      [true, 'top-right'],
      [true, 'top-left'],
      [true, 'bottom-left'],
    ]);
  });
});
