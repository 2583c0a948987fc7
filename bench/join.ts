/**
 * How long until the first picture: from the click on Join with everything made ready, and from opening the link in a
 * fresh context with the click as soon as the page allows it. Through real pages, servers and LiveKit, in Chromium on
 * loopback; the subjects take turns within one run.
 */
import type { Page } from 'playwright-core';
import { closeBrowsers } from '../e2e/browsers.ts';
import { pause, until } from '../e2e/scenario.ts';
import { type JoinTimes, type JoinWish, watchJoin } from './join-watch.ts';
import { median, spread, type Table } from './report.ts';
import { freshPage, type OpenCall, type Subject, startSubjects } from './subjects.ts';
import { type Note, watchMessages } from './wire-watch.ts';

const ROUNDS = Number(process.env['ROUNDS'] ?? 10);
/** As somebody who waits for others: LiveKit lets a lonely host's encoders rest after 5 s, in every subject. */
const HOST_SETTLES_MS = 6_500;
/** The guest has read the preview. */
const GUEST_READS_MS = 2_500;
const FRAME_TIMEOUT_MS = 30_000;

type Way = 'click' | 'link';
type Moments = ReadonlyMap<string, number>;

export async function measureJoin(): Promise<Table[]> {
  const subjects = await startSubjects(process.env['SUBJECT']);
  const taken = new Map<string, number[]>();
  const moments: Record<Way, Moments[]> = { click: [], link: [] };
  try {
    for (let round = -1; round < ROUNDS; round += 1) {
      for (const subject of subjects.all) {
        for (const way of ['click', 'link'] as const) {
          const { tookMs, steps } = await joinOnce(subject, way);
          if (round < 0) continue; // warm-up
          const key = `${subject.name} ${way}`;
          taken.set(key, [...(taken.get(key) ?? []), tookMs]);
          if (subject.name === 'Conclave') moments[way].push(steps);
        }
      }
    }
  } finally {
    await closeBrowsers();
    await subjects.stop();
  }
  return [
    comparison(subjects.all, taken),
    breakdown('click', moments.click),
    breakdown('link', moments.link),
  ];
}

interface Joined {
  readonly tookMs: number;
  /** Milliseconds from the start of the clock. */
  readonly steps: Moments;
}

async function joinOnce(subject: Subject, way: Way): Promise<Joined> {
  const notes: Note[] = [];
  const call = await subject.open(async (page) => watchMessages(page, 'host', notes));
  try {
    await pause(HOST_SETTLES_MS);
    const times = await enter(call, way, notes);
    const startMs = way === 'click' ? times.clicked : times.opened;
    if (startMs === undefined || times.frame === undefined) throw new Error('no picture');
    return { tookMs: times.frame - startMs, steps: stepsOf([...notes, ...Object.entries(times)], startMs) };
  } finally {
    await call.close();
  }
}

/** The first of each kind since the start. */
function stepsOf(notes: readonly Note[], startMs: number): Moments {
  const steps = new Map<string, number>();
  for (const [what, atMs] of notes) {
    if (atMs >= startMs && !steps.has(what)) steps.set(what, atMs - startMs);
  }
  return steps;
}

async function enter(call: OpenCall, way: Way, notes: Note[]): Promise<JoinTimes> {
  const guest = await freshPage();
  try {
    watchMessages(guest, 'guest', notes);
    const wish: JoinWish = { tileName: call.hostTile, name: 'Bob', isImmediate: way === 'link' };
    await guest.addInitScript(watchJoin, wish);
    await guest.goto(call.address, { waitUntil: 'commit' });
    if (way === 'click') {
      await guest.getByRole('button', { name: 'Join', exact: true }).waitFor();
      await pause(GUEST_READS_MS);
      await guest.evaluate('clickJoin()');
    }
    const hasFrame = async () => {
      const times = await readTimes(guest);
      return times.frame === undefined ? undefined : times;
    };
    const times = await until(`a picture at ${call.address.split('#')[0]}`, hasFrame, FRAME_TIMEOUT_MS);
    notes.push(...(await guest.evaluate<Note[]>('joinNotes')));
    return times;
  } finally {
    await guest.context().close();
  }
}

function readTimes(page: Page): Promise<JoinTimes> {
  return page.evaluate('joinTimes');
}

function comparison(subjects: readonly Subject[], taken: ReadonlyMap<string, readonly number[]>): Table {
  const of = (subject: string, way: Way) => taken.get(`${subject} ${way}`) ?? [];
  const plain = (subjects[1] ?? subjects[0])?.name ?? '';
  const cells = (subject: string, way: Way) => {
    const values = of(subject, way);
    const ratio = median(values) / median(of(plain, way));
    return [median(values).toFixed(0), spread(values), ratio.toFixed(2)];
  };
  return {
    title: 'Time to the first picture',
    head: [
      'subject',
      'Join click → frame, ms',
      'min–max',
      '× plain',
      'link → frame, ms',
      'min–max',
      '× plain',
    ],
    rows: subjects.map(({ name }) => [name, ...cells(name, 'click'), ...cells(name, 'link')]),
    note: `Medians of ${ROUNDS}, in turns. Frame: the first of the other's video on the page, by requestVideoFrameCallback, or by the next painting where it was decoded before its element came onto the page.`,
  };
}

/** Medians of each step of Conclave, in the order in which they come. */
function breakdown(way: Way, rounds: readonly Moments[]): Table {
  const names = new Set(rounds.flatMap((steps) => [...steps.keys()]));
  const medians = [...names].map((name) => {
    const values = rounds.flatMap((steps) => steps.get(name) ?? []);
    return { name, values };
  });
  const common = medians.filter(({ values }) => values.length * 2 > rounds.length);
  const inOrder = common.sort((a, b) => median(a.values) - median(b.values));
  return {
    title: `Where the time goes: Conclave from ${way === 'click' ? 'the click on Join' : 'opening the link'}`,
    head: ['step', 'ms', 'min–max'],
    rows: inOrder.map(({ name, values }) => [name, median(values).toFixed(0), spread(values)]),
    note: 'Messages as the test driver sees them pass, so up to a few ms late.',
  };
}
