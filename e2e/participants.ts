/** Windows on the test pages, in one room of the SFU. */

import assert from 'node:assert/strict';
import type { BrowserWindow, Engine } from './browsers.ts';
import type { Received } from './pages/received.ts';
import type { Sight, Sound } from './pages/senses.ts';
import type { TestPerson } from './people.ts';
import { inCall } from './people.ts';
import type { Stage } from './scenario.ts';
import { until } from './scenario.ts';

export function roomName(): string {
  return `room-${Math.random().toString(36).slice(2)}`;
}

/** A window of `own`, with keys, connected and subscribed to everybody else of `people`. */
export async function joinCall(
  stage: Stage,
  engine: Engine,
  request: {
    readonly own: TestPerson;
    readonly people: readonly TestPerson[];
    readonly room: string;
    readonly page?: string;
  },
): Promise<BrowserWindow> {
  const { own, people, room, page = 'media.html' } = request;
  const window = await stage.window(engine, page);
  await window.call('instruct', inCall(own, people));
  await connect(stage, window, own, people, room);
  return window;
}

/** Connects a window and subscribes it to everybody else. */
export async function connect(
  stage: Stage,
  window: BrowserWindow,
  own: TestPerson,
  people: readonly TestPerson[],
  room: string,
): Promise<void> {
  const token = stage.sfu.tokenFor(own.identity, room, { canPublish: true, canSubscribe: true });
  const connected = await window.call<{ ok: boolean }>('connect', { url: stage.sfu.url, token });
  assert.equal(connected.ok, true, 'connected');
  await window.call(
    'wish',
    people.filter((one) => one !== own).map(({ identity }) => identity),
  );
}

/** A moving picture of this person. */
export function seen(
  window: BrowserWindow,
  { leafKey }: TestPerson,
  colour?: 'red' | 'green' | 'blue',
): Promise<Sight> {
  let last: Sight | undefined;
  return until(`a moving ${colour ?? ''} picture`, async () => {
    last = await window.call<Sight | undefined>('look', leafKey);
    return last && last.changes >= 5 && (colour === undefined || colourOf(last) === colour)
      ? last
      : undefined;
  }).catch((error: Error) => {
    throw new Error(`${error.message}; last seen ${JSON.stringify(last)}`);
  });
}

function colourOf(sight: Sight): string | undefined {
  const [first, second] = (['red', 'green', 'blue'] as const)
    .map((name) => ({ name, value: sight[name] }))
    .sort((a, b) => b.value - a.value);
  return first && second && first.value > second.value + 30 ? first.name : undefined;
}

/** A tone of this person. Firefox runs no audio graph without a sound card: there only that it decodes to sound. */
export function heard(window: BrowserWindow, { leafKey }: TestPerson, hertz: number): Promise<Sound> {
  let last: Sound | undefined;
  return until(`a tone of ${hertz} Hz`, async () => {
    last = await window.call<Sound | undefined>('listen', leafKey);
    const { audioEnergy } = await window.call<Received>('received');
    if (window.engine === 'firefox') return audioEnergy > 0.001 ? last : undefined;
    return last && last.level > 0.01 && Math.abs(last.hertz - hertz) < 25 ? last : undefined;
  }).catch((error: Error) => {
    throw new Error(`${error.message}; last heard ${JSON.stringify(last)}`);
  });
}

type Expected = { readonly videoPackets?: number; readonly audioPackets?: number };

/** Waits until media has come in, whatever became of it. */
export function untilReceived(
  window: BrowserWindow,
  { videoPackets = 0, audioPackets = 0 }: Expected = { videoPackets: 100, audioPackets: 100 },
): Promise<Received> {
  return until('packets', async () => {
    const received = await window.call<Received>('received');
    return received.videoPackets >= videoPackets && received.audioPackets >= audioPackets
      ? received
      : undefined;
  });
}

type Counts = { readonly receivers: readonly { readonly drops: Readonly<Record<string, number>> }[] };

/** How many frames were dropped for this reason, over all receivers. */
export async function dropsOf(window: Pick<BrowserWindow, 'call'>, reason: string): Promise<number> {
  const { receivers } = await window.call<Counts>('counts');
  return receivers.reduce((sum, { drops }) => sum + (drops[reason] ?? 0), 0);
}

export async function assertNoLeak(...windows: readonly BrowserWindow[]): Promise<void> {
  for (const window of windows) {
    assert.equal((await window.call<{ leaks: number }>('report')).leaks, 0, 'the watchdog is quiet');
  }
}
