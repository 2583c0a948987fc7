/** A call through the real server whose people have media: the real frame pipeline each, and one SFU in memory. */
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningServer, serve } from '@conclave/server/serve';
import { NodeMedia } from './node-media.ts';
import { NodePerson, type NodePersonOptions } from './node-person.ts';
import { NodeSfu } from './node-sfu.ts';

/** No LiveKit listens there: frames go through the SFU in memory. */
const livekit = {
  url: 'http://127.0.0.1:9',
  apiKey: 'key',
  apiSecret: 'secret-of-at-least-thirty-two-bytes',
};

export interface MediaPerson {
  readonly person: NodePerson;
  media: NodeMedia;
  /** Cuts the worker off: nothing more falls due, and no instruction comes. */
  detach: () => void;
}

export class MediaCall {
  readonly sfu = new NodeSfu<NodeMedia>();
  readonly people: MediaPerson[] = [];
  readonly #server: RunningServer;
  readonly #dataDir: string;

  private constructor(server: RunningServer, dataDir: string) {
    this.#server = server;
    this.#dataDir = dataDir;
  }

  static async start(): Promise<MediaCall> {
    const dataDir = await mkdtemp(join(tmpdir(), 'conclave-media-'));
    const config = { host: '127.0.0.1', port: 0, dataDir, publicUrl: undefined } as const;
    const server = await serve({
      config: { ...config, rooms: 'anyone', roomToken: undefined },
      tls: undefined,
      livekit,
      log: { info: () => undefined, error: () => undefined },
      pagesDir: dataDir,
      version: 'test',
    });
    return new MediaCall(server, dataDir);
  }

  async end(): Promise<void> {
    this.sfu.route = () => undefined;
    for (const { person, detach } of this.people) {
      detach();
      person.vanish();
    }
    await this.#server.stop();
    rmSync(this.#dataDir, { recursive: true, force: true });
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#server.port}`;
  }

  /** Joins with a microphone and a camera. */
  async enter(
    name: string,
    given: Pick<NodePersonOptions, 'link' | 'key' | 'openSocket'> = {},
  ): Promise<MediaPerson> {
    const person = await NodePerson.arrive({ origin: this.origin, name, ...given });
    const media = new NodeMedia(name, this.sfu);
    const one: MediaPerson = { person, media, detach: media.run(person) };
    media.start('microphone');
    media.start('camera');
    this.people.push(one);
    person.feed({ t: 'join', name });
    await person.until('in', (view) => view?.phase === 'in');
    return one;
  }

  /** A new media worker in the place of the one before, which the call knows nothing of. */
  restartWorker(one: MediaPerson): NodeMedia {
    one.detach();
    this.sfu.disconnect(one.media);
    one.media = new NodeMedia(one.person.name, this.sfu);
    one.detach = one.media.run(one.person);
    one.media.start('microphone');
    one.media.start('camera');
    return one.media;
  }
}

/** Everybody sees exactly these, confirmed, and is on one epoch. */
export async function untilTogether(people: readonly MediaPerson[]): Promise<void> {
  const names = people.map(({ person }) => person.name);
  await Promise.all(people.map(({ person }) => person.untilSees(...names)));
}

export function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

/** Waits for something that comes of itself. */
export async function eventually(what: string, isSo: () => boolean, maxMs = 15_000): Promise<void> {
  const untilMs = performance.now() + maxMs;
  while (!isSo()) {
    if (performance.now() > untilMs) throw new Error(`it never came about: ${what}`);
    await pause(10);
  }
}

/** Labels that `media` has shown of that person since its `from`-th. */
export function shownOf(media: NodeMedia, name: string, from = 0): readonly string[] {
  return media.shown.slice(from).flatMap(({ label }) => (label.startsWith(`${name}/`) ? [label] : []));
}

/** Every grant to seal that a person's call has given: group and epoch. */
export function grantsOf({ instructions }: NodePerson): readonly string[] {
  let group = '';
  const grants: string[] = [];
  for (const instruction of instructions) {
    if (instruction.t === 'epoch') group = Buffer.from(instruction.groupId).toString('hex');
    if (instruction.t === 'send') grants.push(`${group} ${instruction.epoch}`);
  }
  return grants;
}
