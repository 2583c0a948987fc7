/** The host goes; the call goes on. */

import assert from 'node:assert/strict';
import { scenario, until } from '../scenario.ts';
import { artefact, throughPages } from './cast.ts';
import { DESKTOP } from './driver.ts';
import { meet } from './meet.ts';

scenario(
  '[P24, P46] the host leaves: its successor is host, the call goes on, and who comes later inherits nothing',
  throughPages(async (cast) => {
    const [ada, bob, link] = await meet(cast);
    await ada.leave();
    await bob.hasNoTile('Ada');
    const cyd = await cast.person('Cyd');
    await cyd.enter(link);
    await Promise.all([bob.sees('Cyd'), cyd.sees('Bob')]);
    await cyd.openPanel('People');
    const rows = await until('both in the list', async () => {
      const read = await cyd.people();
      return read.length === 2 && read;
    });
    await cyd.screenshotAt(DESKTOP, artefact('call/after-host-desktop.png'));
    const [bobRow, cydRow] = ['Bob', 'Cyd'].map((name) => rows.find((row) => row.includes(name)) ?? '');
    assert.ok(!cydRow?.includes('Host'), `who came later is no host: ${cydRow}`);
    assert.ok(bobRow?.includes('Host'), `the successor is host: ${bobRow}`);
    const words = await cyd.words();
    assert.ok(!words.includes('Change the link'), 'who came later cannot change the link');
    const more = cyd.driver.chromium?.getByRole('button', { name: /^More for/ });
    assert.equal(await more?.count(), 0, 'who came later has no menu');

    // The successor goes without a word; nobody takes the role, and the page says so.
    const dan = await cast.person('Dan');
    await dan.enter(link);
    await Promise.all([dan.sees('Cyd'), cyd.sees('Dan')]);
    await bob.driver.close();
    await cyd.reads('This call has no host');
    await dan.reads('This call has no host');

    // Who heard a host is asked nothing; who comes now has heard none.
    const eve = await cast.person('Eve');
    await eve.enter(link);
    await eve.reads('No host is in this call');
    await eve.driver.click('button', 'Continue');
    await Promise.all([cyd.sees('Eve'), dan.sees('Eve'), eve.sees('Dan')]);
    const [cydWords, eveWords] = await Promise.all([cyd.words(), eve.words()]);
    assert.ok(!cydWords.includes('Is the host here?'), 'who heard the host is not asked');
    assert.ok(!eveWords.includes('Is the host here?'), 'an answer is enough');
  }),
  180_000,
);
