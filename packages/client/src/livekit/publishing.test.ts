import type { Room } from 'livekit-client';
import { expect, test, vi } from 'vitest';
import { createPublishing } from './publishing.ts';

/** Stands for a device's track: livekit-client asks it for these before it is published. */
class FakeTrack extends EventTarget {
  readonly kind = 'video';
  readonly readyState = 'live';
  readonly muted = false;
  enabled = true;
  readonly id: string;
  constructor(id: string) {
    super();
    this.id = id;
  }
  getConstraints = () => ({});
  getSettings = () => ({ width: 640, height: 360 });
}

Object.assign(globalThis, { MediaStream: class {} });

const trackOf = (id: string) => new FakeTrack(id) as unknown as MediaStreamTrack & FakeTrack;

/** What one sender held, in order; `replaceTrack` takes effect when the test lets it, in the order of the calls. */
function fakeRoom() {
  const held: (string | null)[] = [];
  let last: Promise<void> = Promise.resolve();
  const gate: { wait: Promise<void> } = { wait: Promise.resolve() };
  const sender = {
    track: null as MediaStreamTrack | null,
    replaceTrack: (track: MediaStreamTrack | null) => {
      const { wait } = gate;
      last = last
        .then(() => wait)
        .then(() => {
          sender.track = track;
          held.push(track?.id ?? null);
        });
      return last;
    },
  };
  const listeners = new Map<string, () => void>();
  const publications = new Map<string, unknown>();
  const publishTrack = async ({ mediaStreamTrack }: { readonly mediaStreamTrack: MediaStreamTrack }) => {
    const local = {
      mediaStreamTrack,
      sender,
      on: (event: string, listener: () => void) => void listeners.set(event, listener),
      // As livekit-client does: the sender first, its own belief when that is done
      replaceTrack: async (track: MediaStreamTrack) => {
        await sender.replaceTrack(track);
        local.mediaStreamTrack = track;
      },
    };
    sender.track = mediaStreamTrack;
    held.push(mediaStreamTrack.id);
    const publication = { source: 'camera', isMuted: false, track: local };
    publications.set('camera', publication);
    return publication;
  };
  const room = {
    state: 'connected',
    localParticipant: { permissions: { canPublish: true }, trackPublications: publications, publishTrack },
  };
  return {
    room: room as unknown as Room,
    sender,
    held,
    gate,
    resume: () => listeners.get('upstreamResumed')?.(),
  };
}

function publishingIn(room: Room) {
  return createPublishing(room, { setMuted: () => undefined }, () => expect.unreachable('it failed'));
}

test('[S41] until the person joins the sender holds no track, whatever is exchanged or comes back', async () => {
  const { room, sender, resume, held } = fakeRoom();
  const publishing = publishingIn(room);
  publishing.publish('camera', trackOf('first'));
  await vi.waitFor(() => expect(held).toEqual(['first', null]));
  publishing.publish('camera', trackOf('second'));
  await vi.waitFor(() => expect(held).toEqual(['first', null, 'second', null]));
  void sender.replaceTrack(trackOf('second'));
  resume();
  await vi.waitFor(() => expect(held.at(-1)).toBeNull());
  publishing.start();
  await vi.waitFor(() => expect(sender.track?.id).toBe('second'));
});

test('[S41] a click on Join while a device is exchanged sends the new one', async () => {
  const { room, sender, gate, held } = fakeRoom();
  const publishing = publishingIn(room);
  publishing.publish('camera', trackOf('first'));
  await vi.waitFor(() => expect(held).toEqual(['first', null]));
  const { promise, resolve } = Promise.withResolvers<void>();
  gate.wait = promise;
  publishing.publish('camera', trackOf('second'));
  await Promise.resolve();
  publishing.start();
  resolve();
  await vi.waitFor(() => expect(held.length).toBeGreaterThanOrEqual(3));
  await new Promise((done) => setImmediate(done));
  expect(held.slice(2)).not.toContain('first');
  expect(sender.track?.id).toBe('second');
});
