/** Proposals, beats, the log, GroupInfo and reports. */
import { LOG_BYTES_MAX, SOCKET_MESSAGE_BYTES_MAX } from '@conclave/protocol/limits';
import { encodeMessage } from '@conclave/protocol/wire';
import { describe, expect, test } from 'vitest';
import { Stage } from '../../test/delivery-stage.ts';
import { randomOf } from '../../test/socket-client.ts';
import { PROPOSALS_PER_MEMBER_MAX, TREE_RATE } from '../delivery-limits.ts';

const proposalOf = (stage: Stage, epoch = stage.epoch) => ({
  t: 'proposal' as const,
  groupId: stage.groupId,
  epoch,
  message: randomOf(32),
});

describe('proposal', () => {
  test('[V43] it reaches the other members and stands in the log with the commit that ends its epoch', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const member = await stage.guest(host);
    const proposal = proposalOf(stage);
    await member.send(proposal);
    expect(host.one('proposal')).toEqual(proposal);
    expect(member.got('proposal')).toEqual([]);
    await member.send({ t: 'log', request: 1, fromEpoch: 1 });
    expect(member.one('log')).toMatchObject({ entries: [], proposals: [proposal.message], hasMore: false });
    await stage.commit(host, { left: [member] });
    await host.send({ t: 'log', request: 2, fromEpoch: 1 });
    expect(host.one('log')).toMatchObject({ entries: [{ proposals: [proposal.message] }], proposals: [] });
  });

  test('[V43] another epoch, an outsider and one too many are refused', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const member = await stage.guest(host);
    await member.send(proposalOf(stage, 0));
    expect(member.codes()).toEqual(['WRONG_EPOCH']);
    const guest = await stage.greet();
    await guest.send(proposalOf(stage));
    expect(guest.codes()).toEqual(['NOT_ALLOWED']);
    for (let count = 0; count <= PROPOSALS_PER_MEMBER_MAX; count++) await member.send(proposalOf(stage));
    expect(member.codes()).toEqual(['WRONG_EPOCH', 'RATE_LIMITED']);
    expect(host.got('proposal')).toHaveLength(PROPOSALS_PER_MEMBER_MAX);
  });
});

describe('beats', () => {
  test('[V44] beats of a span are one bundle, the same for all members', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const member = await stage.guest(host);
    const waiting = await stage.greet();
    const [first, second, third] = [randomOf(32), randomOf(32), randomOf(32)];
    await host.send({ t: 'beat', sealed: first });
    await member.send({ t: 'beat', sealed: second });
    expect(host.got('beats')).toEqual([]);
    await stage.advance(1);
    await member.send({ t: 'beat', sealed: third });
    await stage.advance(1);
    expect(host.got('beats').map(({ beats }) => beats)).toEqual([[first, second], [third]]);
    expect(member.got('beats')).toEqual(host.got('beats'));
    expect(waiting.got('beats')).toEqual([]);
    await waiting.send({ t: 'beat', sealed: first });
    expect(waiting.codes()).toEqual(['NOT_ALLOWED']);
  });

  test('[V44] the span grows with the call', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    for (let count = 0; count < 3; count++) await stage.guest(host);
    await host.send({ t: 'beat', sealed: randomOf(32) });
    await stage.advance(1);
    expect(host.got('beats')).toEqual([]);
    await stage.advance(1);
    expect(host.got('beats')).toHaveLength(1);
  });
});

describe('log', () => {
  test('[V45] a member catches up from where it was', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const member = await stage.guest(host);
    await member.vanish();
    const sent = [await stage.commit(host), await stage.commit(host)];
    const back = await stage.greet({ key: member.key });
    await back.send({ t: 'log', request: 1, fromEpoch: 1 });
    expect(back.one('log').entries.map(({ commit }) => commit)).toEqual(sent.map(({ commit }) => commit));
    await back.send({ t: 'log', request: 2, fromEpoch: 3 });
    expect(back.got('log').at(-1)).toMatchObject({ entries: [], hasMore: false });
    await back.send({ t: 'log', request: 3, fromEpoch: 4 });
    expect(back.codes()).toEqual(['WRONG_EPOCH']);
    const guest = await stage.greet();
    await guest.send({ t: 'log', request: 4, fromEpoch: 0 });
    expect(guest.codes()).toEqual(['NOT_ALLOWED']);
  });

  test('[V45] pages fit a frame and follow each other', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    for (let count = 0; count < 5; count++) await stage.commit(host, { commit: randomOf(250_000) });
    await host.send(proposalOf(stage));
    const epochs: number[] = [];
    let fromEpoch = 0;
    while (true) {
      stage.clearInboxes(host);
      await host.send({ t: 'log', request: 1, fromEpoch });
      const page = host.one('log');
      expect(encodeMessage(page).length).toBeLessThanOrEqual(SOCKET_MESSAGE_BYTES_MAX);
      epochs.push(...page.entries.map(({ epoch }) => epoch));
      expect(page.proposals).toHaveLength(page.hasMore ? 0 : 1);
      if (!page.hasMore) break;
      fromEpoch = (page.entries.at(-1)?.epoch ?? Number.NaN) + 1;
    }
    expect(epochs).toEqual([0, 1, 2, 3, 4]);
  });

  test('[V45] more than 64 entries or 4 MiB are not replayed', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const bytes = 255 * 1024;
    const count = Math.ceil(LOG_BYTES_MAX / bytes) + 1;
    for (let index = 0; index < count; index++) {
      await stage.commit(host, { commit: randomOf(bytes) });
      await stage.advance(250);
    }
    await host.send({ t: 'log', request: 1, fromEpoch: 0 });
    expect(host.codes()).toEqual(['WRONG_EPOCH']);
    for (let index = count; index < 65; index++) {
      await stage.commit(host);
      await stage.advance(250);
    }
    stage.clearInboxes(host);
    await host.send({ t: 'log', request: 2, fromEpoch: 0 });
    expect(host.codes()).toEqual(['WRONG_EPOCH']);
    await host.send({ t: 'log', request: 3, fromEpoch: count });
    expect(host.one('log').entries).toHaveLength(65 - count);
  });
});

describe('group-info and trees', () => {
  test('[V47] GroupInfo and the last trees are there for members and those who wait', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const guest = await stage.greet();
    const sent = [];
    for (let count = 0; count < 5; count++) sent.push(await stage.commit(host));
    await guest.send({ t: 'group-info', request: 1 });
    expect(guest.one('group-info')).toMatchObject({ epoch: 5, groupInfo: sent[4]?.groupInfo });
    const { sessionToken } = guest.one('session');
    const tree = (epoch: number) =>
      stage.delivery.tree(sessionToken, stage.link.roomId, { groupId: stage.groupId, epoch });
    expect(await tree(5)).toEqual({ ok: true, value: sent[4]?.tree });
    expect(await tree(2)).toEqual({ ok: true, value: sent[1]?.tree });
    expect(await tree(1)).toEqual({ ok: false, error: 'WRONG_EPOCH' });
    await guest.vanish();
    expect(await tree(5)).toEqual({ ok: false, error: 'ACCESS_DENIED' });
  });

  test('[V73] a session has a rate for trees, and fetches hold up no message of the room', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const guest = await stage.greet();
    const point = { groupId: stage.groupId, epoch: 0 };
    const fetchBy = ({ sessionToken }: { sessionToken: string }) =>
      stage.delivery.tree(sessionToken, stage.link.roomId, point);
    const answers = [];
    for (let count = 0; count < TREE_RATE.burst + 2; count++)
      answers.push(await fetchBy(guest.one('session')));
    expect(answers.filter(({ ok }) => ok)).toHaveLength(TREE_RATE.burst);
    expect(answers.at(-1)).toEqual({ ok: false, error: 'RATE_LIMITED' });
    expect((await fetchBy(host.one('session'))).ok).toBe(true);
    await stage.advance(1_000 / TREE_RATE.perSecond);
    const { readTree } = stage.store;
    const released = Promise.withResolvers<void>();
    stage.store.readTree = async (roomHash, epoch) => {
      await released.promise;
      return readTree(roomHash, epoch);
    };
    const slow = fetchBy(guest.one('session'));
    await host.send({ t: 'group-info', request: 7 });
    expect(host.one('group-info').request).toBe(7);
    released.resolve();
    expect((await slow).ok).toBe(true);
  });

  test('[V73] a tree that was fetched while the group froze is not given to who waits', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const [mallory, guest] = [await stage.guest(host), await stage.greet()];
    const { readTree } = stage.store;
    const released = Promise.withResolvers<void>();
    stage.store.readTree = async (roomHash, epoch) => {
      await released.promise;
      return readTree(roomHash, epoch);
    };
    const point = { groupId: stage.groupId, epoch: stage.epoch };
    const fetched = stage.delivery.tree(guest.one('session').sessionToken, stage.link.roomId, point);
    await stage.commit(host, { phase: 'kick', left: [mallory] });
    released.resolve();
    expect(await fetched).toEqual({ ok: false, error: 'FROZEN' });
  });
});

describe('who was loaded again', () => {
  test('[V70] a member learns where the group stands, as it may have lost its state', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const [ada, mallory] = [await stage.guest(host), await stage.guest(host)];
    await ada.vanish();
    await stage.commit(host, { phase: 'kick', left: [mallory] });
    const back = await stage.greet({ key: ada.key });
    expect(back.one('session')).toMatchObject({ isMember: true, group: { frozen: true } });
    await stage.rotate(host);
    expect(back.one('group')).toMatchObject({ group: { epoch: 4, frozen: false }, isDeserted: false });
  });

  test('[V70] the one that stays is told that it is alone, and that it is not any more', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const ada = await stage.guest(host);
    stage.clearInboxes(host);
    await ada.vanish();
    expect(host.one('group').isDeserted).toBe(true);
    await stage.greet({ key: ada.key });
    expect(host.got('group').at(-1)?.isDeserted).toBe(false);
    expect(host.got('group')).toHaveLength(2);
  });
});

describe('report-invalid', () => {
  const report = (stage: Stage, epoch: number) => ({
    t: 'report-invalid' as const,
    groupId: stage.groupId,
    epoch,
  });

  test('[V48] two witnesses reopen an epoch; everybody is told and members are as before', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const [ada, bob, eve] = [await stage.guest(host), await stage.guest(host), await stage.guest(host)];
    const guest = await stage.greet();
    const before = stage.epoch;
    await stage.commit(eve, { joined: [guest], left: [host] });
    await ada.send(report(stage, before));
    await ada.send(report(stage, before));
    expect(ada.got('reopened')).toEqual([]);
    await bob.send(report(stage, before));
    for (const person of [ada, bob, eve, guest]) expect(person.one('reopened').epoch).toBe(before);
    stage.epoch = before;
    expect(stage.sfuLog.at(-1)).toBe(`expel ${guest.id}`);
    const back = await stage.greet({ key: stage.hostKey });
    expect(back.one('session')).toMatchObject({ isMember: true, group: { epoch: before } });
    await stage.commit(back, { joined: [guest] });
    expect(stage.epoch).toBe(before + 1);
    await ada.send({ t: 'log', request: 1, fromEpoch: before });
    expect(ada.one('log').entries).toHaveLength(1);
  });

  test('[V48] one witness is enough when there is only one; neither author, joiner nor removed is one', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const ada = await stage.guest(host);
    const guest = await stage.greet();
    await stage.commit(ada, { joined: [guest] });
    await ada.send(report(stage, 1));
    await guest.send(report(stage, 1));
    expect([...ada.codes(), ...guest.codes()]).toEqual(['NOT_ALLOWED', 'NOT_ALLOWED']);
    await host.send(report(stage, 1));
    expect(host.one('reopened').epoch).toBe(1);
  });

  test('[V48] nothing is reopened once a later epoch exists', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const ada = await stage.guest(host);
    await stage.commit(ada);
    await stage.commit(ada);
    await host.send(report(stage, 1));
    expect(host.codes()).toEqual(['WRONG_EPOCH']);
  });

  test("[V49] a kick, a rotation and a host's Remove are never reopened", async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const [ada, bob] = [await stage.guest(host), await stage.guest(host)];
    const mallory = await stage.guest(host);
    await stage.commit(ada, { phase: 'kick', left: [mallory] });
    for (const person of [host, bob]) await person.send(report(stage, stage.epoch - 1));
    await stage.rotate(ada);
    for (const person of [host, bob]) await person.send(report(stage, stage.epoch - 1));
    await stage.commit(host, { left: [bob] });
    await ada.send(report(stage, stage.epoch - 1));
    expect(host.codes()).toEqual(['NOT_ALLOWED', 'NOT_ALLOWED']);
    expect(ada.codes()).toEqual(['NOT_ALLOWED']);
    expect(ada.got('reopened')).toEqual([]);
  });

  test('[V49] after two reopened commits an author commits no more', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const ada = await stage.guest(host);
    for (let count = 0; count < 2; count++) {
      await stage.commit(ada);
      await host.send(report(stage, 1));
      stage.epoch = 1;
    }
    expect(host.got('reopened')).toHaveLength(2);
    await stage.commit(ada);
    expect(ada.codes()).toEqual(['NOT_ALLOWED']);
  });
});
