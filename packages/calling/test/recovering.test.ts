/** Scenarios: lost replies, lost connections, lost states, commits that cannot be taken. */
import { toHex } from '@conclave/protocol/bytes';
import { describe, expect, test } from 'vitest';
import type { Device, Intercept, Passing, World } from '../src/testing/world.ts';
import { areTogether, callOf, haveNewLink, isIn, keyOf, placeOf } from './scenes.ts';

/** Drops the first message that fits. */
function dropOnce(fits: (passing: Passing) => boolean): Intercept {
  let isDone = false;
  return (passing) => {
    if (isDone || !fits(passing)) return undefined;
    isDone = true;
    return [];
  };
}

function commitsOf(world: World) {
  return world.service.call?.group?.log ?? [];
}

describe('recovering', () => {
  test('[C70] a lost reply: the log shows the own commit, and it is merged', async () => {
    const { world, host, all } = await callOf(['Ada', 'Ben', 'Cem']);
    world.intercept = dropOnce(
      ({ way, device, message }) => device === host && way === 'down' && message.t === 'accepted',
    );
    host.feed({ t: 'make-host', leafKey: keyOf(all[1] as Device) });
    await world.until(() => areTogether(all) && all[1]?.view?.isHost === true);
    expect(host.state.member?.policy.seq).toBe(1);
  });

  test('[C70] a lost commit: a beat from the next epoch makes the member ask the log', async () => {
    const { world, host, guests, all } = await callOf(['Ada', 'Ben', 'Cem']);
    const [ben, cem] = guests as [Device, Device];
    world.intercept = dropOnce(
      ({ way, device, message }) => device === cem && way === 'down' && message.t === 'commit',
    );
    host.feed({ t: 'make-host', leafKey: keyOf(ben) });
    const tookMs = await world.until(() => areTogether(all) && ben.view?.isHost === true);
    expect(tookMs).toBeLessThan(2_000);
    expect(cem.sent.filter(({ t }) => t === 'commit')).toHaveLength(0);
  });

  test('[C71] ten seconds without network come back by the log, without another commit', async () => {
    const { world, host, guests, all } = await callOf(['Ada', 'Ben', 'Cem', 'Dora']);
    const [ben, cem] = guests as [Device, Device];
    ben.offline();
    await world.run(3_000);
    expect(ben.view?.phase).toBe('reconnecting');
    host.feed({ t: 'make-host', leafKey: keyOf(cem) });
    await world.run(7_000);
    const commits = commitsOf(world).length;
    ben.online();
    await world.until(() => areTogether(all));
    expect(commitsOf(world)).toHaveLength(commits);
  });

  test('[C72] a reload comes back in place of the old leaf, under the same name', async () => {
    const { world, guests, all } = await callOf(['Ada', 'Ben', 'Cem']);
    const [ben] = guests as [Device];
    await ben.reload();
    const tookMs = await world.until(() => areTogether(all));
    expect(tookMs).toBeLessThan(3_000);
    expect(commitsOf(world).at(-1)?.joined).toEqual([]);
  });

  test('[C72] the host reloads and is host again', async () => {
    const { world, host, all } = await callOf(['Ada', 'Ben', 'Cem']);
    await host.reload();
    await world.until(() => areTogether(all));
    expect(host.view?.isHost).toBe(true);
  });

  test('[C59] the host alone reloads and founds the call anew', async () => {
    const { world, host } = await callOf(['Ada']);
    const before = placeOf(host);
    await host.reload();
    await world.until(() => isIn(host));
    expect(placeOf(host)).not.toBe(before);
    const ben = await world.add('Ben');
    ben.feed({ t: 'join' });
    await world.until(() => areTogether([host, ben]));
  });

  test('[C73] removed after a long loss: one knocks anew, with the same key', async () => {
    const { world, host, guests, all } = await callOf(['Ada', 'Ben', 'Cem']);
    const [ben, cem] = guests as [Device, Device];
    ben.offline();
    await world.until(() => areTogether([host, cem]), 30_000);
    ben.online();
    await world.until(() => areTogether(all));
  });

  test('[C74] who missed a rotation catches up from the log alone, with the old link', async () => {
    const { world, host, guests, all } = await callOf(['Ada', 'Ben', 'Cem']);
    const [ben, cem] = guests as [Device, Device];
    ben.offline();
    host.feed({ t: 'change-link' });
    await world.until(() => haveNewLink([host, cem], world.link.secret));
    ben.online();
    await world.until(() => areTogether(all) && haveNewLink(all, world.link.secret));
    expect(toHex(ben.links[0]?.secret ?? new Uint8Array())).toBe(
      toHex(host.view?.link.secret ?? new Uint8Array()),
    );
  });

  test('[C75] a commit that its receivers cannot take is reported, reopened, and its author resyncs', async () => {
    const { world, host, guests, all } = await callOf(['Ada', 'Ben', 'Cem', 'Dora']);
    const [ben] = guests as [Device];
    world.intercept = dropOnceAltered(host);
    host.feed({ t: 'make-host', leafKey: keyOf(ben) });
    await world.until(() => ben.state.member?.stuckSinceMs !== undefined);
    await world.until(() => areTogether(all), 20_000);
    expect(all.some(({ view }) => view?.pause === 'FORKED')).toBe(false);
    // The number of the epoch that was taken back is used up for its author: it moves on before it sends.
    await world.until(() => all.every(({ state }) => (state.member?.epoch ?? 0) > 3) && areTogether(all));
    expect(host.view?.pause).toBeUndefined();
  });

  test('[C76] a minute of ways back that lead nowhere, and the person is told', async () => {
    const { world, host, guests } = await callOf(['Ada', 'Ben', 'Cem']);
    const [ben, cem] = guests as [Device, Device];
    world.intercept = ({ way, device, message }) => {
      if (device !== ben || way !== 'down') return undefined;
      if (message.t === 'commit') return [{ message: { ...message, left: ['A'.repeat(22)] }, delayMs: 0 }];
      return message.t === 'group-info' ? [] : undefined;
    };
    host.feed({ t: 'make-host', leafKey: keyOf(cem) });
    const tookMs = await world.until(() => ben.closed !== undefined, 90_000);
    expect(ben.closed).toBe('CANNOT_RECOVER');
    expect(tookMs).toBeGreaterThan(60_000);
  });

  test('[C77] nobody answers a knock: after 1.5 s the joiner lets itself in', async () => {
    const { world, all } = await callOf(['Ada', 'Ben']);
    world.intercept = ({ way, message }) => (way === 'down' && message.t === 'knock' ? [] : undefined);
    const cem = await world.add('Cem');
    cem.feed({ t: 'join' });
    const tookMs = await world.until(() => areTogether([...all, cem]));
    expect(tookMs).toBeGreaterThan(1_500);
    expect(tookMs).toBeLessThan(2_500);
  });

  test('[C78] a Welcome that does not open is answered by an external commit in place of the leaf', async () => {
    const { world, all } = await callOf(['Ada', 'Ben']);
    world.intercept = ({ way, message }) =>
      way === 'down' && message.t === 'welcome'
        ? [
            {
              message: {
                ...message,
                welcome: message.welcome.map((byte, index) => (index > 60 ? byte ^ 1 : byte)),
              },
              delayMs: 0,
            },
          ]
        : undefined;
    const cem = await world.add('Cem');
    cem.feed({ t: 'join' });
    await world.until(() => areTogether([...all, cem]));
  });
});

/** The server hands out the host's first commit with a lie about who left, but tells the author the truth. */
function dropOnceAltered(host: Device): Intercept {
  const fooled = new Set<Device>();
  return ({ way, device, message }) => {
    if (way !== 'down' || device === host || message.t !== 'commit' || fooled.has(device)) return undefined;
    fooled.add(device);
    return [{ message: { ...message, left: ['A'.repeat(22)] }, delayMs: 0 }];
  };
}
