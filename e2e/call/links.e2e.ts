/** Every way in which a link can fail has a sentence of its own; none of its secret leaves the page. */

import assert from 'node:assert/strict';
import { createLink, formatLinkPath, type LinkRequest } from '@conclave/crypto/link';
import { scenario } from '../scenario.ts';
import { artefact, throughPages } from './cast.ts';
import { PHONE } from './driver.ts';

const HOUR_MS = 3_600_000;

scenario(
  '[P16, P20, P21, P43] mistyped, not started, ended, expired, of another kind, version or suite: each link has its own sentence',
  throughPages(async (cast) => {
    const { origin } = cast.product;
    const sentences = new Set<string>();
    const guest = await cast.person('Guest');
    const openPage = async (path: string, title: string) => {
      await guest.driver.goTo('about:blank');
      await guest.driver.goTo(origin + path);
      await guest.reads(title);
      assert.ok(!guest.driver.address().includes('#'), `no fragment in ${title}`);
      sentences.add(title);
    };
    const good = formatLinkPath(link({}));
    await openPage(good, 'This call has ended, or has not started yet.');
    await openPage(mistype(good), 'This link is not complete.');
    await openPage(good.slice(0, -5), 'This link is not complete.');
    await openPage(formatLinkPath(link({})).split('#')[0] ?? '', 'Half of this link is missing.');
    await openPage(good.replace('#', '%23'), 'This link was damaged on its way.');
    assert.equal(new URL(guest.driver.address()).pathname, '/', 'nothing of it stays');
    await openPage('/r/', 'There is nothing at this address.');
    await openPage(
      formatLinkPath(link({ kind: 'open' })),
      'This link is for a call without end-to-end encryption.',
    );
    await openPage(
      formatLinkPath(withHeaderByte(0, 9)),
      'This link was made by another version of Conclave.',
    );
    await openPage(formatLinkPath(withHeaderByte(3, 9)), 'This link asks for a kind of encryption');
    const old = link({ nowUnixMs: Date.now() - 49 * HOUR_MS });
    await openPage(formatLinkPath(old), 'This link has expired.');

    const ada = await cast.person('Ada');
    const ended = await ada.startCall(origin);
    await ada.leave();
    await openPage(ended.slice(origin.length), 'This call has ended, or has not started yet.');
    assert.equal(sentences.size, 9, 'each failure has a sentence of its own');
  }),
  120_000,
);

scenario(
  '[P74] a guest who comes before the host waits on the page, and is taken to the call when it starts',
  throughPages(async (cast) => {
    const ada = await cast.person('Ada');
    const made = await ada.startCall(cast.product.origin);
    await ada.leave();
    const bob = await cast.person('Bob');
    await bob.driver.goTo(made);
    await bob.reads('This page looks again by itself.');
    await bob.screenshotAt(PHONE, artefact('call/too-early-phone.png'));
    await ada.driver.click('button', 'Join again');
    await ada.join();
    await bob.join();
    await Promise.all([ada.sees('Bob'), bob.sees('Ada')]);
  }),
  120_000,
);

function link(change: Partial<LinkRequest>) {
  const hostPublicKey = crypto.getRandomValues(new Uint8Array(32));
  const flags = { kept: false, lobby: false };
  return createLink({ hostPublicKey, suite: 2, kind: 'e2ee', flags, nowUnixMs: Date.now(), ...change });
}

/** A link as another version would make it: its checksum is right. */
function withHeaderByte(at: number, value: number) {
  const made = link({});
  const header = made.header.slice();
  header[at] = value;
  return { ...made, header };
}

/** One character in the middle of the secret is another one. */
function mistype(path: string): string {
  const at = path.length - 30;
  return `${path.slice(0, at)}${path[at] === 'A' ? 'B' : 'A'}${path.slice(at + 1)}`;
}
