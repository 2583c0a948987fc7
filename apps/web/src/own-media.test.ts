import { err, ok } from '@conclave/protocol/result';
import { describe, expect, test } from 'vitest';
import { capturedScreen, devices, type FakeTrack, track } from '../test/sketches.ts';
import type { DevicePorts } from './device-ports.ts';
import { OwnMedia } from './own-media.ts';
import { ScreenShare } from './screen-share.ts';

const fake = (value: unknown) => value as FakeTrack;

describe('own devices', () => {
  test('[P12] a camera that is turned off is released; turned on, it is opened anew', async () => {
    const own = new OwnMedia(devices());
    await own.start();
    const first = own.camera.value;
    await own.setCameraOn(false);
    expect(own.camera.value).toBeUndefined();
    expect(fake(first).isStopped).toBe(true);
    await own.setCameraOn(true);
    expect(own.camera.value).toBeDefined();
    expect(own.camera.value).not.toBe(first);
  });

  test('[P12] a muted microphone sends nothing and stays open', async () => {
    const own = new OwnMedia(devices());
    await own.start();
    const open = own.microphone.value;
    await own.setMicrophoneOn(false);
    expect(own.sending.value).toBeUndefined();
    expect(own.microphone.value).toBe(open);
    expect(fake(open).isStopped).toBe(false);
    await own.setMicrophoneOn(true);
    expect(own.sending.value).toBe(open);
  });

  test('[P13] another device replaces the track and the old one is stopped', async () => {
    const own = new OwnMedia(devices());
    await own.start();
    const [camera, microphone] = [own.camera.value, own.microphone.value];
    await Promise.all([own.chooseCamera('b'), own.chooseMicrophone('n'), own.setOriginalSound(true)]);
    expect(fake(camera).isStopped && fake(microphone).isStopped).toBe(true);
    expect(own.camera.value?.label).toBe('camera b');
    expect(own.microphone.value?.label).toBe('microphone n true');
  });

  test('[P13] changes that come at once happen one after the other, and the last one stands', async () => {
    let openCount = 0;
    let openMax = 0;
    const own = new OwnMedia(
      devices({
        openCamera: async ({ deviceId }) => {
          openCount += 1;
          openMax = Math.max(openMax, openCount);
          await new Promise((resolve) => setTimeout(resolve));
          openCount -= 1;
          return ok(track(`camera ${deviceId}`));
        },
      }),
    );
    await own.start();
    await Promise.all([
      own.chooseCamera('a'),
      own.setCameraOn(false),
      own.setCameraOn(true),
      own.chooseCamera('c'),
    ]);
    expect(openMax).toBe(1);
    expect(own.camera.value?.label).toBe('camera c');
  });

  test('[P14] a denied camera leaves the microphone, and says so', async () => {
    const own = new OwnMedia(
      devices({ openBoth: async () => ({ camera: err('DENIED'), microphone: ok(track('microphone')) }) }),
    );
    await own.start();
    expect(own.cameraTrouble.value).toBe('DENIED');
    expect(own.microphoneTrouble.value).toBeUndefined();
    expect(own.sending.value).toBeDefined();
    await own.retry();
    expect(own.cameraTrouble.value).toBeUndefined();
    expect(own.camera.value).toBeDefined();
  });

  test('[P15] a device that is unplugged is gone', async () => {
    const own = new OwnMedia(devices());
    await own.start();
    fake(own.camera.value).end();
    fake(own.microphone.value).end();
    expect([own.camera.value, own.sending.value]).toEqual([undefined, undefined]);
    expect([own.cameraTrouble.value, own.microphoneTrouble.value]).toEqual(['GONE', 'GONE']);
  });

  test('[P15] what opens after the page has left is closed again', async () => {
    const late = track('late');
    const own = new OwnMedia(
      devices({ openBoth: async () => ({ camera: ok(late), microphone: err('IN_USE') }) }),
    );
    const started = own.start();
    own.dispose();
    await started;
    expect(late.isStopped).toBe(true);
    expect(own.camera.value).toBeUndefined();
  });
});

describe('sharing a screen', () => {
  function share() {
    const sent: unknown[] = [];
    const screen = capturedScreen();
    let ended: () => void = () => undefined;
    const openScreen: DevicePorts['openScreen'] = async (onEnded) => {
      ended = onEnded;
      return ok(screen);
    };
    const model = new ScreenShare({ openScreen }, (tracks) => sent.push(tracks?.video));
    return { model, sent, screen, endInBrowser: () => ended() };
  }

  test('[P26] what was picked is sent only after Share', async () => {
    const { model, sent, screen } = share();
    await model.choose();
    expect(model.state.value.at).toBe('asking');
    expect([sent, screen.isShared]).toEqual([[], false]);
    model.confirm();
    expect([sent, screen.isShared]).toEqual([[screen.video], true]);
  });

  test('[P26] Don’t share ends the capture and sends nothing', async () => {
    const { model, sent, screen } = share();
    await model.choose();
    model.stop();
    expect(sent).toEqual([]);
    expect(screen.isStopped).toBe(true);
    expect(model.state.value.at).toBe('off');
  });

  test('[P27] the browser’s own button ends it for the others too', async () => {
    const { model, sent, screen, endInBrowser } = share();
    await model.choose();
    model.confirm();
    endInBrowser();
    expect(sent).toEqual([screen.video, undefined]);
    expect(model.state.value.at).toBe('off');
  });

  test('[P28] a second screen is not asked for while one is picked or shared', async () => {
    const { model } = share();
    await model.choose();
    const before = model.state.value;
    await model.choose();
    expect(model.state.value).toBe(before);
  });

  test('[P26] a cancelled dialog, or one answered after leaving, shares nothing', async () => {
    const { model, sent, screen } = share();
    const choosing = model.choose();
    model.stop();
    await choosing;
    expect(screen.isStopped).toBe(true);
    expect(sent).toEqual([]);
    const cancelled = new ScreenShare({ openScreen: async () => err('DENIED') }, () => undefined);
    await cancelled.choose();
    expect(cancelled.state.value.at).toBe('off');
  });

  test('[P66] the test goes through the chosen speaker, and one that is gone says nothing', async () => {
    const asked: (string | undefined)[] = [];
    const testSpeaker = async (speakerId: string | undefined) => {
      asked.push(speakerId);
      if (speakerId === 'gone') throw new Error('no such device');
    };
    const own = new OwnMedia(devices({ testSpeaker }));
    await own.testSpeaker();
    own.chooseSpeaker('gone');
    await own.testSpeaker();
    expect(asked).toEqual([undefined, 'gone']);
  });
});
