/** People who were gone for a moment are back by themselves. */

import assert from 'node:assert/strict';
import type { CallPage } from '../call-page.ts';
import { pause, scenario, until } from '../scenario.ts';
import { throughPages } from './cast.ts';
import { openBehindCable, startProductOnCable } from './network.ts';

const OUTAGE_MS = 10_000;
/** By the frames, or by the server's word if that comes first. */
const FROZEN = /The picture has stopped|Reconnecting…/;
/** What was on its way when the cable was pulled is through by then. */
const SETTLED_MS = 5_000;

scenario(
  '[P45, P17] a reload alone, as host and as guest comes back by itself, under the same name and with the same role',
  throughPages(async (cast) => {
    const ada = await cast.person('Ada');
    const link = await ada.startCall(cast.product.origin);
    await ada.driver.reload();
    await ada.isIn();
    await isHost(ada, 'Ada', true);
    assert.equal(await ada.linkOnPage(), link, 'the same link');

    const bob = await cast.person('Bob');
    await bob.enter(link);
    await Promise.all([ada.sees('Bob'), bob.sees('Ada')]);

    await ada.driver.reload();
    await bothSeeEachOther(ada, bob);
    await isHost(ada, 'Ada', true);

    await bob.driver.reload();
    await bothSeeEachOther(ada, bob);
    await isHost(bob, 'Ada', true);
    await isHost(bob, 'Bob', false);
  }),
  150_000,
);

scenario(
  '[P45, P75] ten seconds without network, as guest: back by itself, pictures both ways',
  throughPages(async (cast) => {
    const ada = await cast.person('Ada');
    const link = await ada.startCall(cast.product.origin);
    const { driver, cable } = await openBehindCable(cast);
    const bob = cast.personAt('Bob', driver);
    await bob.enter(cable.origin + new URL(link).pathname + new URL(link).hash);
    await Promise.all([ada.sees('Bob'), bob.sees('Ada')]);
    cable.pull();
    // Nobody has been told of anything yet: what both see is that no frame comes.
    await Promise.all([ada.readsInTile('Bob', FROZEN), bob.readsInTile('Ada', FROZEN)]);
    await outage(ada);
    cable.plug();
    await bothSeeEachOther(ada, bob);
    await bob.readsNot('Reconnecting…');
    await isHost(bob, 'Ada', true);
    await isHost(bob, 'Bob', false);
  }, startProductOnCable),
  150_000,
);

/** Ten seconds, in which nothing arrives at whoever stayed. */
async function outage(stayed: CallPage): Promise<void> {
  await pause(SETTLED_MS);
  const before = await stayed.decoded();
  await pause(OUTAGE_MS - SETTLED_MS);
  // The count itself goes when the receiver does.
  const after = await stayed.decoded();
  assert.ok(after.frames <= before.frames, `the cable is pulled: ${after.frames} after ${before.frames}`);
}

async function bothSeeEachOther(one: CallPage, other: CallPage): Promise<void> {
  await Promise.all([one.isIn(), other.isIn()]);
  // What was rendered before the interruption must not count: only pictures that change do.
  await Promise.all([one.sees(other.name), other.sees(one.name)]);
  for (const page of [one, other]) assert.equal((await page.tiles()).length, 2, 'two people, no ghosts');
}

async function isHost(page: CallPage, name: string, isSo: boolean): Promise<void> {
  await page.openPanel('People');
  await until(`${name} ${isSo ? 'is' : 'is not'} host`, async () => {
    const row = (await page.people()).find((text) => text.includes(name));
    return row !== undefined && row.includes('Host') === isSo;
  });
  await page.openPanel('People');
}
