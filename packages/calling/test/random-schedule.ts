/**
 * Random schedules: people come, go, crash, reload and are kicked while the network loses, doubles, delays and parts
 * them; then it is fair, and all who are left stand in one call. The seeds are spread over shards, one test file each, so
 * that processes share them.
 *
 * CONCLAVE_SEEDS is a count, or `from-to`; CONCLAVE_SEED replays one, in both suites.
 */
import { describe, expect, test } from 'vitest';
import { Invariants } from '../src/testing/invariants.ts';
import { type Device, World } from '../src/testing/world.ts';
import { areTogether, keyOf } from './scenes.ts';

const SEEDS = 400;
/** X-Wing runs some of the same schedules, at a multiple of the cost: 25 of 400. */
const X_WING_EVERY = 64;
const UNFAIR_MS = 25_000;
const FAIR_MS = 90_000;
/** Up to twelve, by the seed: few people meet the corners of leaving, many those of concurrency. */
const peopleMax = (seed: number) => 2 + (seed % 11);

interface Seeds {
  readonly first: number;
  readonly last: number;
}

function seedsAskedFor(): Seeds {
  const { CONCLAVE_SEED: one, CONCLAVE_SEEDS: many = `${SEEDS}` } = process.env;
  if (one !== undefined) return { first: Number(one), last: Number(one) };
  const [from = '', to] = many.split('-');
  return to === undefined ? { first: 1, last: Number(from) } : { first: Number(from), last: Number(to) };
}

/** Loses, doubles and delays some messages; what opens a session is left alone, as the runner says hello again. */
function makeUnfair(world: World): void {
  world.intercept = ({ message }) => {
    if (message.t === 'hello' || message.t === 'challenge' || message.t === 'session') return undefined;
    const dice = world.random.next();
    if (dice < 0.04) return [];
    if (dice < 0.07) return [message, message].map((each, index) => ({ message: each, delayMs: index * 30 }));
    if (dice < 0.12) return [{ message, delayMs: 1 + world.random.integer(800) }];
    return undefined;
  };
}

interface Run {
  readonly world: World;
  readonly host: Device;
  readonly kicked: Set<string>;
  readonly seed: number;
}

async function act({ world, host, kicked, seed }: Run): Promise<void> {
  const alive = world.devices.filter(({ isGone }) => !isGone);
  const guests = alive.filter((device) => device !== host);
  const dice = world.random.integer(14);
  const guest = guests.length > 0 ? world.random.pick(guests) : undefined;
  const anybody = alive.length > 0 ? world.random.pick(alive) : undefined;
  if (dice < 4 && alive.length < peopleMax(seed)) {
    const link = host.view?.link ?? world.link;
    const device = await world.add(`P${world.devices.length}`, { links: [link] });
    device.feed({ t: 'join' });
  } else if (dice === 4) guest?.feed({ t: 'leave' });
  else if (dice === 5) (world.random.integer(6) === 0 ? anybody : guest)?.crash();
  else if (dice === 6) await anybody?.reload();
  else if (dice < 9) anybody?.drop();
  else if (dice === 9 && anybody) {
    anybody.offline();
    world.clock.after(world.random.integer(20_000), () => anybody.online());
  } else if (dice === 10 && guest) {
    kicked.add(guest.name);
    host.feed({ t: 'kick', leafKey: keyOf(guest) });
  } else if (dice === 11) host.feed({ t: 'change-link' });
  else if (dice === 12) part(world, alive);
  else if (guest) host.feed({ t: 'make-host', leafKey: keyOf(guest) });
  // A broken socket comes back after a moment.
  for (const device of alive) world.clock.after(300, () => device.connect());
}

/** Half of the people lose the network together, and have it back together. */
function part(world: World, alive: readonly Device[]): void {
  const away = alive.filter(() => world.random.integer(2) === 0);
  for (const device of away) device.offline();
  world.clock.after(world.random.integer(15_000), () => {
    for (const device of away) device.online();
  });
}

async function runSeed(seed: number, suite: 1 | 2): Promise<World> {
  const world = await World.create({ seed, suite });
  const invariants = new Invariants();
  world.afterStep = (device) => invariants.check(device);
  const host = await world.addHost('Host');
  host.feed({ t: 'join' });
  makeUnfair(world);
  const run = { world, host, kicked: new Set<string>(), seed };
  const untilMs = world.clock.nowMs() + UNFAIR_MS;
  while (world.clock.nowMs() < untilMs) {
    await world.run(200 + world.random.integer(2_500));
    await act(run);
  }
  world.intercept = () => undefined;
  for (const device of world.devices) device.online();
  await world.until(() => isSettled(world), FAIR_MS, 'one call');
  return world;
}

/** Everybody who is not out is in one call; or nobody is, and they wait for the host. */
function isSettled(world: World): boolean {
  const alive = world.devices.filter(({ isGone }) => !isGone);
  if (alive.length === 0) return true;
  return areTogether(alive) || alive.every((device) => device.view?.phase === 'waiting');
}

const ENDS = ['LEFT', 'REMOVED_BY_HOST', 'LINK_CHANGED', 'ENDED', 'NO_SUCH_ROOM'];

function expectAllEndedWell(world: World): void {
  for (const device of world.devices) {
    if (device.isGone && !device.isCrashed) expect(device.closed, device.describe()).toBeOneOf(ENDS);
  }
}

/** The tests of one shard. @param shard - from 0 */
export function describeSchedules(shard: number, shards: number): void {
  const { first, last } = seedsAskedFor();
  const count = Math.max(0, last - first + 1);
  const seeds = Array.from({ length: count }, (_, index) => first + index);
  const own = seeds.filter((_, index) => index % shards === shard);
  // 21 is 1 modulo 4: each of four shards has its part.
  const isHybridToo = (seed: number) => count === 1 || (seed - first) % X_WING_EVERY === shard * 21;

  describe.skipIf(own.length === 0)(`${own.length} seeds`, () => {
    test.each(own)('[C98] X25519, seed %i', { timeout: 120_000 }, async (seed) => {
      expectAllEndedWell(await runSeed(seed, 1));
    });

    test.each(own.filter(isHybridToo))('[C98, C99] X-Wing, seed %i', { timeout: 240_000 }, async (seed) => {
      expectAllEndedWell(await runSeed(seed, 2));
    });
  });
}
