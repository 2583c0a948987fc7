/** The page's side of the media worker: the guard where it fails, the ends of calls and connections. */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WATCHDOG_INTERVAL_MS } from '../src/media/media-limits.ts';
import { takePlayer } from '../src/media/player-element.ts';
import type { MediaListener } from '../src/session/page-media.ts';
import { borrowMedia } from '../src/session/page-media.ts';
import { elements, newConnection, SketchedWorker, sketchBrowser, transforms } from './sketched-browser.ts';

sketchBrowser();
vi.useFakeTimers();

type Heard = { leaks: number; failures: number };

function listener(): { readonly by: MediaListener; readonly heard: Heard } {
  const heard = { leaks: 0, failures: 0 };
  const by: MediaListener = {
    onBound: () => undefined,
    onUnbound: () => undefined,
    onTrouble: () => undefined,
    onLeak: () => heard.leaks++,
    onFailed: () => heard.failures++,
  };
  return { by, heard };
}

const first = listener();
const media = borrowMedia(first.by);
const worker = SketchedWorker.last as SketchedWorker;
const video = { kind: 'video' };

beforeEach(() => {
  transforms.isRefusing = false;
  Object.assign(first.heard, { leaks: 0, failures: 0 });
});
afterEach(() => {
  transforms.isRefusing = false;
});

describe('where the guard cannot be attached', () => {
  test.each([
    ['addTransceiver', (connection: ReturnType<typeof newConnection>) => connection.addTransceiver(video)],
    ['addTrack', (connection: ReturnType<typeof newConnection>) => connection.addTrack(video)],
  ])('[S115] %s leaves a transceiver that is stopped and has no track', (_, make) => {
    const connection = newConnection();
    transforms.isRefusing = true;
    expect(() => make(connection)).toThrow('the worker is gone');
    const [born] = connection.getTransceivers();
    expect([born?.direction, born?.sender.track, first.heard.leaks]).toEqual(['stopped', null, 1]);
    media.nameSender(born?.sender as unknown as RTCRtpSender, 'camera');
    expect(first.heard.leaks).toBe(2);
  });

  test('[S115] a remote description is refused then, and the call ends', async () => {
    const connection = newConnection();
    transforms.isRefusing = true;
    await expect(connection.setRemoteDescription({ sdp: 'm=video 9\r\n' })).rejects.toThrow();
    expect(first.heard.leaks).toBe(1);
  });
});

describe('what is born silently', () => {
  test('[S116] both halves are guarded once a remote description is set', async () => {
    const connection = newConnection();
    await connection.setRemoteDescription({ sdp: 'm=audio 9\r\nm=video 9\r\n' });
    const halves = connection.getTransceivers().flatMap(({ sender, receiver }) => [sender, receiver]);
    expect(halves.map(({ transform }) => transform === null)).toEqual([false, false, false, false]);
  });

  test('[S117] the receiver that comes with a track is guarded, too', () => {
    const connection = newConnection();
    connection.addTrack(video);
    expect(connection.getTransceivers()[0]?.receiver.transform).not.toBeNull();
  });
});

describe.each(['audio', 'video'])('what will play received %s', (kind) => {
  function received() {
    const { receiver } = newConnection().addTransceiver({ kind });
    const track = receiver.track as unknown as MediaStreamTrack;
    return { track, readied: elements.at(-1), receiverId: transforms.options.at(-1)?.id };
  }

  test('[S125] is made with its receiver, and given away once', () => {
    const { track, readied } = received();
    const made = elements.length;
    // What nobody takes is never heard.
    expect(readied).toMatchObject({ name: kind, muted: true, autoplay: true });
    expect(takePlayer(track)).toBe(readied);
    expect(elements).toHaveLength(made);
    expect(takePlayer(track)).toBe(elements[made]);
  });

  test.each(['unbound', 'foreign'])(
    '[S125, S71] after %j it plays nobody else, and is made when it is needed',
    (t) => {
      const { track, readied, receiverId } = received();
      const made = elements.length;
      worker.say({ t, receiverId });
      // Until somebody is bound, the last frames of the one before may still be decoded.
      expect(elements).toHaveLength(made);
      expect(readied).toHaveProperty('srcObject', null);
      expect(takePlayer(track)).toBe(elements[made]);
    },
  );
});

describe('what is over', () => {
  test('[S123] a sender whose connection is closed is forgotten, and looked at no more', async () => {
    const connection = newConnection();
    const { sender } = connection.addTransceiver(video);
    media.nameSender(sender as unknown as RTCRtpSender, 'camera');
    const { senderId } = worker.told.find(({ t }) => t === 'name') as unknown as { senderId: number };
    await vi.advanceTimersByTimeAsync(2 * WATCHDOG_INTERVAL_MS);
    expect(worker.told.filter(({ t }) => t === 'forget-sender')).toEqual([]);
    connection.signalingState = 'closed';
    await vi.advanceTimersByTimeAsync(4 * WATCHDOG_INTERVAL_MS);
    expect(worker.told.filter(({ t }) => t === 'forget-sender')).toEqual([{ t: 'forget-sender', senderId }]);
    const told = worker.told.length;
    media.setMuted('camera', true);
    expect(worker.told.slice(told)).toEqual([]);
  });

  test('[S119] the end of a call is said to the worker', () => {
    media.endCall();
    expect(worker.told.at(-1)).toEqual({ t: 'end' });
  });

  test('[S120] who borrows a session that was stopped hears that it has failed', async () => {
    media.stop();
    expect(worker.isTerminated).toBe(true);
    const second = listener();
    borrowMedia(second.by);
    await Promise.resolve();
    expect(second.heard.failures).toBe(1);
    expect(first.heard.failures).toBe(0);
  });
});
