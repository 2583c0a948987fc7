/** Why somebody is gone (D8). */
import { describe, expect, test } from 'vitest';
import type { Device } from '../src/testing/world.ts';
import { attackedCall } from './attacks/oracles.ts';
import { areTogether, callOf, keyOf, names } from './scenes.ts';

function causes({ view }: Device): readonly string[] {
  return view?.departures.map(({ name, by }) => `${name} ${by}`) ?? [];
}

describe('the view says by whose doing somebody is gone', () => {
  test('[C148] of who leaves, is kicked, or loses the connection', async () => {
    const { world, host, guests } = await callOf(['Ada', 'Ben', 'Cem', 'Dora', 'Eve']);
    const [ben, cem, dora, eve] = guests as [Device, Device, Device, Device];
    cem.feed({ t: 'leave' });
    await world.until(() => areTogether([host, ben, dora, eve]));
    host.feed({ t: 'kick', leafKey: keyOf(dora) });
    await world.until(() => areTogether([host, ben, eve]));
    eve.crash();
    await world.until(() => areTogether([host, ben]), 60_000);
    for (const device of [host, ben]) {
      expect(causes(device)).toEqual(['Cem themselves', 'Dora host', 'Eve server']);
    }
  });

  test('[C148] of a host whom the server evicts without a word on the connection', async () => {
    const { world, liar, host, guests } = await attackedCall(['Ada', 'Ben', 'Cem']);
    const [ben, cem] = guests as [Device, Device];
    for (let round = 0; round < 3 && names(cem).includes('Ada'); round++) {
      const { groupId, epoch } = cem.state.member ?? {};
      if (groupId === undefined || epoch === undefined) throw new Error('Cem is out');
      const signed = await world.service.signAttestation(groupId, epoch, keyOf(host));
      liar.tell([ben, cem], { t: 'attestation', ...signed });
      await world.until(() => !names(cem).includes('Ada'), 3_000);
    }
    expect(causes(cem)).toEqual(['Ada server']);
    await world.until(() => areTogether([host, ben, cem]), 30_000);
    expect(causes(cem)).toEqual(['Ada server']);
  });

  test('[C148] what happened while one was away is not guessed', async () => {
    const { world, liar, host, guests } = await attackedCall(['Ada', 'Ben', 'Cem', 'Dora']);
    const [ben, cem, dora] = guests as [Device, Device, Device];
    liar.alter('commit', (message, device) => {
      return device === ben && message.left.length > 0
        ? { ...message, commit: new Uint8Array(64) }
        : undefined;
    });
    liar.drop(({ way, device, message }) => {
      return device === ben && way === 'up' && message.t === 'commit' && message.left.length > 0;
    });
    cem.feed({ t: 'leave' });
    await world.until(() => areTogether([host, ben, dora]), 20_000);
    expect([causes(host), causes(ben)]).toEqual([['Cem themselves'], ['Cem unknown']]);
  });
});
