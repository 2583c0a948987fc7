/**
 * Glass to glass for sound: from handing a tone to the sender's microphone track to the block in which the receiver's
 * page plays it, through the real pages, servers and LiveKit. The subjects take turns within one run.
 */
import type { Page } from 'playwright-core';
import { closeBrowsers } from '../e2e/browsers.ts';
import { pause, until } from '../e2e/scenario.ts';
import {
  hearPulses,
  PULSE_INTERVAL_MS,
  type PulseReadings,
  pulseWorklet,
  sendPulses,
} from './clock-sound.ts';
import { percentile, type Table } from './report.ts';
import { enter, freshPage, type Subject, startSubjects } from './subjects.ts';

const ROUNDS = Number(process.env['ROUNDS'] ?? 5);
const BEGINNING_MS = 1_000;
/** The jitter buffer has found its length. */
const SETTLES_MS = 6_000;
const WATCHED_MS = 10_000;
const PULSE_TIMEOUT_MS = 60_000;

interface Pulse {
  /** Since the first that was heard. */
  readonly afterMs: number;
  readonly delayMs: number;
}

export async function measureSound(): Promise<Table> {
  const subjects = await startSubjects(process.env['SUBJECT']);
  const bySubject = new Map<Subject, Pulse[]>(subjects.all.map((subject) => [subject, []]));
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [subject, pulses] of bySubject) pulses.push(...(await listenOnce(subject)));
    }
  } finally {
    await closeBrowsers();
    await subjects.stop();
  }
  const expected = Math.floor((ROUNDS * WATCHED_MS) / PULSE_INTERVAL_MS);
  return {
    title: 'Glass to glass, sound (ms)',
    head: ['subject', 'p50', 'p95', 'tones', 'first second p50', 'first second max'],
    rows: [...bySubject].map(([{ name }, pulses]) => [name, ...cells(pulses, expected)]),
    note: "From handing a tone to the sender's microphone track to the moment of its beginning in the block that the receiver's page gives to the player; whole milliseconds, every 259 ms, from the seventh second on. In it: the wait for a packet of 20 ms, Opus, sealing, network, SFU, opening, and the jitter buffer, which is the greatest part and grows for some ten seconds after any hiccup of the machine. Not in it: microphone and loudspeaker with their buffers, echo cancellation and noise suppression. First second: of what the receiver hears, when the jitter buffer still holds what came before the player had started.",
  };
}

function isSettled({ afterMs }: Pulse): boolean {
  return afterMs >= SETTLES_MS && afterMs < SETTLES_MS + WATCHED_MS;
}

function cells(pulses: readonly Pulse[], expected: number): readonly string[] {
  const settled = pulses.filter(isSettled).map(({ delayMs }) => delayMs);
  const first = pulses.filter(({ afterMs }) => afterMs < BEGINNING_MS).map(({ delayMs }) => delayMs);
  return [
    percentile(settled, 0.5).toFixed(0),
    percentile(settled, 0.95).toFixed(0),
    `${settled.length} of ${expected}`,
    percentile(first, 0.5).toFixed(0),
    Math.max(...first).toFixed(0),
  ];
}

async function listenOnce(subject: Subject): Promise<readonly Pulse[]> {
  const call = await subject.open(prepareHost);
  const guest = await freshPage();
  try {
    await guest.addInitScript(hearPulses);
    await guest.goto(call.address);
    await enter(guest, 'Bob');
    const readings = () => guest.evaluate<PulseReadings>('heardPulses');
    const hasHeard = async () => (await readings()).onsetsMs.length > 0;
    await until(`a tone at ${subject.name}`, hasHeard, PULSE_TIMEOUT_MS);
    await pause(SETTLES_MS + WATCHED_MS);
    return pulsesOf(await call.host.evaluate<number[]>('sentPulses'), await readings());
  } finally {
    await guest.context().close();
    await call.close();
  }
}

/** The product's pages load no scripts but their own; the source of the sound is one. */
async function prepareHost(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('Page.setBypassCSP', { enabled: true });
  await page.addInitScript(sendPulses, pulseWorklet);
}

/**
 * Pairs what was heard with what was sent: from the end, where no delay is as long as an interval, back to the beginning,
 * where one may be, but none differs from its neighbour's by half of one.
 */
function pulsesOf(sent: readonly number[], { onsetsMs, behindMs }: PulseReadings): readonly Pulse[] {
  const heard = onsetsMs.map((onsetMs) => onsetMs + behindMs);
  const [firstMs = 0] = heard;
  const pulses: Pulse[] = [];
  let laterMs = heard.at(-1) ?? 0;
  let sentIndex = sent.findLastIndex((sentMs) => sentMs <= laterMs);
  for (const heardMs of heard.toReversed()) {
    sentIndex -= Math.round((laterMs - heardMs) / PULSE_INTERVAL_MS);
    laterMs = heardMs;
    const sentMs = sent[sentIndex];
    if (sentMs !== undefined) pulses.push({ afterMs: heardMs - firstMs, delayMs: heardMs - sentMs });
  }
  return pulses;
}
