/** What is left of a call: all of it after a restart, nothing of it after its end. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toBase64Url, utf8 } from '@conclave/protocol/bytes';
import { describe, expect, test } from 'vitest';
import { hashHostKey, Stage, sha256 } from './delivery-stage.ts';
import { randomOf } from './socket-client.ts';

/** Every file below `dir`, as one text in which bytes stay bytes. */
async function contents(dir: string): Promise<string> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const texts = await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), 'latin1')));
  return texts.join('\n');
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

describe('the data folder', () => {
  test('[V22] a restart keeps group, epoch, frozen state, members, access and log', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const [ada, mallory] = [await stage.guest(host), await stage.guest(host)];
    const proposal = randomOf(32);
    await ada.send({ t: 'proposal', groupId: stage.groupId, epoch: stage.epoch, message: proposal });
    const access = await stage.kick(host, mallory);
    await stage.commit(host, { phase: 'kick' });
    await stage.restart();
    const back = await stage.greet({ key: ada.key, access });
    expect(back.one('session')).toMatchObject({ isMember: true, group: { epoch: 5, frozen: true } });
    expect(back.one('session').serverKey).toEqual(ada.one('session').serverKey);
    expect(back.id).toBe(ada.id);
    await back.send({ t: 'log', request: 1, fromEpoch: 0 });
    expect(back.one('log').entries.map(({ phase, proposals }) => [phase, proposals.length])).toEqual([
      ['none', 0],
      ['none', 0],
      ['kick', 1],
      ['rotate', 0],
      ['kick', 0],
    ]);
    expect(back.one('log').entries[3]?.nextAccessHash).toEqual(sha256(access));
    expect((await stage.greet({ key: mallory.key })).one('session').isLogOnly).toBe(true);
    await back.send({ t: 'proposal', groupId: stage.groupId, epoch: 5, message: proposal });
    expect(back.codes()).toEqual([]);
  });

  test('[V60, V61, V72] 60 s after a call ended no file holds anything of it, and no log line ever did', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const canary = (name: string) => utf8(`canary-${name}-${toBase64Url(randomOf(8))}`);
    const canaries = {
      commit: canary('commit'),
      groupInfo: canary('group-info'),
      tree: canary('tree'),
      welcome: canary('welcome'),
      knock: canary('knock'),
      beat: canary('beat'),
      proposal: canary('proposal'),
    };
    const [ada, mallory] = [await stage.greet(), await stage.guest(host)];
    await ada.send({ t: 'knock', groupId: stage.groupId, sealed: canaries.knock });
    await host.send({ t: 'beat', sealed: canaries.beat });
    const message = { t: 'proposal' as const, groupId: stage.groupId, epoch: 1, message: canaries.proposal };
    await mallory.send(message);
    const { commit, groupInfo, tree, welcome } = canaries;
    const welcomes = [{ participantId: ada.id, welcome }];
    await host.send({ ...stage.commitOf({ joined: [ada] }), commit, groupInfo, tree, welcomes });
    stage.epoch += 1;
    await stage.kick(host, mallory);
    await stage.advance(100);

    const ids = [host, ada, mallory].flatMap((person) => [person.id, latin1(person.key.publicKey)]);
    const { callId, sessionToken } = host.one('session');
    const link = [toBase64Url(stage.link.roomId), latin1(stage.link.roomId), latin1(stage.link.access)];
    const traces = [
      ...Object.values(canaries).map(latin1),
      ...ids,
      ...link,
      latin1(callId),
      latin1(stage.groupId),
      latin1(sha256(stage.link.access)),
      latin1(hashHostKey(stage.hostKey.publicKey)),
    ];
    // The scan can see: while the call lives its rows are there, what is only relayed is not
    const alive = await contents(stage.dir);
    expect(alive).toContain(latin1(canaries.commit));
    expect(alive).toContain(latin1(stage.groupId));
    for (const relayed of [
      canaries.knock,
      canaries.beat,
      canaries.welcome,
      stage.link.access,
      stage.link.roomId,
    ]) {
      expect(alive).not.toContain(latin1(relayed));
    }
    expect(alive).not.toContain(sessionToken);
    expect(alive).not.toContain(toBase64Url(stage.link.roomId));

    await host.vanish();
    await ada.vanish();
    await stage.advance(60_500);
    const dead = await contents(stage.dir);
    expect(traces.filter((trace) => dead.includes(trace))).toEqual([]);
    const log = stage.logLines.join('');
    expect([...traces, '192.0.2.1', sessionToken].filter((trace) => log.includes(trace))).toEqual([]);
  });
});
