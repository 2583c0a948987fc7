/** Commits, kick and rotation. */
import { equalBytes } from '@conclave/protocol/bytes';
import { WELCOME_TREE_BYTES_MAX } from '@conclave/protocol/limits';
import { describe, expect, test } from 'vitest';
import { hashHostKey, Stage } from '../../test/delivery-stage.ts';
import { randomOf } from '../../test/socket-client.ts';

describe('commit', () => {
  test('[V36] the author learns the new epoch, the others get the commit, each joiner its own Welcome', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const member = await stage.guest(host);
    const [ada, bob] = [await stage.greet(), await stage.greet()];
    stage.clearInboxes(host, member, ada, bob);
    const sent = await stage.commit(host, { joined: [ada, bob] });
    expect(host.one('accepted')).toMatchObject({ request: sent.request, epoch: 2 });
    expect(host.got('commit')).toEqual([]);
    const { commit, joined, left, phase, groupId } = sent;
    expect(member.one('commit')).toEqual({ t: 'commit', groupId, epoch: 1, phase, commit, joined, left });
    expect(member.got('welcome')).toEqual([]);
    for (const [index, joiner] of [ada, bob].entries()) {
      const { welcome } = sent.welcomes[index] ?? {};
      expect(joiner.one('welcome')).toMatchObject({ epoch: 2, welcome, tree: sent.tree });
      expect(joiner.got('commit')).toEqual([]);
    }
    expect(stage.sfuLog).toEqual(expect.arrayContaining([`admit ${ada.id}`, `admit ${bob.id}`]));
  });

  test('[V36] a large tree does not come with the Welcome', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const ada = await stage.greet();
    await host.send({ ...stage.commitOf({ joined: [ada] }), tree: randomOf(WELCOME_TREE_BYTES_MAX + 1) });
    expect(ada.one('welcome').tree).toBeUndefined();
  });

  test('[V21] of two commits for one epoch one is accepted and nothing of the other is kept', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const member = await stage.guest(host);
    const guest = await stage.greet();
    stage.clearInboxes(host, member, guest);
    const [first, second] = [stage.commitOf({}), stage.commitOf({ joined: [guest] })];
    await Promise.all([host.send(first), member.send(second)]);
    expect(host.one('accepted').epoch).toBe(2);
    expect(member.one('epoch-taken')).toMatchObject({ request: second.request, epoch: 2 });
    expect(member.one('commit').commit).toEqual(first.commit);
    expect(guest.got('welcome')).toEqual([]);
    expect((await stage.greet({ key: guest.key })).one('session').isMember).toBe(false);
  });

  test('[V21] a commit for another group is epoch-taken, without a group NO_GROUP', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    await host.send(stage.commitOf({ groupId: randomOf(32) }));
    expect(equalBytes(host.one('epoch-taken').groupId ?? randomOf(1), stage.groupId)).toBe(true);

    const empty = await Stage.open();
    const key = empty.hostKey;
    const first = await empty.greet({ key, create: hashHostKey(key.publicKey) });
    await first.send(empty.commitOf({}));
    expect(first.codes()).toEqual(['NO_GROUP']);
  });

  test('[V37] who is removed gets the commit, then REMOVED, and is no member', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const member = await stage.guest(host);
    await stage.commit(host, { left: [member] });
    const kinds = member.inbox.map(({ t }) => t).slice(-2);
    expect(kinds).toEqual(['commit', 'error']);
    expect(member.codes()).toEqual(['REMOVED']);
    expect(member.isClosed).toBe(true);
    expect(stage.sfuLog).toContain(`expel ${member.id}`);
    await stage.knock(member);
    expect(host.got('knock')).toHaveLength(1);
  });

  test('[V37] left is applied before joined: who is in both stays', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const member = await stage.guest(host);
    await stage.commit(host, { left: [member], joined: [member] });
    expect(member.codes()).toEqual([]);
    expect(member.got('welcome')).toHaveLength(2);
    await stage.commit(member);
    expect(stage.epoch).toBe(3);
  });

  test('[V38] an outsider brings in itself and nothing else', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const member = await stage.guest(host);
    const [ada, bob] = [await stage.greet(), await stage.greet()];
    const own = { joined: [ada], isExternal: true };
    await stage.commit(ada, {});
    await stage.commit(ada, { joined: [bob], isExternal: true });
    await stage.commit(ada, { joined: [ada, bob], isExternal: true });
    await stage.commit(ada, { ...own, left: [member] });
    await stage.commit(ada, { ...own, phase: 'kick' });
    await stage.commit(ada, { joined: [ada] });
    expect(ada.codes()).toEqual(Array(6).fill('NOT_ALLOWED'));
    await stage.commit(ada, own);
    expect(stage.epoch).toBe(2);
    expect(host.got('commit').at(-1)?.joined).toEqual([ada.id]);
    await stage.commit(ada);
    expect(stage.epoch).toBe(3);
  });

  test('[V42] impossible names change nothing', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const member = await stage.guest(host);
    const guest = await stage.greet();
    const good = stage.commitOf({ joined: [guest] });
    const welcome = randomOf(8);
    const unknown = 'A'.repeat(22);
    const bad = [
      { joined: [unknown], welcomes: [] },
      { joined: [guest.id, guest.id] },
      { joined: [member.id], welcomes: [] },
      { joined: [], welcomes: [], left: [guest.id] },
      { joined: [], welcomes: [], left: [member.id, member.id] },
      { joined: [], welcomes: [{ participantId: guest.id, welcome }] },
      { welcomes: [...good.welcomes, ...good.welcomes] },
    ];
    for (const change of bad) await host.send({ ...good, request: stage.nextRequest(), ...change });
    expect(host.codes()).toEqual(bad.map(() => 'NOT_ALLOWED'));
    await host.send(good);
    expect(host.got('accepted').at(-1)?.request).toBe(good.request);
  });

  test('[V42] a commit that would make more than 100 members is not allowed', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const guests = [];
    for (let index = 0; index < 100; index++) guests.push(await stage.greet());
    for (let start = 0; start < 96; start += 32) {
      await stage.commit(host, { joined: guests.slice(start, start + 32) });
    }
    await stage.commit(host, { joined: guests.slice(96) });
    expect(host.codes()).toEqual(['NOT_ALLOWED']);
    await stage.commit(host, { joined: guests.slice(96, 99) });
    expect(stage.epoch).toBe(4);
  });
});

describe('kick and rotation', () => {
  test('[V39] a frozen group lets nobody in, by Welcome or external commit, and gives nothing to those outside', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const member = await stage.guest(host);
    const mallory = await stage.guest(host);
    const guest = await stage.greet();
    await stage.commit(host, { phase: 'kick', left: [mallory] });
    expect(guest.got('group').at(-1)?.group?.frozen).toBe(true);
    await stage.commit(host, { joined: [guest] });
    expect(host.codes()).toEqual(['FROZEN']);
    await stage.commit(guest, { joined: [guest], isExternal: true });
    await guest.send({ t: 'group-info', request: 1 });
    expect(guest.codes()).toEqual(['FROZEN', 'FROZEN']);
    const tree = await stage.delivery.tree(guest.one('session').sessionToken, stage.link.roomId, {
      groupId: stage.groupId,
      epoch: stage.epoch,
    });
    expect(tree).toEqual({ ok: false, error: 'FROZEN' });

    await stage.commit(member);
    await stage.commit(host, { phase: 'kick', left: [member] });
    expect(stage.epoch).toBe(5);
    expect((await stage.greet()).one('session').group?.frozen).toBe(true);
  });

  test('[V40] a rotation needs a frozen group and a new access, which nothing else may carry', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const member = await stage.guest(host);
    await stage.rotate(host);
    expect(host.codes()).toEqual(['NOT_ALLOWED']);
    await stage.commit(member, { nextAccessHash: randomOf(32) });
    expect(member.codes()).toEqual(['MALFORMED']);
    await stage.commit(host, { phase: 'kick' });
    await stage.commit(host, { phase: 'rotate' });
    expect(host.codes()).toEqual(['NOT_ALLOWED', 'MALFORMED']);
  });

  test('[V40] from the rotation on only the new access counts, and who waited is told', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const mallory = await stage.guest(host);
    const waiting = await stage.greet();
    const access = await stage.kick(host, mallory);
    expect(waiting.codes()).toEqual(['LINK_CHANGED']);
    expect(waiting.isClosed).toBe(true);
    expect((await stage.greet()).codes()).toEqual(['LINK_CHANGED']);
    const guest = await stage.greet({ access });
    expect(guest.one('session')).toMatchObject({
      isMember: false,
      isLogOnly: false,
      group: { frozen: false },
    });
    await stage.commit(host, { joined: [guest] });
    expect(guest.got('welcome')).toHaveLength(1);
  });

  test('[V41] members learn how many have come with the old link, each counted once', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const mallory = await stage.guest(host);
    const waiting = await stage.greet();
    await stage.kick(host, mallory);
    await stage.greet({ key: waiting.key });
    await stage.greet();
    expect(host.got('old-link').map(({ count }) => count)).toEqual([1, 2]);
  });

  test('[V41] who was a member may read the log with an earlier access, others may not', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const member = await stage.guest(host);
    const mallory = await stage.guest(host);
    await member.vanish();
    await stage.kick(host, mallory);
    const late = await stage.greet({ key: member.key });
    expect(late.one('session')).toMatchObject({ isLogOnly: true, isMember: true });
    const removed = await stage.greet({ key: mallory.key });
    expect(removed.one('session')).toMatchObject({ isLogOnly: true, isMember: false });
  });

  test('[V46] it reads up to the entry that removed it, and nothing else is allowed', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const member = await stage.guest(host);
    const mallory = await stage.guest(host);
    await member.vanish();
    await stage.kick(host, mallory);
    await stage.commit(host);
    const removed = await stage.greet({ key: mallory.key });
    await removed.send({ t: 'log', request: 1, fromEpoch: 0 });
    expect(removed.one('log').entries.map(({ epoch }) => epoch)).toEqual([0, 1, 2]);
    await removed.send({ t: 'log', request: 2, fromEpoch: 4 });
    expect(removed.codes()).toEqual(['WRONG_EPOCH']);
    const late = await stage.greet({ key: member.key });
    await late.send({ t: 'log', request: 3, fromEpoch: 2 });
    expect(late.one('log').entries.map(({ phase }) => phase)).toEqual(['kick', 'rotate', 'none']);

    for (const person of [removed, late]) {
      stage.clearInboxes(person);
      await stage.knock(person);
      await stage.commit(person, { joined: [person], isExternal: true });
      await person.send({ t: 'group-info', request: 4 });
      await person.send({ t: 'sfu', request: 5 });
      await person.send({ t: 'beat', sealed: randomOf(8) });
      await person.send({ t: 'report-invalid', groupId: stage.groupId, epoch: stage.epoch - 1 });
      await person.send({ t: 'proposal', groupId: stage.groupId, epoch: stage.epoch, message: randomOf(8) });
      expect(person.codes()).toEqual(Array(7).fill('NOT_ALLOWED'));
    }
    await stage.advance(15_000);
    expect(host.got('attestation')).toHaveLength(1);
  });
});
