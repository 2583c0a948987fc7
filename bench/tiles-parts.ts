/** What takes part in a call with nine tiles, and on which threads, in the order of the table. */
import type { ThreadTime } from './processor-time.ts';

export const MAIN_THREAD = 'page: main thread';

/** By type of process and name of the thread; the first that fits. The names are Chromium's, and cut at 15 characters. */
const OF_BROWSER: readonly (readonly [part: string, fits: RegExp])[] = [
  [MAIN_THREAD, /^renderer main$/],
  ['page: compositor and raster', /^renderer (Compositor|VideoFrameCompo)/],
  ['page: workers (MLS, media)', /^renderer DedicatedWorker/],
  ['page: network and signalling of WebRTC', /^renderer WebRTC/],
  ['page and audio service: sound', /audio/i],
  ['page: thread pool, with encoder and decoders', /^renderer ThreadPool/],
  ['page: the rest', /^renderer/],
  ['camera', /^utility video/],
  ['display compositor', /^gpu-process/],
  ['browser, network', /./],
];
const OTHERS = 'the eight others';
const LIVEKIT = 'LiveKit';
const SERVER = 'server';
const BENCH = 'this measurement';

export const BROWSER_PARTS: readonly string[] = OF_BROWSER.map(([part]) => part);
export const PARTS_AROUND: readonly string[] = [OTHERS, LIVEKIT, SERVER, BENCH];

/** @param othersProcessId - of the browser of the others */
export function partOf(time: ThreadTime, othersProcessId: number): string {
  const { processId, ancestry, command, thread, isFirst } = time;
  if (processId === process.pid) return BENCH;
  if (ancestry.includes(othersProcessId)) return OTHERS;
  const [program = ''] = command;
  if (program.includes('livekit-server')) return LIVEKIT;
  if (program.endsWith('node')) return SERVER;
  const words = command.join(' ');
  const type = /--type=([a-z-]+)/.exec(words)?.[1] ?? 'browser';
  const service = /--utility-sub-type=([a-z_]+)/.exec(words)?.[1];
  const name = [type, service, isFirst ? 'main' : thread].filter(Boolean).join(' ');
  return OF_BROWSER.find(([, fits]) => fits.test(name))?.[0] ?? '';
}
