/**
 * Calls of participants without browsers, through the real server over real sockets: what the client's engine and the
 * delivery service do together. Media and pages are in the scenarios beside this folder.
 */
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningServer, serve } from '@conclave/server/serve';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NodePerson } from './node-person.ts';

let dataDir: string;
let server: RunningServer;
let origin: string;
let people: NodePerson[];

/** No LiveKit listens there: membership must not depend on it. */
const livekit = {
  url: 'http://127.0.0.1:9',
  apiKey: 'key',
  apiSecret: 'secret-of-at-least-thirty-two-bytes',
};

async function start(port = 0): Promise<void> {
  server = await serve({
    config: { host: '127.0.0.1', port, dataDir, publicUrl: undefined, rooms: 'anyone', roomToken: undefined },
    tls: undefined,
    livekit,
    log: { info: () => undefined, error: () => undefined },
    pagesDir: dataDir,
    version: 'test',
  });
  origin = `http://127.0.0.1:${server.port}`;
}

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'conclave-engine-'));
  people = [];
  await start();
});

afterEach(async () => {
  for (const person of people) person.vanish();
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

async function enter(name: string, host?: NodePerson, suite: 1 | 2 = 1): Promise<NodePerson> {
  const person = await NodePerson.join({ origin, name, suite, ...(host && { link: host.link }) });
  people.push(person);
  return person;
}

describe('a call through the real server', () => {
  test.each([1, 2] as const)('[S65] three people see each other confirmed, in suite %i', async (suite) => {
    const ada = await enter('Ada', undefined, suite);
    const bob = await enter('Bob', ada);
    const eve = await enter('Eve', ada);
    const all = [ada, bob, eve];
    await Promise.all(all.map((person) => person.untilSees('Ada', 'Bob', 'Eve')));
    for (const person of all) person.feed({ t: 'show-code' });
    await Promise.all(all.map((person) => person.until('a code', (view) => view?.code !== undefined)));
    expect(new Set(all.map((person) => person.view?.code?.digits)).size).toBe(1);
    expect(ada.view?.isHost).toBe(true);
    expect(bob.view?.isHost).toBe(false);
  });

  test('[S66] somebody removed is told, cannot come back with the old link, and the new one admits', async () => {
    const ada = await enter('Ada');
    const bob = await enter('Bob', ada);
    const eve = await enter('Eve', ada);
    await ada.untilSees('Ada', 'Bob', 'Eve');
    const old = ada.link;
    ada.feed({ t: 'kick', leafKey: bob.key.publicKey });
    await Promise.all([ada.untilSees('Ada', 'Eve'), eve.untilSees('Ada', 'Eve')]);
    await bob.until('the end', (_view, person) => person.closed !== undefined);
    expect(bob.closed).toBe('REMOVED_BY_HOST');
    await ada.until('a link of its own', (view) => view?.isFrozen === false && ada.link !== old);
    const again = await NodePerson.arrive({ origin, name: 'Bob', link: old });
    people.push(again);
    again.feed({ t: 'join', name: 'Bob' });
    await again.until('the end', (_view, person) => person.closed !== undefined);
    expect(again.closed).toBe('LINK_CHANGED');
    await enter('Max', ada);
    await ada.untilSees('Ada', 'Eve', 'Max');
  });

  test('[S67] a server that restarts in mid-call is not noticed by more than a pause', async () => {
    const ada = await enter('Ada');
    const bob = await enter('Bob', ada);
    await ada.untilSees('Ada', 'Bob');
    const { port } = server;
    await server.stop();
    await ada.until('the loss', (view) => view?.phase === 'reconnecting');
    await start(port);
    await Promise.all([ada.untilSees('Ada', 'Bob'), bob.untilSees('Ada', 'Bob')]);
    await ada.until('the call', (view) => view?.phase === 'in');
    await enter('Eve', ada);
    await Promise.all([ada, bob].map((person) => person.untilSees('Ada', 'Bob', 'Eve')));
  });

  test('[S68] a page that is loaded again comes back under its key, as the same person', async () => {
    const ada = await enter('Ada');
    const bob = await enter('Bob', ada);
    await ada.untilSees('Ada', 'Bob');
    bob.vanish();
    const back = await NodePerson.join({ origin, name: 'Bob', link: bob.link, key: bob.key });
    people.push(back);
    await Promise.all([ada, back].map((person) => person.untilSees('Ada', 'Bob')));
    ada.vanish();
    const host = await NodePerson.join({ origin, name: 'Ada', link: ada.link, key: ada.key });
    people.push(host);
    await Promise.all([host, back].map((person) => person.untilSees('Ada', 'Bob')));
    expect(host.view?.isHost).toBe(true);
  });

  test('[S69] a host who is alone and loads the page again founds anew', async () => {
    const ada = await enter('Ada');
    ada.vanish();
    const host = await NodePerson.join({ origin, name: 'Ada', link: ada.link, key: ada.key });
    people.push(host);
    const bob = await enter('Bob', host);
    await bob.untilSees('Ada', 'Bob');
    expect(host.view?.isHost).toBe(true);
  });
});

describe('a fault of ours', () => {
  test('[S79] a step that breaks shuts the media side and is told, instead of going on as if nothing were', async () => {
    const ada = await enter('Ada');
    const bob = await enter('Bob', ada);
    await ada.untilSees('Ada', 'Bob');
    ada.onView = () => {
      throw new Error('a bug');
    };
    bob.feed({ t: 'set-flags', flags: { microphone: true, camera: true, screen: false, hand: true } });
    await ada.until('the failure', (_view, person) => person.hasFailed);
    expect(ada.instructions.slice(-2)).toEqual([
      { t: 'gate', isOpen: false },
      { t: 'confirmed', leafKeys: [] },
    ]);
  });
});
