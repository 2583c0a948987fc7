/** Nobody whom the group did not admit can shut out those whom it did. */
import { describe, expect, test } from 'vitest';
import { type Person, Stage } from '../../test/delivery-stage.ts';
import { makeLeafKey } from '../../test/socket-client.ts';
import { WAITING_SESSIONS_PER_CALL_MAX } from '../delivery-limits.ts';

async function crowd(stage: Stage, count: number, address: string): Promise<Person[]> {
  const people: Person[] = [];
  while (people.length < count) people.push(await stage.greet({ address }));
  return people;
}

const refused = (people: readonly Person[]): Person[] =>
  people.filter((person) => person.codes().includes('TOO_MANY'));

describe('places for those who wait', () => {
  test('[V69] a crowd of strangers keeps no member and no host out', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const ada = await stage.guest(host);
    const strangers = await crowd(stage, WAITING_SESSIONS_PER_CALL_MAX, '198.51.100.7');
    await ada.vanish();
    const [late = ada] = await crowd(stage, 1, '198.51.100.7');
    expect(late.codes()).toEqual(['TOO_MANY']);
    expect(late.isClosed).toBe(true);
    const back = await stage.greet({ key: ada.key, address: '198.51.100.7' });
    expect(back.one('session').isMember).toBe(true);
    await host.vanish();
    expect((await stage.greet({ key: stage.hostKey })).codes()).toEqual([]);
    await stage.advance(15_500);
    expect(back.got('attestation')).toEqual([]);
    expect(refused(strangers)).toEqual([]);
  });

  test('[V69] the holder of the host key comes into its room before it is a member', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    const second = await stage.guest(host);
    await stage.commit(second, { left: [host] });
    await crowd(stage, WAITING_SESSIONS_PER_CALL_MAX, '198.51.100.7');
    const back = await stage.greet({ key: stage.hostKey });
    expect(back.one('session').isMember).toBe(false);
  });

  test('[V69] when the places run out, the address that holds the most gives way, and never to its equal', async () => {
    const stage = await Stage.open();
    await stage.host();
    const greedy = await crowd(stage, WAITING_SESSIONS_PER_CALL_MAX - 1, '198.51.100.7');
    const key = makeLeafKey();
    const modest = [await stage.greet({ key, address: '203.0.113.9' })];
    modest.push(...(await crowd(stage, 48, '203.0.113.9')));
    expect(refused(modest)).toEqual([]);
    expect(refused(greedy)).toEqual(greedy.slice(-48));
    expect(greedy.at(-1)?.isClosed).toBe(true);
    modest.push(...(await crowd(stage, 2, '203.0.113.9')));
    expect(refused(modest)).toEqual(modest.slice(-1));
    expect(refused(await crowd(stage, 1, '198.51.100.7'))).toHaveLength(1);
    expect((await stage.greet({ key, address: '203.0.113.9' })).codes()).toEqual([]);
  });

  test('[V69] one IPv6 customer is one address', async () => {
    const stage = await Stage.open();
    await stage.host();
    for (let index = 0; index < WAITING_SESSIONS_PER_CALL_MAX; index++) {
      await stage.greet({ address: `2001:db8:0:1::${index.toString(16)}` });
    }
    expect((await stage.greet({ address: '2001:db8:0:1:ffff::1' })).codes()).toEqual(['TOO_MANY']);
    expect((await stage.greet({ address: '2001:db8:0:2::1' })).codes()).toEqual([]);
  });
});
