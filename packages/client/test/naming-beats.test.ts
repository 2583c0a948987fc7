/** When own senders travel in beats: what the media worker reports, through the call machine, to the others. */

import { NOTHING_COUNTED } from '@conclave/calling/media-instruction';
import type { Device } from '@conclave/calling/testing/world';
import { World } from '@conclave/calling/testing/world';
import type { Bytes } from '@conclave/protocol/bytes';
import { equalBytes } from '@conclave/protocol/bytes';
import { expect, test } from 'vitest';

let hostKey: Bytes;

async function twoInCall(): Promise<{ readonly world: World; readonly ada: Device; readonly ben: Device }> {
  const world = await World.create();
  const ada = await world.addHost('Ada');
  hostKey = ada.key.publicKey;
  ada.feed({ t: 'join' });
  await world.until(() => ada.view?.phase === 'in');
  const ben = await world.add('Ben');
  ben.feed({ t: 'join' });
  await world.until(() => ben.view?.people.length === 2 && ada.view?.people.length === 2);
  await world.run(2_000);
  return { world, ada, ben };
}

/** What the host's last beat named, as this device was told. */
function lastNamed({ media }: Device): readonly { readonly context: number; readonly counter: number }[] {
  const beats = media.filter((one) => one.t === 'counters' && equalBytes(one.leafKey, hostKey));
  const last = beats.at(-1);
  return last?.t === 'counters' ? last.contexts : [];
}

test('[S109] a sender that comes or goes is in a beat within a second; counters alone wait for the next one', async () => {
  const { world, ada, ben } = await twoInCall();
  const epoch = ada.state.member?.epoch;
  const report = (...contexts: readonly { context: number; counter: number }[]) =>
    ada.feed({ t: 'set-contexts', epoch, contexts });
  report({ context: 0, counter: 3 });
  await world.until(() => lastNamed(ben).length === 1, 1_000);
  report({ context: 0, counter: 60 });
  await world.run(2_000);
  expect(lastNamed(ben)).toEqual([{ context: 0, counter: 3 }]);
  report({ context: 5, counter: NOTHING_COUNTED });
  await world.until(() => lastNamed(ben)[0]?.context === 5, 1_000);
  report();
  await world.until(() => lastNamed(ben).length === 0, 1_000);
});

test('[S109] the first beat of an epoch names the senders of the one before, and counts nothing', async () => {
  const { world, ada, ben } = await twoInCall();
  const epoch = ada.state.member?.epoch ?? 0;
  ada.feed({ t: 'set-contexts', epoch, contexts: [{ context: 1, counter: 70 }] });
  await world.until(() => lastNamed(ben).length === 1, 1_000);
  const cem = await world.add('Cem');
  cem.feed({ t: 'join' });
  await world.until(() => (ben.state.member?.epoch ?? 0) > epoch && lastNamed(ben)[0]?.counter !== 70);
  expect(lastNamed(ben)).toEqual([{ context: 1, counter: NOTHING_COUNTED }]);
  await world.until(() => lastNamed(cem).length === 1, 5_000);
});
