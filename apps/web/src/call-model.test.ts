import { withSecret } from '@conclave/crypto/link';
import { afterEach, describe, expect, test } from 'vitest';
import { callView, devices, LINK, ME, person, ScriptedSession, track } from '../test/sketches.ts';
import { type CallEnd, CallModel } from './call-model.ts';
import { OwnMedia } from './own-media.ts';

const OTHER_LINK = withSecret(LINK, new Uint8Array(32).fill(9));
const open: CallModel[] = [];

afterEach(() => {
  for (const model of open.splice(0)) model.dispose();
});

async function inCall() {
  const own = new OwnMedia(devices());
  await own.start();
  const ends: CallEnd[] = [];
  const links: unknown[] = [];
  const copied: string[] = [];
  const model = new CallModel({
    link: LINK,
    own,
    devices: devices(),
    origin: 'https://a.example',
    copyText: async (text) => copied.push(text) > 0,
    onEnd: (end) => ends.push(end),
    onLink: (link) => links.push(link),
    onIn: () => undefined,
  });
  const session = new ScriptedSession();
  model.attach(session);
  model.join('Ada');
  model.onCall(callView([ME, person('ben')]));
  open.push(model);
  return { model, own, session, ends, links, copied };
}

const texts = (model: CallModel) => model.notices.shown.value.map((notice) => notice.text);

describe('a call', () => {
  test('[P32] joins with the open tracks, then follows mute and devices', async () => {
    const { own, session } = await inCall();
    expect(session.told).toEqual([
      ['join', { name: 'Ada', microphone: own.microphone.value, camera: own.camera.value }],
    ]);
    await own.setMicrophoneOn(false);
    await own.setMicrophoneOn(true);
    await own.chooseCamera('b');
    expect(session.told.slice(1)).toEqual([
      ['microphone', undefined],
      ['microphone', own.microphone.value],
      ['camera', own.camera.value],
    ]);
  });

  test('[P32] two clicks on Join join once', async () => {
    const { model, session } = await inCall();
    model.join('Ada');
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

  test('[P25] says who came and who is gone, and whom the server removed', async () => {
    const { model } = await inCall();
    model.onCall(callView([ME, person('ben', { isReconnecting: true }), person('cho')]));
    model.onCall(callView([ME, person('cho')]));
    model.onCall(callView([ME]));
    expect(texts(model)).toEqual([
      'CHO came in.',
      'BEN was removed by the server (connection lost).',
      'CHO is gone.',
    ]);
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
});
