/**
 * Glass to glass: from the sender's canvas to the compositor of the receiver's page, through the real pages, servers and
 * LiveKit, with a picture that carries its own time. The subjects take turns within one run.
 */
import { closeBrowsers } from '../e2e/browsers.ts';
import { pause, until } from '../e2e/scenario.ts';
import { type ClockReadings, type ReadFrame, readClock, sendClock } from './clock-picture.ts';
import { median, percentile, type Table } from './report.ts';
import { enter, freshPage, type Subject, startSubjects } from './subjects.ts';

const ROUNDS = Number(process.env['ROUNDS'] ?? 5);
/** The encoder has found its bit rate and the receiver its size. */
const SETTLES_MS = 4_000;
const FRAMES = 200;
const FRAMES_TIMEOUT_MS = 60_000;
/** What is read and what the browser tells are of one picture when their clocks agree so well; pictures are 53 ms apart. */
const SAME_PICTURE_MS = 20;
const RTP_PER_MS = 90;
const WIDTH_PX = 640;

/** What the page could see of one call. */
interface Seen {
  /** Each of one picture that was read and timed. */
  readonly frames: readonly ReadFrame[];
  /** All that went to the compositor, those included of which no callback came in time. */
  readonly composed: number;
  readonly unread: number;
}

export async function measureGlass(): Promise<Table> {
  const subjects = await startSubjects(process.env['SUBJECT']);
  const bySubject = new Map<Subject, Seen[]>(subjects.all.map((subject) => [subject, []]));
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [subject, seen] of bySubject) seen.push(await watchOnce(subject));
    }
  } finally {
    await closeBrowsers();
    await subjects.stop();
  }
  return {
    title: 'Glass to glass (ms)',
    head: [
      'subject',
      'p50',
      'p95',
      'callback p50',
      'callback p95',
      'frames',
      'not timed',
      'unread',
      'full size',
    ],
    rows: [...bySubject].map(([{ name }, seen]) => [name, ...cells(seen)]),
    note: '640×360, drawn every 53 ms; the receiver shows it at 1152×648. From drawing on a canvas to `presentationTime`, at which the browser gives the picture to its compositor; without a graphics processor that is every 33 ms. Callback: until the page itself can read the picture, which is often one such step later although the picture is shown already. Not timed: shown, but the next one came before the callback. Full size: read at 640×360, the others at 320×180. No camera, no screen; the cost of drawing the page is not in.',
  };
}

function cells(seen: readonly Seen[]): readonly string[] {
  const frames = seen.flatMap((one) => one.frames);
  const composed = frames.map(({ drawnMs, composedMs }) => composedMs - drawnMs);
  const called = frames.map(({ drawnMs, calledMs }) => calledMs - drawnMs);
  const sum = (count: (one: Seen) => number) => seen.reduce((total, one) => total + count(one), 0);
  const fullSize = frames.filter(({ widthPx }) => widthPx === WIDTH_PX).length;
  return [
    ...[composed, called].flatMap((delaysMs) =>
      [0.5, 0.95].map((share) => percentile(delaysMs, share).toFixed(0)),
    ),
    String(frames.length),
    String(sum((one) => one.composed - one.frames.length - one.unread)),
    String(sum((one) => one.unread)),
    `${((100 * fullSize) / frames.length).toFixed(0)} %`,
  ];
}

async function watchOnce(subject: Subject): Promise<Seen> {
  const call = await subject.open(async (page) => void (await page.addInitScript(sendClock)));
  const guest = await freshPage();
  try {
    await guest.addInitScript(readClock, call.hostTile);
    await guest.goto(call.address);
    await enter(guest, 'Bob');
    const readings = () => guest.evaluate<ClockReadings>('clockReadings');
    await until(
      `the clock at ${subject.name}`,
      async () => (await readings()).frames.length > 0,
      FRAMES_TIMEOUT_MS,
    );
    await pause(SETTLES_MS);
    const before = await readings();
    const hasEnough = async () => {
      const now = await readings();
      return now.frames.length >= before.frames.length + FRAMES ? now : undefined;
    };
    const after = await until(`frames at ${subject.name}`, hasEnough, FRAMES_TIMEOUT_MS);
    const frames = after.frames.slice(before.frames.length);
    return {
      frames: timed(frames),
      composed: (frames.at(-1)?.composedCount ?? 0) - (before.frames.at(-1)?.composedCount ?? 0),
      unread: after.unread - before.unread,
    };
  } finally {
    await guest.context().close();
    await call.close();
  }
}

/**
 * Those whose pixels and times are of one picture. A callback that comes late reads the next picture, and is told the
 * times of the one before; the sender's RTP clock, which runs evenly with the drawing, tells them apart.
 */
function timed(frames: readonly ReadFrame[]): readonly ReadFrame[] {
  const aheadMs = ({ rtpTimestamp, drawnMs }: ReadFrame) => rtpTimestamp / RTP_PER_MS - drawnMs;
  const usualMs = median(frames.map(aheadMs));
  return frames.filter((frame) => Math.abs(aheadMs(frame) - usualMs) < SAME_PICTURE_MS);
}
