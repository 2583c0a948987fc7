import type { Leaf } from '@conclave/crypto/mls/engine';
import { type Bytes, toHex } from '@conclave/protocol/bytes';
import { describe, expect, test } from 'vitest';
import { randomBytes } from '../test/small-call.ts';
import type { Beat } from './beat.ts';
import { emptyLedger, enterEpoch, type Ledger, noteBeat, type OwnPlace } from './confirmations.ts';
import { CONFIRMED_MS, HOST_QUESTION_MS, HOST_WAIT_MS, SEND_LEASE_MS } from './limits.ts';
import { goOnWithout, judgePause, type PauseInput, settlesHost, stillWithout } from './pauses.ts';
import { foundingPolicy } from './policy.ts';

const groupId = randomBytes(32);
const [me, ada, bob] = [randomBytes(32), randomBytes(32), randomBytes(32)];
/** Ada is the host. */
const policy = foundingPolicy({ suite: 1, isLobbyOn: false, serverKey: randomBytes(32), hostKey: ada });
const hashes = [1, 0].map((epoch) => ({ epoch, hash: new Uint8Array(32).fill(epoch) }));
const flags = { microphone: false, camera: false, screen: false, hand: false };

function placeOf(keys: readonly Bytes[], epoch = 0): OwnPlace {
  const leaves = keys.map(
    (signatureKey, leafIndex): Leaf => ({ leafIndex, signatureKey, identity: randomBytes(8) }),
  );
  return { groupId, epoch, hashes: hashes.filter((h) => h.epoch <= epoch), leaves, ownKey: me, policy };
}

const everybody = placeOf([me, ada, bob]);

function heard(
  ledger: Ledger,
  leafKey: Bytes,
  atMs: number,
  seq = 0,
  hash?: Bytes,
  place = everybody,
): Ledger {
  const leafIndex = place.leaves.findIndex(({ signatureKey }) => signatureKey === leafKey);
  const { epoch } = place;
  const own = hashes.filter((h) => h.epoch === epoch);
  const beat: Beat = {
    groupId,
    epoch,
    hashes: hash ? [{ epoch, hash }] : own,
    leafKey,
    leafIndex,
    seq,
    flags,
    contexts: [],
    appSeq: 0,
    ask: false,
  };
  return noteBeat(ledger, beat, place, atMs).ledger;
}

function at(nowMs: number, ledger: Ledger, parts: Partial<PauseInput> = {}): PauseInput {
  const defaults = { place: everybody, isKickWithheld: false, isHostSettled: true };
  return { ledger, ...defaults, wentOnWithout: new Set(), nowMs, ...parts };
}

const joined = enterEpoch(emptyLedger(), everybody, 0).ledger;

describe('a call in which no host has confirmed since this client came', () => {
  const guests = placeOf([me, bob]);
  const alone = enterEpoch(emptyLedger(), guests, 0).ledger;
  const heardBob = heard(alone, bob, 10, 0, undefined, guests);

  test('[C145] without a host in it the person is asked at once, and has an answer', () => {
    const input = at(20, heardBob, { place: guests, isHostSettled: false });
    expect(judgePause(input)).toEqual({ pause: 'ASK_ABOUT_HOST', wakeAtMs: undefined });
    expect(judgePause({ ...input, isHostSettled: true }).pause).toBeUndefined();
  });

  test('[C145] a first host who comes later has no grace', () => {
    const later = enterEpoch(heardBob, placeOf([me, bob, ada], 1), 50).ledger;
    const parts = { place: placeOf([me, bob, ada], 1) };
    const pauseOf = (isHostSettled: boolean) => judgePause(at(60, later, { ...parts, isHostSettled })).pause;
    expect([pauseOf(false), pauseOf(true)]).toEqual(['WAITING_FOR_HOST', undefined]);
  });

  test('[C145] a host who confirms, or oneself being one, settles it; a silent host does not', () => {
    expect(settlesHost(at(20, heard(joined, ada, 10)))).toBe(true);
    expect(settlesHost(at(20, heard(joined, bob, 10)))).toBe(false);
    expect(settlesHost(at(20, joined, { place: { ...everybody, ownKey: ada } }))).toBe(true);
    expect(settlesHost(at(10 + CONFIRMED_MS, heard(joined, ada, 10)))).toBe(false);
  });
});

describe('the valve and the lease', () => {
  test('[C39] alone, or with nobody heard, nothing flows', () => {
    const alone = placeOf([me]);
    const ledger = enterEpoch(emptyLedger(), alone, 0).ledger;
    expect(judgePause(at(0, ledger, { place: alone })).pause).toBe('ALONE');
    const guests = placeOf([me, bob]);
    const unheard = enterEpoch(emptyLedger(), guests, 0).ledger;
    expect(judgePause(at(0, unheard, { place: guests })).pause).toBe('NOBODY_CONFIRMED');
  });

  test('[C39] it flows from the first beat of another leaf and stops 30 s after the last', () => {
    const guests = placeOf([me, bob]);
    const start = enterEpoch(emptyLedger(), guests, 0).ledger;
    const ledger = heard(start, bob, 1_000, 0, undefined, guests);
    const pauseAt = (nowMs: number) => judgePause(at(nowMs, ledger, { place: guests })).pause;
    expect(pauseAt(1_000)).toBeUndefined();
    expect(pauseAt(1_000 + SEND_LEASE_MS - 1)).toBeUndefined();
    expect(pauseAt(1_000 + SEND_LEASE_MS)).toBe('NOBODY_CONFIRMED');
  });
});

describe('a host who does not confirm', () => {
  test('[C40] was there before me and was never heard: nothing flows to the others alone (G21)', () => {
    const ledger = heard(joined, bob, 100);
    const now = judgePause(at(100, ledger));
    expect(now).toEqual({ pause: 'WAITING_FOR_HOST', wakeAtMs: HOST_QUESTION_MS });
    expect(judgePause(at(HOST_QUESTION_MS - 1, ledger)).pause).toBe('WAITING_FOR_HOST');
    expect(judgePause(at(HOST_QUESTION_MS, ledger)).pause).toBe('ASK_ABOUT_HOST');
    expect(judgePause(at(200, heard(ledger, ada, 200))).pause).toBeUndefined();
  });

  test('[C40] fell silent: 3 s of grace, then waiting, after 20 s the question', () => {
    const silentMs = CONFIRMED_MS;
    let ledger = heard(joined, ada, 0);
    for (let seq = 0; seq < 6; seq++) ledger = heard(ledger, bob, seq * 10_000, seq);
    const pauseAt = (nowMs: number) => judgePause(at(nowMs, ledger)).pause;
    expect(pauseAt(silentMs - 1)).toBeUndefined();
    expect(judgePause(at(silentMs, ledger))).toEqual({ pause: undefined, wakeAtMs: silentMs + HOST_WAIT_MS });
    expect(pauseAt(silentMs + HOST_WAIT_MS - 1)).toBeUndefined();
    expect(pauseAt(silentMs + HOST_WAIT_MS)).toBe('WAITING_FOR_HOST');
    expect(pauseAt(silentMs + HOST_QUESTION_MS)).toBe('ASK_ABOUT_HOST');
    expect(judgePause(at(silentMs + HOST_QUESTION_MS, heard(ledger, ada, 60_000, 1))).pause).toBeUndefined();
  });

  test('[C40] comes when I am there already: 3 s of grace', () => {
    const guests = placeOf([me, bob]);
    const start = heard(enterEpoch(emptyLedger(), guests, 0).ledger, bob, 0, 0, undefined, guests);
    const three = placeOf([me, bob, ada], 1);
    const entered = enterEpoch(start, three, 5_000).ledger;
    const pauseAt = (nowMs: number) => judgePause(at(nowMs, entered, { place: three })).pause;
    expect(pauseAt(5_000)).toBeUndefined();
    expect(pauseAt(5_000 + HOST_WAIT_MS)).toBe('WAITING_FOR_HOST');
  });

  test('[C40] ‘Continue’ holds until that host confirms, and only for hosts of whom it was asked', () => {
    const early = at(HOST_QUESTION_MS - 1, heard(joined, bob, 100));
    expect(goOnWithout(early).size).toBe(0);
    const ledger = heard(heard(joined, bob, 100), bob, HOST_QUESTION_MS, 1);
    const asked = at(HOST_QUESTION_MS, ledger);
    const wentOnWithout = goOnWithout(asked);
    expect([...wentOnWithout]).toEqual([toHex(ada)]);
    expect(judgePause({ ...asked, wentOnWithout }).pause).toBeUndefined();
    expect(stillWithout({ ...asked, wentOnWithout }).size).toBe(1);
    const back = heard(ledger, ada, HOST_QUESTION_MS + 1);
    const returned = at(HOST_QUESTION_MS + 1, back, { wentOnWithout });
    expect(stillWithout(returned).size).toBe(0);
    const left = enterEpoch(ledger, placeOf([me, bob], 1), HOST_QUESTION_MS).ledger;
    expect(stillWithout(at(HOST_QUESTION_MS, left, { wentOnWithout })).size).toBe(0);
  });

  test('[C40] ‘Continue’ opens no valve that nobody’s beat has opened', () => {
    const input = at(HOST_QUESTION_MS, joined);
    expect(judgePause({ ...input, wentOnWithout: goOnWithout(input) }).pause).toBe('NOBODY_CONFIRMED');
  });
});

test('[C41] a fork and a withheld kick come before everything, lease or not', () => {
  const flowing = heard(heard(joined, ada, 100), bob, 100);
  expect(judgePause(at(100, flowing)).pause).toBeUndefined();
  expect(judgePause(at(100, flowing, { isKickWithheld: true })).pause).toBe('KICK_WITHHELD');
  const forked = heard(flowing, ada, 200, 1, randomBytes(32));
  expect(judgePause(at(200, forked)).pause).toBe('FORKED');
  expect(judgePause(at(200, forked, { isKickWithheld: true })).pause).toBe('FORKED');
  expect(judgePause(at(300, heard(forked, ada, 300, 2))).pause).toBe('FORKED');
});
