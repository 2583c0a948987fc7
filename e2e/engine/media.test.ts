/**
 * What people without browsers see and hear of each other: the client's engine and the real frame pipeline, through the
 * real server, with an SFU in memory that forwards everything to everybody and lies where a test says so.
 */
import { HOLDER_IDLE_MS } from '@conclave/client/media/media-limits';
import type { MediaKind } from '@conclave/crypto/kid';
import { toHex } from '@conclave/protocol/bytes';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually, MediaCall, type MediaPerson, pause, shownOf, untilTogether } from './media-call.ts';
import type { NodeMedia, Shown } from './node-media.ts';
import { openSocketFrom } from './node-person.ts';
import type { Packet, Track } from './node-sfu.ts';

/** A Remove cuts off what came before it after this long (D14). */
const AFTER_REMOVE_MS = 1_000;

let call: MediaCall;

beforeEach(async () => {
  call = await MediaCall.start();
});

afterEach(async () => {
  await call.end();
});

async function callOf(...names: readonly string[]): Promise<readonly MediaPerson[]> {
  const people: MediaPerson[] = [];
  for (const name of names) {
    people.push(await call.enter(name, people[0] && { link: people[0].person.link }));
  }
  await untilTogether(people);
  await eventually('everybody is shown everybody', () => people.every((one) => seesAll(one.media, people)));
  return people;
}

/** Sound and picture of every other. */
function seesAll(media: NodeMedia, people: readonly MediaPerson[]): boolean {
  const others = people.flatMap(({ person }) => (person.name === media.name ? [] : [person.name]));
  return others.every((name) =>
    ['microphone', 'camera'].every((kind) => shownOf(media, `${name}/${kind}`).length > 0),
  );
}

/** How many frames of each person were shown, from a point on. */
function shownSince(media: NodeMedia, from: number): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { label } of media.shown.slice(from)) {
    const name = label.slice(0, label.indexOf('/'));
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** Each label at most once, of each sender in rising order. */
function expectOnceAndInOrder(media: NodeMedia): void {
  expect(new Set(media.shown.map(({ label }) => label)).size).toBe(media.shown.length);
  const last = new Map<string, number>();
  for (const { label } of media.shown) {
    const [sender = '', number = ''] = splitLabel(label);
    expect(Number(number)).toBeGreaterThan(last.get(sender) ?? -1);
    last.set(sender, Number(number));
  }
}

function splitLabel(label: string): readonly string[] {
  const dot = label.lastIndexOf('.');
  return [label.slice(0, dot), label.slice(dot + 1)];
}

/** The page was told to put every frame on the tile of who made it, as what it is. */
function expectOwnTiles(media: NodeMedia, others: readonly MediaPerson[]): void {
  const names = new Map(others.map(({ person }) => [toHex(person.key.publicKey), person.name]));
  const told = media.shown.map(({ as }) => `${names.get(as?.leafKey ?? '')}/${as?.kind}`);
  expect(told).toEqual(media.shown.map(({ label }) => label.slice(0, label.lastIndexOf('/'))));
}

function trackOf(from: NodeMedia, kind: MediaKind): Track<NodeMedia> {
  const packet = call.sfu.recorded.findLast(({ track }) => track.from === from && track.kind === kind);
  if (packet === undefined) throw new Error(`${from.name} has sent nothing of that kind`);
  return packet.track;
}

type Three<T> = readonly [T, T, T];

/** A second after the Remove was accepted, and once both who stay have it. */
async function afterRemove(
  people: Three<MediaPerson>,
): Promise<{ readonly from: Three<number>; readonly cutAtMs: number }> {
  const [ada, bob, eve] = people;
  await ada.person.until('the Remove is accepted', (view) => view?.people.length === 2);
  const acceptedAtMs = performance.now();
  await eve.person.until('the Remove, too', (view) => view?.people.length === 2);
  await pause(Math.max(50, acceptedAtMs + AFTER_REMOVE_MS - performance.now()));
  const from = [ada.media.shown.length, bob.media.shown.length, eve.media.shown.length] as const;
  return { from, cutAtMs: performance.now() };
}

/** What was shown although it was sealed only after that. */
function sealedSince(media: NodeMedia, cutAtMs: number): readonly string[] {
  const late = call.sfu.recorded.filter(({ sealedAtMs }) => sealedAtMs > cutAtMs);
  expect(late.length).toBeGreaterThan(20);
  const shown = new Set(media.shown.map(({ label }) => label));
  return late.flatMap(({ label }) => (shown.has(label) ? [label] : []));
}

describe('who has gone and who comes', () => {
  test('[S103] a kick: 1 s later the removed device opens nothing new, and nobody opens anything of it', async () => {
    const [ada, bob, eve] = (await callOf('Ada', 'Bob', 'Eve')) as [MediaPerson, MediaPerson, MediaPerson];
    ada.person.feed({ t: 'kick', leafKey: bob.person.key.publicKey });
    const { from, cutAtMs } = await afterRemove([ada, bob, eve]);
    await eventually('they go on, and his waits run out', () => {
      const [{ Eve = 0 }, { Ada = 0 }] = [shownSince(ada.media, from[0]), shownSince(eve.media, from[2])];
      return Eve > 60 && Ada > 60 && (bob.media.drops()['no-key'] ?? 0) > 10;
    });
    expect(sealedSince(bob.media, cutAtMs)).toEqual([]);
    expect(shownSince(ada.media, from[0])).toEqual({ Eve: expect.any(Number) });
    expect(shownSince(eve.media, from[2])).toEqual({ Ada: expect.any(Number) });
  });

  test('[S103] a kicked device that goes on sealing with the keys that it has is shown to nobody', async () => {
    const [ada, bob, eve] = (await callOf('Ada', 'Bob', 'Eve')) as [MediaPerson, MediaPerson, MediaPerson];
    ada.person.feed({ t: 'kick', leafKey: bob.person.key.publicKey });
    await Promise.all([ada.person.untilSees('Ada', 'Eve'), eve.person.untilSees('Ada', 'Eve')]);
    // His own machine has said its last word before the test speaks for it.
    await bob.person.until('the end', (_view, { closed }) => closed !== undefined);
    // At the worst: he does not stop, and counts as confirmed still. The tree alone must do.
    await bob.media.instruct({ t: 'gate', isOpen: true });
    for (const { media } of [ada, eve]) {
      const leafKeys = [ada, bob, eve].map(({ person }) => person.key.publicKey);
      await media.instruct({ t: 'confirmed', leafKeys });
    }
    const sent = bob.media.sealed.length;
    await bob.media.send(20);
    await eventually('he sends', () => bob.media.sealed.length >= sent + 40);
    await pause(300);
    const late = new Set(bob.media.sealed.slice(sent));
    for (const { media } of [ada, eve])
      expect(media.shown.filter(({ label }) => late.has(label))).toEqual([]);
  });

  test('[S103] a leave: 1 s later the device that left opens nothing new', async () => {
    const [ada, bob, eve] = (await callOf('Ada', 'Bob', 'Eve')) as [MediaPerson, MediaPerson, MediaPerson];
    bob.person.feed({ t: 'leave' });
    const { from, cutAtMs } = await afterRemove([ada, bob, eve]);
    await eventually('they go on', () => {
      const [{ Eve = 0 }, { Ada = 0 }] = [shownSince(ada.media, from[0]), shownSince(eve.media, from[2])];
      return Eve > 30 && Ada > 30;
    });
    expect(sealedSince(bob.media, cutAtMs)).toEqual([]);
    expect(shownSince(ada.media, from[0])['Bob']).toBeUndefined();
  });

  test('[S104] a joiner opens no frame from before its epoch, though all are recorded and played to it', async () => {
    const [ada] = (await callOf('Ada', 'Bob', 'Eve')) as [MediaPerson];
    await eventually('enough was sent', () => call.sfu.recorded.length > 100);
    const before = [...call.sfu.recorded];
    const max = await call.enter('Max', { link: ada.person.link });
    await untilTogether(call.people);
    await eventually('Max is shown everybody', () => seesAll(max.media, call.people));
    // On tracks of their own, and on those that he already has.
    for (const [index, packet] of before.entries()) {
      call.sfu.put(packet, max.media);
      call.sfu.put(packet, max.media, { ...packet.track, id: `again ${packet.track.id}` });
      if (index % 20 === 0) await pause(1);
    }
    await eventually('all were dropped', () => (max.media.drops()['unknown-key'] ?? 0) > before.length);
    const old = new Set(before.map(({ label }) => label));
    expect(max.media.shown.filter(({ label }) => old.has(label))).toEqual([]);
  });
});

describe('who has not confirmed', () => {
  test('[S106] a newcomer whose beats the network keeps back is never shown, and is once they arrive', async () => {
    const [ada, bob] = (await callOf('Ada', 'Bob')) as [MediaPerson, MediaPerson];
    let isCut = true;
    const openSocket = (url: string): WebSocket => {
      const socket = openSocketFrom(call.origin, url);
      const send = socket.send.bind(socket);
      socket.send = (data) => {
        const isBeat = typeof data === 'string' && data.includes('"t":"beat"');
        if (!isCut || !isBeat) send(data);
      };
      return socket;
    };
    const max = await call.enter('Max', { link: ada.person.link, openSocket });
    await eventually('Max sends', () => max.media.sealed.length > 50);
    await eventually('waits run out', () =>
      [ada, bob].every(({ media }) => (media.drops().unconfirmed ?? 0) > 20),
    );
    for (const { media } of [ada, bob]) expect(shownOf(media, 'Max')).toEqual([]);
    isCut = false;
    max.person.feed({ t: 'set-flags', flags: { microphone: true, camera: true, screen: false, hand: true } });
    await eventually('Max is shown', () =>
      [ada, bob].every(({ media }) => shownOf(media, 'Max').length > 20),
    );
  });
});

describe('an SFU that lies', () => {
  test('[S12] what was shown is not shown again, on the same receiver or on new ones', async () => {
    const [ada, bob] = (await callOf('Ada', 'Bob', 'Eve')) as [MediaPerson, MediaPerson];
    await eventually('enough was sent', () => call.sfu.recorded.length > 100);
    const recorded = call.sfu.recorded.filter(({ track }) => track.from !== bob.media);
    for (const round of [1, 2]) {
      for (const packet of recorded) {
        call.sfu.put(packet, bob.media);
        call.sfu.put(packet, bob.media, { ...packet.track, id: `${round} ${packet.label}` });
      }
      await pause(50);
    }
    await eventually('all were dropped', () => (bob.media.drops().replayed ?? 0) > recorded.length);
    expectOnceAndInOrder(bob.media);
    await expectFlow(ada, bob);
  });

  test('[S8] my own frames are not shown to me', async () => {
    const [ada, bob] = (await callOf('Ada', 'Bob', 'Eve')) as [MediaPerson, MediaPerson];
    const own = call.sfu.recorded.filter(({ track }) => track.from === bob.media).slice(-40);
    for (const packet of own) {
      call.sfu.put(packet, bob.media);
      call.sfu.put(packet, bob.media, { ...packet.track, id: `ada ${packet.label}`, from: ada.media });
    }
    await eventually('all were dropped', () => bob.media.drops().own === 2 * own.length);
    expect(shownOf(bob.media, 'Bob')).toEqual([]);
    await expectFlow(ada, bob);
  });

  test("[S14] one person's frames on another's track, and a microphone's on a camera's", async () => {
    const [ada, bob, eve] = (await callOf('Ada', 'Bob', 'Eve')) as [MediaPerson, MediaPerson, MediaPerson];
    const swapped = new Set<string>();
    call.sfu.route = (packet, to) => {
      const isSwapped = to === bob.media && Number(splitLabel(packet.label)[1]) % 4 === 0;
      if (!isSwapped) return call.sfu.put(packet, to);
      const { from, kind } = packet.track;
      swapped.add(packet.label);
      const isOtherKind = swapped.size % 2 === 0;
      const wrongKind = kind === 'camera' ? 'microphone' : 'camera';
      const other = from === ada.media ? eve.media : ada.media;
      call.sfu.put(packet, to, isOtherKind ? trackOf(from, wrongKind) : trackOf(other, kind));
    };
    const from = bob.media.shown.length;
    await eventually('enough came', () => swapped.size > 30 && bob.media.shown.length > from + 60);
    const since = bob.media.shown.slice(from);
    expect(since.filter(({ label }) => swapped.has(label))).toEqual([]);
    expectOnceAndInOrder(bob.media);
    expectOwnTiles(bob.media, [ada, eve]);
    await expectFlow(ada, bob);
  });

  test('[S14] all frames of two people change tracks: each goes on, on the own tile', async () => {
    const [ada, bob, eve] = (await callOf('Ada', 'Bob', 'Eve')) as [MediaPerson, MediaPerson, MediaPerson];
    const from = bob.media.shown.length;
    call.sfu.route = (packet, to) => {
      const { from: sender, kind } = packet.track;
      const other = sender === ada.media ? eve.media : ada.media;
      if (to === bob.media) call.sfu.put(packet, to, trackOf(other, kind));
      else call.sfu.put(packet, to);
    };
    await eventually('both are shown', () => {
      const { Ada = 0, Eve = 0 } = shownSince(bob.media, from);
      return Ada > 60 && Eve > 60;
    });
    expect(new Set(bob.media.shown.slice(from).map(({ trackId }) => trackId)).size).toBe(4);
    expectOwnTiles(bob.media, [ada, eve]);
    expectOnceAndInOrder(bob.media);
  });

  test("[S15] one person's frames dealt out to two tracks are shown on one of them", async () => {
    const [ada, bob] = (await callOf('Ada', 'Bob', 'Eve')) as [MediaPerson, MediaPerson];
    const from = bob.media.shown.length;
    let dealt = 0;
    call.sfu.route = (packet, to) => {
      const isDealt = to === bob.media && packet.track.from === ada.media && dealt++ % 3 === 0;
      call.sfu.put(packet, to, isDealt ? { ...packet.track, id: `second ${packet.track.id}` } : packet.track);
    };
    await eventually('enough came', () => {
      const { Ada = 0 } = shownSince(bob.media, from);
      return Ada > 30 && (bob.media.drops()['other-receiver'] ?? 0) > 5;
    });
    const since = bob.media.shown.slice(from);
    for (const kind of ['microphone', 'camera']) expectNoHopping(since, `Ada/${kind}/`);
    await expectFlow(ada, bob);
  });

  test('[S16] frames held back until 3 s after a beat that counted them are not shown', async () => {
    const [ada, bob, eve] = (await callOf('Ada', 'Bob', 'Eve')) as [MediaPerson, MediaPerson, MediaPerson];
    const held: Packet<NodeMedia>[] = [];
    call.sfu.route = (packet, to) => {
      if (to === bob.media && packet.track.from === ada.media) held.push(packet);
      else call.sfu.put(packet, to);
    };
    await eventually('some are held', () => held.length > 30);
    const counted = held.length;
    // What the worker reports every second reaches the call, and a change of flags sends it on.
    ada.person.noteContexts(ada.media.contexts());
    ada.person.feed({ t: 'set-flags', flags: { microphone: true, camera: true, screen: false, hand: true } });
    await bob.person.until('the hand', (view) => view?.people.some(({ flags }) => flags.hand) === true);
    await pause(3_200);
    const from = bob.media.shown.length;
    call.sfu.route = (packet, to) => call.sfu.put(packet, to);
    for (const packet of held.slice(0, counted)) {
      call.sfu.put(packet, bob.media, { ...packet.track, id: `late ${packet.track.id}` });
    }
    await eventually('they were dropped', () => (bob.media.drops().stale ?? 0) > 20);
    const late = new Set(held.slice(0, counted).map(({ label }) => label));
    expect(bob.media.shown.slice(from).filter(({ label }) => late.has(label))).toEqual([]);
    await expectFlow(ada, bob);
    await expectFlow(eve, bob);
  });

  test('[S11] plaintext and altered frames are not shown, and those between them are', async () => {
    const [ada, bob] = (await callOf('Ada', 'Bob', 'Eve')) as [MediaPerson, MediaPerson];
    const forged: string[] = [];
    call.sfu.route = (packet, to) => {
      const { data } = packet.frame;
      const altered = data.slice();
      const at = Math.floor(Math.random() * altered.length);
      altered[at] = (altered[at] ?? 0) ^ (1 << Math.floor(Math.random() * 8));
      const label = `|forged/${packet.track.kind}/0.${forged.length}`;
      forged.push(label);
      for (const bytes of [new TextEncoder().encode(`x${label}`), altered]) {
        call.sfu.put({ ...packet, frame: { ...packet.frame, data: bytes } }, to);
      }
      call.sfu.put(packet, to);
    };
    const from = bob.media.shown.length;
    await eventually('enough came', () => forged.length > 100 && bob.media.shown.length > from + 50);
    expect(shownOf(bob.media, 'forged')).toEqual([]);
    expectOnceAndInOrder(bob.media);
    await expectFlow(ada, bob);
  });
});

/** A stream moves to another track only where it was silent for half a second. */
function expectNoHopping(shown: readonly Shown[], stream: string): void {
  const own = shown.filter(({ label }) => label.startsWith(stream));
  for (const [index, { trackId, atMs }] of own.entries()) {
    const before = own[index - 1];
    if (before === undefined || before.trackId === trackId) continue;
    expect(atMs - before.atMs).toBeGreaterThan(HOLDER_IDLE_MS - 50);
  }
}

/** Frames of one person go on being shown to another. */
async function expectFlow(from: MediaPerson, to: MediaPerson): Promise<void> {
  call.sfu.route = (packet, media) => call.sfu.put(packet, media);
  for (const kind of ['microphone', 'camera']) {
    const before = shownOf(to.media, `${from.person.name}/${kind}`).length;
    await eventually(`${kind} of ${from.person.name} goes on`, () => {
      return shownOf(to.media, `${from.person.name}/${kind}`).length > before + 5;
    });
  }
}
