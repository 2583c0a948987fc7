/** Attacks: lies about commits, lies about everything, and too much of everything (attacks.md G4, G7, G14, G17, G27). */
import * as mls from '@conclave/crypto/mls/engine';
import { type Bytes, toHex } from '@conclave/protocol/bytes';
import { ERROR_CODES, type ErrorCode } from '@conclave/protocol/error-codes';
import { decodeServerMessage, encodeMessage, type ServerMessage } from '@conclave/protocol/wire';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CallState, step } from '../../src/call.machine.ts';
import { Accomplice } from '../../src/testing/accomplice.ts';
import type { Device } from '../../src/testing/world.ts';
import { areTogether, haveNewLink, isIn, keyOf, placeOf } from '../scenes.ts';
import { type Attacked, attackedCall, epochOf, expectOutOfReach, isGateOpen } from './oracles.ts';

describe('lies about a commit', () => {
  const LIES = [
    ['joined', { joined: ['B'.repeat(22)] }],
    ['left', { left: ['B'.repeat(22)] }],
    ['phase', { phase: 'kick' }],
    ['a rotation', { phase: 'rotate' }],
    ['the next access', { nextAccessHash: new Uint8Array(32).fill(7) }],
  ] as const;

  test.each(LIES)(
    '[C129] %s: who is told otherwise than the commit says refuses it, and is brought back',
    async (_name, lie) => {
      const attacked = await attackedCall(['Ada', 'Ben', 'Cem']);
      const { world, liar, host, guests, all } = attacked;
      const [ben] = guests as [Device];
      const honest = liar.alter('commit', (message) => ({ ...message, ...lie }));
      host.feed({ t: 'make-host', leafKey: keyOf(ben) });
      await world.until(() => guests.every(({ state }) => state.refused === 'ENTRY'), 3_000);
      expect(guests.every((guest) => epochOf(guest) === 2)).toBe(true);
      honest();
      await world.until(() => areTogether(all), 60_000);
      expect(attacked.watch.violations).toEqual([]);
    },
  );

  test('[C129] a rotation announced with another access hash is refused: nobody is locked out unseen', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Cem']);
    const { world, liar, host, guests } = attacked;
    liar.alter('commit', (message) =>
      message.phase === 'rotate' ? { ...message, nextAccessHash: new Uint8Array(32) } : undefined,
    );
    host.feed({ t: 'change-link' });
    await world.until(() => guests.every(({ state }) => state.refused === 'ENTRY'), 5_000);
    // They derive the link themselves, and come back under it.
    await world.until(() => areTogether([host, ...guests]), 15_000);
    expect(haveNewLink([host, ...guests], world.link.secret)).toBe(true);
  });

  test('[C129] a session with another callId, epoch or membership costs a reason, not a wrong state', async () => {
    for (const lie of [
      { callId: new Uint8Array(16).fill(9) },
      { isMember: false },
      { isDeserted: true },
      { group: null },
      { serverKey: new Uint8Array(32).fill(9) },
      { participantId: 'C'.repeat(22) },
      { isLogOnly: true },
    ]) {
      const attacked = await attackedCall(['Ada', 'Ben', 'Cem']);
      const { world, liar, guests } = attacked;
      const [ben, cem] = guests as [Device, Device];
      const honest = liar.alter('session', (message, device) =>
        device === ben ? { ...message, ...lie } : undefined,
      );
      ben.drop();
      world.clock.after(200, () => ben.connect());
      await world.run(20_000);
      honest();
      if (ben.closed === undefined) {
        ben.drop();
        world.clock.after(200, () => ben.connect());
        await world.until(() => areTogether(attacked.all), 60_000, JSON.stringify(Object.keys(lie)));
      }
      expect(isIn(cem)).toBe(true);
      expect(attacked.watch.violations, Object.keys(lie).join()).toEqual([]);
    }
  });
});

describe('too much of everything', () => {
  test('[C130] a flood of commits that nobody can take costs a report and three ways back a minute, then a reason', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Cem']);
    const { world, liar, host, all } = attacked;
    const insider = await Accomplice.of(attacked.guests[1] as Device);
    const made = await insider.commit({ authenticatedData: new Uint8Array(10) });
    const { groupId } = made.news;
    for (let round = 0; round < 240; round++) {
      liar.tell([host], { ...made.news, epoch: epochOf(host) });
      liar.tell([host], {
        t: 'commit',
        groupId,
        epoch: epochOf(host),
        phase: 'none',
        commit: new Uint8Array(50),
        joined: [],
        left: [],
      });
      await world.run(250);
      if (host.closed !== undefined) break;
    }
    expect(host.sent.filter(({ t }) => t === 'report-invalid').length).toBeLessThan(20);
    expect(host.sent.filter(({ t }) => t === 'group-info').length).toBeLessThan(20);
    expect(host.closed === 'CANNOT_RECOVER' || isIn(host) || host.view?.phase === 'reconnecting').toBe(true);
    await world.until(() => areTogether(all) || host.closed === 'CANNOT_RECOVER', 90_000);
  });

  test('[C130] commits of far epochs, proposals and knocks without end are bounded in what they leave behind', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Mallory']);
    const { world, liar, host, guests, all } = attacked;
    const mallory = await Accomplice.of(guests[1] as Device);
    const groupId = mls.groupId(mallory.group);
    const sentBefore = host.sent.length;
    for (let round = 0; round < 150; round++) {
      const epoch = epochOf(host) + 1 + (round % 50);
      liar.tell(host, {
        t: 'commit',
        groupId,
        epoch,
        phase: 'none',
        commit: new Uint8Array(50),
        joined: [],
        left: [],
      });
      const knocker = await Accomplice.withLink(world, `K${round}`);
      const participantId = await knocker.participantId;
      // A lobby of strangers that the server asks nobody about.
      liar.tell(host, {
        t: 'knock',
        participantId,
        groupId,
        sealed: crypto.getRandomValues(new Uint8Array(4124)),
      });
      const message = await mls.proposeLeave(mallory.group, mallory.suite);
      liar.tell(host, { t: 'proposal', groupId, epoch: mls.epoch(mallory.group), message });
    }
    await world.run(10);
    liar.drop(({ way, message }) => way === 'up' && message.t === 'commit');
    await world.run(5_000);
    expect(host.state.knocks.length).toBeLessThanOrEqual(128);
    expect(host.state.early.length).toBeLessThanOrEqual(16);
    expect(host.state.member?.proposals.length ?? 0).toBeLessThanOrEqual(100);
    expect(host.sent.length - sentBefore).toBeLessThan(400);
    liar.honest();
    await world.until(() => areTogether(all) || areTogether([host, guests[0] as Device]), 60_000);
  });

  test('[C130] true knocks without end into a lobby, and commits without end to who is still outside, are bounded', async () => {
    const attacked = await attackedCall(['Ada'], { lobby: true });
    const { world, liar, host } = attacked;
    const { groupId } = host.state.member ?? { groupId: new Uint8Array(32) };
    for (let index = 0; index < 140; index++) {
      const knocker = await Accomplice.withLink(world, `K${index}`);
      const sealed = await knocker.knock(groupId);
      liar.tell(host, { t: 'knock', participantId: await knocker.participantId, groupId, sealed });
    }
    const ben = await world.add('Ben');
    ben.feed({ t: 'join' });
    await world.run(1_000);
    for (let epoch = 0; epoch < 100; epoch++) {
      liar.tell(ben, {
        t: 'commit',
        groupId,
        epoch,
        phase: 'none',
        commit: new Uint8Array(9),
        joined: [],
        left: [],
      });
    }
    await world.run(1_000);
    expect(host.state.knocks).toHaveLength(128);
    expect(ben.state.early.length).toBeLessThanOrEqual(16);
    expect(isIn(ben)).toBe(false);
  });

  test('[C130] commits and proposals of another group are nobody’s: no report, no way back; a log of another group is no log', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Cem']);
    const { world, liar, guests, all } = attacked;
    const [ben] = guests as [Device];
    const other = crypto.getRandomValues(new Uint8Array(32));
    const made = await (await Accomplice.of(guests[1] as Device)).commit();
    liar.tell(all, { ...made.news, groupId: other });
    liar.tell(all, { t: 'proposal', groupId: other, epoch: epochOf(ben), message: made.news.commit });
    liar.tell(all, { t: 'reopened', groupId: other, epoch: 0 });
    await world.run(3_000);
    expect(all.some(({ sent }) => sent.some(({ t }) => t === 'report-invalid' || t === 'group-info'))).toBe(
      false,
    );
    expect(areTogether(all)).toBe(true);
    const honest = liar.alter('log', (message, device) =>
      device === ben
        ? {
            ...message,
            groupId: other,
            entries: [{ ...made.news, t: undefined, groupId: undefined, proposals: [] }],
          }
        : undefined,
    );
    ben.drop();
    world.clock.after(100, () => ben.connect());
    await world.run(1_000);
    honest();
    await world.until(() => areTogether(all), 30_000);
    expect(ben.sent.some(({ t }) => t === 'report-invalid')).toBe(false);
  });

  test('[C130] a Remove lands under a flood of admissions', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Mallory']);
    const { world, host, guests } = attacked;
    const [ben, mallory] = guests as [Device, Device];
    const crowd: Device[] = [];
    for (let index = 0; index < 6; index++) {
      const device = await world.add(`G${index}`);
      attacked.watch.trust(device);
      device.feed({ t: 'join' });
      crowd.push(device);
      if (index === 3) host.feed({ t: 'kick', leafKey: keyOf(mallory) });
      await world.run(100);
    }
    await world.until(() => mallory.closed === 'REMOVED_BY_HOST', 5_000);
    await world.until(() => areTogether([host, ben, ...crowd.filter(isIn)]), 20_000);
    expect(attacked.watch.violations).toEqual([]);
  });
});

/** Any JSON value of the wire's shape for one message type, with bytes of the attacker's choice. */
function messagesOf({ liar }: Attacked, groupIds: readonly Bytes[], epochs: readonly number[]) {
  const seen = liar.seen.flatMap(({ way, message }) => (way === 'down' ? [message as ServerMessage] : []));
  const recorded = (t: string, name: string): Bytes[] =>
    seen.flatMap((message) => {
      const value = message.t === t ? (message as unknown as Record<string, unknown>)[name] : undefined;
      return value instanceof Uint8Array ? [new Uint8Array(value)] : [];
    });
  const bytes = (minLength: number, maxLength: number): fc.Arbitrary<Bytes> =>
    fc.uint8Array({ minLength, maxLength }).map((value) => new Uint8Array(value));
  /** Random bytes, or recorded ones with one byte changed, cut or lengthened. */
  const blob = (known: readonly Bytes[], max = 300): fc.Arbitrary<Bytes> =>
    known.length === 0
      ? bytes(1, max)
      : fc.oneof(
          bytes(1, max),
          fc
            .tuple(fc.constantFrom(...known), fc.nat(), fc.integer({ min: 1, max: 255 }))
            .map(([value, at, flip]) => {
              const copy = value.slice();
              const index = at % copy.length;
              copy[index] = (copy[index] ?? 0) ^ flip;
              return copy;
            }),
          fc
            .tuple(fc.constantFrom(...known), fc.nat())
            .map(([value, at]) => value.slice(0, 1 + (at % value.length))),
          fc.constantFrom(...known).map((value) => new Uint8Array([...value, 0])),
        );
  const groupId = fc.oneof(fc.constantFrom(...groupIds), bytes(32, 32));
  const epoch = fc.oneof(
    fc.constantFrom(...epochs),
    fc.nat(),
    fc.constantFrom(2 ** 31, 2 ** 32 - 1, Number.MAX_SAFE_INTEGER),
  );
  const request = fc.oneof(fc.nat(12), fc.constant(Number.MAX_SAFE_INTEGER));
  const id = fc.oneof(
    fc.stringMatching(/^[A-Za-z0-9_-]{22}$/),
    fc.constantFrom(
      ...seen.flatMap((message) => (message.t === 'session' ? [message.participantId] : [])),
      'A'.repeat(22),
    ),
  );
  const ids = fc.array(id, { maxLength: 3 });
  const phase = fc.constantFrom('none', 'kick', 'rotate');
  const commit = blob(recorded('commit', 'commit'), 600);
  const proposals = fc.array(blob(recorded('proposal', 'message')), { maxLength: 3 });
  const entry = { epoch, phase, commit, joined: ids, left: ids };
  const withHash = (record: Record<string, fc.Arbitrary<unknown>>) =>
    fc
      .tuple(fc.record(record), fc.option(bytes(32, 32), { nil: undefined }))
      .map(([value, nextAccessHash]) => ({
        ...value,
        ...(nextAccessHash && { nextAccessHash }),
      }));
  const group = fc.option(fc.record({ groupId, epoch, frozen: fc.boolean() }), { nil: null });
  const t = <T extends string>(value: T) => fc.constant(value);
  const codes = Object.keys(ERROR_CODES) as ErrorCode[];
  return fc.oneof(
    fc.record({ t: t('accepted'), request, epoch }),
    fc.record({ t: t('epoch-taken'), request, epoch, groupId: fc.option(groupId, { nil: null }) }),
    fc.record({ t: t('knock'), participantId: id, groupId, sealed: blob(recorded('knock', 'sealed'), 200) }),
    fc.record({ t: t('knock-gone'), participantId: id }),
    fc.record({ t: t('welcome'), groupId, epoch, welcome: blob(recorded('welcome', 'welcome')) }),
    withHash({ t: t('commit'), groupId, ...entry }),
    fc.record({ t: t('proposal'), groupId, epoch, message: blob(recorded('proposal', 'message')) }),
    fc.record({
      t: t('beats'),
      beats: fc.array(
        blob(
          seen.flatMap((message) =>
            message.t === 'beats' ? message.beats.map((beat) => new Uint8Array(beat)) : [],
          ),
          600,
        ),
        { maxLength: 4 },
      ),
    }),
    fc.record({
      t: t('log'),
      request,
      groupId,
      entries: fc.array(withHash({ ...entry, proposals }), { maxLength: 3 }),
      proposals,
      hasMore: fc.boolean(),
    }),
    fc.record({
      t: t('group-info'),
      request,
      groupId,
      epoch,
      groupInfo: blob(recorded('group-info', 'groupInfo')),
    }),
    fc.record({ t: t('attestation'), groupId, epoch, leafKey: bytes(32, 32), signature: bytes(64, 64) }),
    fc.record({ t: t('connection'), participantId: id, isConnected: fc.boolean() }),
    fc.record({ t: t('group'), group, isDeserted: fc.boolean() }),
    fc.record({ t: t('reopened'), groupId, epoch }),
    fc.record({ t: t('old-link'), count: fc.nat() }),
    fc.record({ t: t('error'), code: fc.constantFrom(...codes), request }),
  );
}

/** Who is in, in which epoch, under which policy and link: what no word of the server may change. */
function membershipOf({ member }: CallState): string {
  if (member === undefined) return 'out';
  const { epoch, leaves, policyBytes, held } = member;
  return [
    epoch,
    ...leaves.map(({ signatureKey }) => toHex(signatureKey)),
    toHex(policyBytes),
    toHex(held.keys.linkId),
  ].join();
}

describe('malformed input', () => {
  test('[C131] whatever bytes stand in whatever field of whatever message: no step throws, and membership is as it was', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Cem']);
    const { world, liar, host, guests } = attacked;
    const [ben, cem] = guests as [Device, Device];
    // Something of every kind to start from.
    const dora = await world.add('Dora');
    attacked.watch.trust(dora);
    dora.feed({ t: 'join' });
    await world.until(() => isIn(dora));
    dora.feed({ t: 'leave' });
    ben.drop();
    world.clock.after(200, () => ben.connect());
    await cem.reload();
    await world.until(() => areTogether([host, ben, cem]), 20_000);
    const waiting = await world.add('Waiting');
    liar.drop(({ way, message }) => way === 'down' && (message.t === 'knock' || message.t === 'group-info'));
    waiting.feed({ t: 'join' });
    await world.run(1_000);
    const starts = [host.state, ben.state, waiting.state];
    const { groupId, epoch } = host.state.member ?? { groupId: new Uint8Array(32), epoch: 0 };
    const messages = messagesOf(attacked, [groupId], [epoch - 1, epoch, epoch + 1]);
    const nowMs = world.clock.nowMs();
    await fc.assert(
      fc.asyncProperty(
        fc.nat(2),
        fc.array(messages, { minLength: 1, maxLength: 6 }),
        async (who, several) => {
          let state = starts[who] as CallState;
          const before = membershipOf(state);
          for (const [index, message] of several.entries()) {
            const decoded = decodeServerMessage(encodeMessage(message as ServerMessage));
            if (!decoded.ok) continue;
            ({ state } = await step(state, { t: 'message', message: decoded.value }, nowMs + index));
          }
          ({ state } = await step(state, { t: 'wake' }, nowMs + 5_000));
          // A server can end a call for somebody, or make him come back; it cannot make him a member of something else.
          expect([before, 'out']).toContain(membershipOf(state));
        },
      ),
      { numRuns: 400 },
    );
    expect(attacked.watch.violations).toEqual([]);
  });

  test('[C131] a tree that is not the one of the Welcome or of the GroupInfo brings nobody in', async () => {
    const attacked = await attackedCall(['Ada', 'Ben']);
    const { world, liar, all } = attacked;
    const { tree } = liar.publicState();
    const ghost = await Accomplice.withLink(world, 'Ghost');
    const made = await ghost.letIn(liar.publicState());
    await ghost.hold(made.own.state);
    const trees = [
      undefined,
      tree,
      made.request.tree,
      new Uint8Array(10),
      tree.slice(0, tree.length - 1),
      tree.map((byte, index) => (index === 60 ? byte ^ 1 : byte)),
    ];
    const { service } = world;
    const honest = service.tree.bind(service);
    for (const lie of trees) {
      service.tree = () => lie;
      const cem = await world.add('Cem');
      attacked.watch.trust(cem);
      cem.feed({ t: 'join' });
      await world.run(4_000);
      // The tree before him is not the tree with him in it.
      expect(isIn(cem), `${lie?.length}`).toBe(false);
      expect(cem.state.member).toBeUndefined();
      cem.crash();
      service.tree = honest;
      await world.until(() => areTogether(all), 60_000);
    }
    expectOutOfReach(attacked, all, [ghost]);
    expect(isGateOpen(all[0] as Device)).toBe(true);
  });

  test('[C132] every way to be told no has a reason, and none leaves a client hanging without one', async () => {
    for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
      const attacked = await attackedCall(['Ada', 'Ben']);
      const { world, liar, guests } = attacked;
      const [ben] = guests as [Device];
      const before = placeOf(ben);
      liar.tell(ben, { t: 'error', code });
      if (ERROR_CODES[code].closes) ben.socket?.hangUp();
      await world.run(10_000);
      const isTold = ben.closed !== undefined || isIn(ben);
      expect(isTold, `${code}: ${ben.describe()}`).toBe(true);
      if (isIn(ben)) expect(placeOf(ben)?.split(' ')[0]).toBe(before?.split(' ')[0]);
    }
  });
});
