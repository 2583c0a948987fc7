/** Who is missing, who is attested, and when a call is over. */
import { createPublicKey, verify } from 'node:crypto';
import { type Bytes, toBase64Url } from '@conclave/protocol/bytes';
import { attestationBytes } from '@conclave/protocol/signed-bytes';
import { describe, expect, test } from 'vitest';
import { hashHostKey, type Person, Stage } from '../../test/delivery-stage.ts';

function isSigned(serverKey: Bytes, message: Bytes, signature: Bytes): boolean {
  const key = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(serverKey) },
    format: 'jwk',
  });
  return verify(null, message, key, signature);
}

/** Every attestation that `person` has got, checked. */
function attested(person: Person): { epoch: number; leafKey: string }[] {
  const { serverKey } = person.one('session');
  return person.got('attestation').map(({ groupId, epoch, leafKey, signature }) => {
    expect(isSigned(serverKey, attestationBytes(groupId, epoch, leafKey), signature)).toBe(true);
    return { epoch, leafKey: toBase64Url(leafKey) };
  });
}

describe('absence', () => {
  test('[V50] a lost member is shown as not connected after 2 s, and as back', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const ada = await stage.guest(host);
    await ada.vanish();
    await stage.advance(1_750);
    expect(host.got('connection')).toEqual([]);
    await stage.advance(500);
    expect(host.one('connection')).toMatchObject({ participantId: ada.id, isConnected: false });
    const back = await stage.greet({ key: ada.key });
    expect(host.got('connection').at(-1)).toMatchObject({ participantId: ada.id, isConnected: true });
    expect(back.one('session').isMember).toBe(true);
    await stage.advance(20_000);
    expect(host.got('attestation')).toEqual([]);
  });

  test('[V51] after 15 s the server signs that the leaf key is gone', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const ada = await stage.guest(host);
    await ada.vanish();
    await stage.advance(14_500);
    expect(attested(host)).toEqual([]);
    await stage.advance(750);
    expect(attested(host)).toEqual([{ epoch: 1, leafKey: toBase64Url(ada.key.publicKey) }]);
  });

  test('[V51] who is admitted when it is already gone is attested, too', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const ada = await stage.greet();
    await stage.knock(ada);
    await ada.vanish();
    await stage.commit(host, { joined: [ada] });
    await stage.advance(15_250);
    expect(attested(host)).toHaveLength(1);
  });

  test('[V52] each new epoch has its own attestation, until the participant is named in left', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const ada = await stage.guest(host);
    await ada.vanish();
    await stage.advance(15_250);
    await stage.commit(host);
    expect(attested(host).map(({ epoch }) => epoch)).toEqual([1, 2]);
    await stage.commit(host, { left: [ada] });
    await stage.commit(host);
    expect(attested(host)).toHaveLength(2);
  });

  test('[V53] a restart evicts nobody who comes back', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const [ada, bob] = [await stage.guest(host), await stage.guest(host)];
    await stage.restart();
    await stage.advance(50_000);
    const back = await stage.greet({ key: stage.hostKey });
    await stage.advance(10_000);
    await stage.greet({ key: ada.key });
    await stage.advance(4_500);
    expect(attested(back)).toEqual([]);
    await stage.advance(1_000);
    expect(attested(back)).toEqual([{ epoch: 2, leafKey: toBase64Url(bob.key.publicKey) }]);
  });

  test('[V53] after a time with no member connected the 15 s start with the first that came back', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const ada = await stage.guest(host);
    const waiting = await stage.greet();
    await ada.vanish();
    await host.vanish();
    await stage.advance(100_000);
    expect(waiting.got('attestation')).toEqual([]);
    const back = await stage.greet({ key: stage.hostKey });
    await stage.advance(14_500);
    expect(attested(back)).toEqual([]);
    await stage.advance(1_000);
    expect(attested(back)).toHaveLength(1);
  });

  test('[V71] whom the server attested before everybody was lost has 15 s from the first return, too', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const [ada, bob] = [await stage.guest(host), await stage.guest(host)];
    await bob.vanish();
    await stage.advance(15_250);
    expect(attested(host)).toHaveLength(1);
    await ada.vanish();
    await host.vanish();
    await stage.advance(10_000);
    const back = await stage.greet({ key: stage.hostKey });
    expect(back.one('connection')).toMatchObject({ participantId: bob.id, isConnected: false });
    await stage.commit(back);
    await stage.advance(14_500);
    expect(attested(back)).toEqual([]);
    await stage.advance(1_000);
    const gone = attested(back).map(({ leafKey }) => leafKey);
    expect(gone.sort()).toEqual([ada, bob].map(({ key }) => toBase64Url(key.publicKey)).sort());
  });

  test('[V71] the same when the first is a newcomer that joins by itself', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const bob = await stage.guest(host);
    const newcomer = await stage.greet();
    await bob.vanish();
    await stage.advance(15_250);
    await host.vanish();
    await stage.advance(20_000);
    await stage.commit(newcomer, { joined: [newcomer], isExternal: true });
    await stage.advance(14_500);
    expect(attested(newcomer)).toEqual([]);
    await stage.advance(1_000);
    expect(attested(newcomer)).toHaveLength(2);
  });
});

describe('the end', () => {
  test('[V54] a call ends 60 s after its last socket, not before', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    await host.vanish();
    await stage.advance(59_000);
    const back = await stage.greet({ key: stage.hostKey });
    expect(back.one('session').isMember).toBe(true);
    await back.vanish();
    await stage.advance(60_500);
    expect((await stage.greet()).codes()).toEqual(['NO_SUCH_ROOM']);
    expect(await stage.store.loadCalls()).toEqual([]);
  });

  test('[V54] a call that nobody comes back to after a restart ends, too', async () => {
    const stage = await Stage.open();
    await stage.host();
    await stage.restart();
    await stage.advance(60_500);
    expect(await stage.store.loadCalls()).toEqual([]);
  });

  test('[V54] a room in which nothing was founded ends after 10 min, whoever waits', async () => {
    const stage = await Stage.open();
    const host = await stage.greet({
      key: stage.hostKey,
      create: hashHostKey(stage.hostKey.publicKey),
    });
    await stage.advance(9 * 60_000);
    expect(host.got('ended')).toEqual([]);
    await stage.advance(61_000);
    expect(host.got('ended')).toHaveLength(1);
    expect(host.isClosed).toBe(true);
  });

  test("[V55] leave ends the session at once, the last member's the call", async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const ada = await stage.guest(host);
    const waiting = await stage.greet();
    await ada.send({ t: 'leave' });
    expect(ada.isClosed).toBe(true);
    expect(stage.sfuLog).toContain(`end ${ada.id}`);
    expect(waiting.got('ended')).toEqual([]);
    await stage.advance(3_000);
    expect(host.got('connection')).toEqual([]);
    await host.send({ t: 'leave' });
    expect(waiting.got('ended')).toHaveLength(1);
    expect(waiting.isClosed).toBe(true);
  });

  test('[V55] a leaver that nobody removed is attested', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const ada = await stage.guest(host);
    await ada.send({ t: 'leave' });
    await stage.advance(15_250);
    expect(attested(host)).toHaveLength(1);
  });

  test('[V55] the last leave does not end a call to which somebody is coming back', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const ada = await stage.guest(host);
    await ada.vanish();
    await host.send({ t: 'leave' });
    const back = await stage.greet({ key: ada.key });
    expect(back.one('session').isMember).toBe(true);
  });

  test('[V56] at the end everybody is told, LiveKit closes the room, and a new call may begin', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const guest = await stage.guest(host);
    const before = host.one('session').callId;
    const waiting = await stage.greet();
    await host.vanish();
    await guest.send({ t: 'leave' });
    await waiting.vanish();
    await stage.advance(60_500);
    expect(stage.sfuLog.at(-1)).toBe('end-call');
    const again = await stage.host();
    expect(again.one('session').callId).not.toEqual(before);
  });
});
