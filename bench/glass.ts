/**
 * Glass to glass: from the sender's canvas to pixels of the receiver's video, through the real pages, servers and
 * LiveKit, with a picture that carries its own time. The subjects take turns within one run.
 */
import { closeBrowsers } from '../e2e/browsers.ts';
import { pause, until } from '../e2e/scenario.ts';
import { type ClockReadings, readClock, sendClock } from './clock-picture.ts';
import { percentile, type Table } from './report.ts';
import { enter, freshPage, type Subject, startSubjects } from './subjects.ts';

const ROUNDS = Number(process.env['ROUNDS'] ?? 5);
/** The encoder has found its bit rate and the receiver its size. */
const SETTLES_MS = 4_000;
const FRAMES = 200;
const FRAMES_TIMEOUT_MS = 60_000;

interface Delays {
  readonly delaysMs: number[];
  unread: number;
}

export async function measureGlass(): Promise<Table> {
  const subjects = await startSubjects(process.env['SUBJECT']);
  const bySubject = new Map<Subject, Delays>(
    subjects.all.map((subject) => [subject, { delaysMs: [], unread: 0 }]),
  );
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [subject, delays] of bySubject) {
        const { delaysMs, unread } = await watchOnce(subject);
        delays.delaysMs.push(...delaysMs);
        delays.unread += unread;
      }
    }
  } finally {
    await closeBrowsers();
    await subjects.stop();
  }
  return {
    title: 'Glass to glass (ms)',
    head: ['subject', 'p50', 'p95', 'frames', 'unread'],
    rows: [...bySubject].map(([{ name }, { delaysMs, unread }]) => [
      name,
      percentile(delaysMs, 0.5).toFixed(0),
      percentile(delaysMs, 0.95).toFixed(0),
      String(delaysMs.length),
      String(unread),
    ]),
    note: '640×360 at 25 a second, drawing on a canvas → requestVideoFrameCallback; whole milliseconds.',
  };
}

async function watchOnce(subject: Subject): Promise<ClockReadings> {
  const call = await subject.open(async (page) => void (await page.addInitScript(sendClock)));
  const guest = await freshPage();
  try {
    await guest.addInitScript(readClock, call.hostTile);
    await guest.goto(call.address);
    await enter(guest, 'Bob');
    const readings = () => guest.evaluate<ClockReadings>('clockReadings');
    await until(
      `the clock at ${subject.name}`,
      async () => (await readings()).delaysMs.length > 0,
      FRAMES_TIMEOUT_MS,
    );
    await pause(SETTLES_MS);
    const before = await readings();
    const hasEnough = async () => {
      const now = await readings();
      return now.delaysMs.length >= before.delaysMs.length + FRAMES ? now : undefined;
    };
    const after = await until(`frames at ${subject.name}`, hasEnough, FRAMES_TIMEOUT_MS);
    return {
      delaysMs: after.delaysMs.slice(before.delaysMs.length),
      unread: after.unread - before.unread,
    };
  } finally {
    await guest.context().close();
    await call.close();
  }
}
