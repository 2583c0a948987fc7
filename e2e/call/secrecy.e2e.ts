/** What leaves a page in the direction of the server, byte for byte. */

import assert from 'node:assert/strict';
import { parseLink } from '@conclave/crypto/link';
import { scenario } from '../scenario.ts';
import { type Cast, throughPages } from './cast.ts';
import { hidesIn, tapWire } from './wire-tap.ts';

scenario(
  '[P43] no secret of a link and no name is in any byte that a page sends; the fragment leaves the address bar at once',
  throughPages(async (cast) => {
    const tap = await tapWire(cast.product.port);
    cast.stage.undo(tap.stop);
    const ada = await cast.person('Adalgisa-Canary');
    const link = await ada.startCall(tap.origin);
    const bob = await cast.person('Bohumil-Canary');
    const addresses = await addressesWhilePainting(bob.driver.chromium);
    await bob.enter(link);
    await Promise.all([ada.sees(bob.name), bob.sees(ada.name)]);
    await ada.openPanel('People');
    await ada.remove(bob.name);
    await bob.reads('You were removed from the call.');
    const changed = await ada.linkOnPage();

    assert.ok((await addresses()).length > 0, 'something was painted');
    assert.deepEqual(
      (await addresses()).filter((address) => address.includes('#')),
      [],
      'no fragment on a painted page',
    );
    for (const { driver } of [ada, bob]) assert.ok(!driver.address().includes('#'));

    const sent = tap.sent();
    assert.ok(sent.includes('"t":"hello"'), 'the tap reads what is inside the sockets');
    assert.ok(hidesIn(sent, roomOf(link)).length > 0, 'the tap finds what is sent encoded');
    for (const [what, needle] of needles(link, changed, [ada.name, bob.name])) {
      assert.deepEqual(hidesIn(sent, needle), [], `${what} is in what was sent`);
    }
  }),
  120_000,
);

function needles(
  first: string,
  second: string,
  names: readonly string[],
): readonly (readonly [string, Uint8Array])[] {
  return [
    ['the secret', secretOf(first)],
    ['the changed secret', secretOf(second)],
    ['the fragment', Buffer.from(first.split('#')[1] ?? '')],
    ...names.map((name) => [`the name ${name}`, Buffer.from(name)] as const),
  ];
}

function partsOf(link: string) {
  const { pathname, hash } = new URL(link);
  const parsed = parseLink(pathname, hash);
  assert.ok(parsed.ok);
  return parsed.value;
}

const secretOf = (link: string): Uint8Array => partsOf(link).secret;
const roomOf = (link: string): Uint8Array => partsOf(link).roomId;

/** The page's address at every picture that it paints from its first on. */
async function addressesWhilePainting(
  page: Awaited<ReturnType<Cast['person']>>['driver']['chromium'],
): Promise<() => Promise<readonly string[]>> {
  assert.ok(page);
  await page.addInitScript(() => {
    const addresses = new Set<string>();
    Object.assign(globalThis, { conclaveAddresses: addresses });
    const note = () => {
      if ((document.getElementById('app')?.childElementCount ?? 0) > 0) addresses.add(location.href);
      requestAnimationFrame(note);
    };
    requestAnimationFrame(note);
  });
  return () =>
    page.evaluate(() => [...(globalThis as unknown as { conclaveAddresses: Set<string> }).conclaveAddresses]);
}
