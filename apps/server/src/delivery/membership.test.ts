/** Hello, founding and knocks. */
import { describe, expect, test } from 'vitest';
import { hashHostKey, helloOf, Stage, sha256 } from '../../test/delivery-stage.ts';
import { makeLeafKey, randomOf } from '../../test/socket-client.ts';

const create = (stage: Stage) => ({ key: stage.hostKey, create: hashHostKey(stage.hostKey.publicKey) });

describe('hello', () => {
  test('[V23] a signature over another nonce, room or by another key is refused', async () => {
    const stage = await Stage.open();
    await stage.host();
    const first = stage.connect();
    const stale = helloOf(stage, first);
    const second = stage.connect(first.key);
    await second.send(stale);
    expect(second.codes()).toEqual(['BAD_HELLO']);
    expect(second.isClosed).toBe(true);

    const third = stage.connect();
    await third.send({ ...helloOf(stage, third), leafKey: makeLeafKey().publicKey });
    expect(third.codes()).toEqual(['BAD_HELLO']);

    const elsewhere = { roomId: randomOf(16), access: stage.link.access };
    const fourth = stage.connect();
    await fourth.send({ ...helloOf(stage, fourth, { link: elsewhere }), roomId: stage.link.roomId });
    expect(fourth.codes()).toEqual(['BAD_HELLO']);
  });

  test('[V23] an all-zero leaf key is refused', async () => {
    const stage = await Stage.open();
    await stage.host();
    const person = stage.connect();
    await person.send({
      ...helloOf(stage, person),
      leafKey: new Uint8Array(32),
      signature: new Uint8Array(64),
    });
    expect(person.got('session')).toEqual([]);
    expect(person.isClosed).toBe(true);
  });

  test('[V23] none in time, a second one, and any message before it are refused', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const silent = stage.connect();
    await stage.advance(9_999);
    expect(silent.codes()).toEqual([]);
    await stage.advance(2);
    expect(silent.codes()).toEqual(['BAD_HELLO']);

    await host.send(helloOf(stage, host));
    expect(host.codes()).toEqual(['BAD_HELLO']);

    const early = stage.connect();
    await early.send({ t: 'group-info', request: 1 });
    expect(early.codes()).toEqual(['BAD_HELLO']);
  });

  test('[V24] a wrong access and an absent room have their own codes', async () => {
    const stage = await Stage.open();
    await stage.host();
    const stranger = await stage.greet({ access: randomOf(32) });
    expect(stranger.codes()).toEqual(['ACCESS_DENIED']);
    expect(stranger.isClosed).toBe(true);
    const lost = await stage.greet({ link: { roomId: randomOf(16), access: stage.link.access } });
    expect(lost.codes()).toEqual(['NO_SUCH_ROOM']);
  });

  test('[V24] the 101st is told that the room is full, a member is not', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const guests = [];
    for (let index = 0; index < 99; index++) guests.push(await stage.greet());
    for (let start = 0; start < 99; start += 32) {
      await stage.commit(host, { joined: guests.slice(start, start + 32) });
    }
    expect(host.got('accepted')).toHaveLength(5);
    expect((await stage.greet()).codes()).toEqual(['ROOM_FULL']);
    const back = await stage.greet({ key: guests[0]?.key ?? makeLeafKey() });
    expect(back.one('session').isMember).toBe(true);
  });

  test('[V25] only the holder of the host key makes a room', async () => {
    const stage = await Stage.open();
    const other = await stage.greet({ create: hashHostKey(stage.hostKey.publicKey) });
    expect(other.codes()).toEqual(['BAD_HELLO']);
    const host = await stage.greet(create(stage));
    expect(host.one('session')).toMatchObject({ group: null, isMember: false, isDeserted: true });
  });

  test('[V25] create changes nothing in a room that exists', async () => {
    const stage = await Stage.open();
    await stage.host();
    const key = makeLeafKey();
    const taker = await stage.greet({ key, create: hashHostKey(key.publicKey), access: randomOf(32) });
    expect(taker.codes()).toEqual(['ACCESS_DENIED']);
    const guest = await stage.greet({ key, create: hashHostKey(key.publicKey) });
    await stage.found(guest);
    expect(guest.codes()).toEqual(['NOT_ALLOWED']);
  });

  test('[V26] the same leaf key again ends the older session', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const again = await stage.greet({ key: stage.hostKey });
    expect(host.codes()).toEqual(['SUPERSEDED']);
    expect(host.isClosed).toBe(true);
    expect(again.one('session')).toMatchObject({ isMember: true, isDeserted: true });
    await host.vanish();
    await stage.guest(again);
    expect(again.got('accepted')).toHaveLength(1);
  });

  test('[V28] with a token, only who shows it makes a room', async () => {
    const stage = await Stage.open();
    stage.mayCreateRoom = (token) => token === 'right';
    expect((await stage.greet(create(stage))).codes()).toEqual(['ROOMS_NEED_TOKEN']);
    expect((await stage.greet({ ...create(stage), token: 'wrong' })).codes()).toEqual(['ROOMS_NEED_TOKEN']);
    const host = await stage.greet({ ...create(stage), token: 'right' });
    expect(host.codes()).toEqual([]);
    expect((await stage.greet()).codes()).toEqual([]);
  });

  test('[V27] a member that comes back learns what waits, who is missing and what is attested', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const guest = await stage.guest(host);
    const gone = await stage.guest(host);
    const waiting = await stage.greet();
    await stage.knock(waiting);
    await gone.vanish();
    await stage.advance(15_000);
    await guest.vanish();
    const back = await stage.greet({ key: guest.key });
    expect(back.one('knock').participantId).toBe(waiting.id);
    expect(back.one('connection')).toMatchObject({ participantId: gone.id, isConnected: false });
    expect(back.one('attestation').leafKey).toEqual(gone.key.publicKey);
  });
});

describe('found', () => {
  test('[V29] the host founds where there is no group, nobody else does', async () => {
    const stage = await Stage.open();
    const host = await stage.greet(create(stage));
    const guest = await stage.greet();
    await stage.found(guest);
    expect(guest.codes()).toEqual(['NOT_ALLOWED']);
    await stage.found(host);
    expect(host.one('accepted').epoch).toBe(0);
    expect(stage.isAt(guest.one('group').group, 0)).toBe(true);
    expect(stage.sfuLog).toContain(`admit ${host.id}`);
  });

  test('[V29] a second founding, or one while a member is connected, is epoch-taken', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    await stage.guest(host);
    const { groupId } = stage;
    stage.clearInboxes(host);
    await stage.found(host);
    await stage.found(host, { groupId, epoch: 1 });
    expect(host.got('epoch-taken').map(({ epoch }) => epoch)).toEqual([1, 1]);
    expect(host.got('accepted')).toEqual([]);
  });

  test('[V29] a deserted group is replaced only by naming where it stands', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const guest = await stage.guest(host);
    await guest.vanish();
    const { groupId } = stage;
    stage.clearInboxes(host);
    await stage.found(host, { groupId, epoch: 0 });
    expect(host.got('accepted')).toEqual([]);
    await stage.found(host, { groupId, epoch: 1 });
    expect(host.one('accepted').epoch).toBe(0);
  });

  test('[V30] a founding forgets the former group and its members', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const guest = await stage.guest(host);
    await guest.vanish();
    const former = stage.groupId;
    stage.clearInboxes(host);
    await stage.found(host, { groupId: former, epoch: 1 });
    expect(stage.sfuLog).toContain(`expel ${guest.id}`);
    const back = await stage.greet({ key: guest.key });
    expect(back.one('session')).toMatchObject({ isMember: false, group: { epoch: 0 } });
    await back.send({ t: 'log', request: 1, fromEpoch: 0 });
    expect(back.codes()).toEqual(['NOT_ALLOWED']);
    expect(await stage.store.readLog(stage.delivery.context.calls.keys().next().value ?? '', 0, 9)).toEqual(
      [],
    );
  });
});

describe('found in the place of a frozen group', () => {
  test('[V30] changes the access, and who waits with the old one is told so', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const guest = await stage.guest(host);
    await stage.commit(host, { phase: 'kick', left: [guest] });
    const { groupId, epoch } = stage;
    const waiting = await stage.greet();
    stage.clearInboxes(host);
    await stage.found(host, { groupId, epoch });
    expect(host.codes()).toEqual(['NOT_ALLOWED']);
    await stage.found(host, { groupId, epoch }, { nextAccessHash: sha256(randomOf(32)) });
    expect(host.one('accepted').epoch).toBe(0);
    expect(waiting.codes()).toEqual(['LINK_CHANGED']);
    expect((await stage.greet()).codes()).toEqual(['LINK_CHANGED']);
  });
});

describe('knock', () => {
  test('[V31] a knock reaches every member; a second one takes its place', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const member = await stage.guest(host);
    const guest = await stage.greet();
    stage.clearInboxes(host, member);
    await stage.knock(guest);
    await stage.knock(guest);
    expect(host.got('knock')).toHaveLength(2);
    expect(member.got('knock')).toEqual(host.got('knock'));
    await member.vanish();
    const back = await stage.greet({ key: member.key });
    expect(back.one('knock').sealed).toEqual(host.got('knock')[1]?.sealed);
  });

  test('[V31] a knock at no group, at another group, or by a member is refused', async () => {
    const stage = await Stage.open();
    const host = await stage.greet(create(stage));
    const guest = await stage.greet();
    await stage.knock(guest);
    expect(guest.codes()).toEqual(['NO_GROUP']);
    await stage.found(host);
    await guest.send({ t: 'knock', groupId: randomOf(32), sealed: randomOf(8) });
    expect(guest.codes()).toEqual(['NO_GROUP', 'WRONG_EPOCH']);
    await stage.knock(host);
    expect(host.codes()).toEqual(['NOT_ALLOWED']);
  });

  test('[V32] a knock goes with its socket, and is never stored', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const guest = await stage.greet();
    await stage.knock(guest);
    await guest.vanish();
    expect(host.one('knock-gone').participantId).toBe(guest.id);
    const member = await stage.guest(host);
    expect(member.got('knock')).toEqual([]);
  });

  test('[V32] knocks are held while the group is frozen', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const mallory = await stage.guest(host);
    await stage.commit(host, { phase: 'kick', left: [mallory] });
    const guest = await stage.greet();
    stage.clearInboxes(host);
    await stage.knock(guest);
    expect(host.got('knock')).toEqual([]);
    expect(guest.codes()).toEqual([]);
  });

  test('[V33] those who wait are told of each epoch and of a deserted group', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const waiting = await stage.greet();
    await stage.commit(host);
    expect(waiting.got('group').at(-1)).toMatchObject({ group: { epoch: 1 }, isDeserted: false });
    await host.vanish();
    expect(waiting.got('group').at(-1)).toMatchObject({ group: { epoch: 1 }, isDeserted: true });
    await stage.greet({ key: stage.hostKey });
    expect(waiting.got('group').at(-1)).toMatchObject({ group: { epoch: 1 }, isDeserted: false });
  });
});
