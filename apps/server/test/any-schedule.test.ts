/** Whatever people do and in whichever order, memory and store agree, nothing breaks, and epochs only move as told. */
import { type Bytes, toHex } from '@conclave/protocol/bytes';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Call } from '../src/delivery/call.ts';
import { type Person, Stage } from './delivery-stage.ts';
import { makeLeafKey, randomOf } from './socket-client.ts';

/** With how often each is drawn. */
const STEPS = {
  come: 3,
  knock: 3,
  admit: 5,
  external: 2,
  remove: 2,
  kick: 1,
  rotate: 3,
  empty: 3,
  stale: 1,
  propose: 1,
  report: 2,
  vanish: 2,
  return: 3,
  leave: 1,
  found: 1,
  wait: 1,
};
const KINDS = Object.entries(STEPS).flatMap(([kind, weight]) => Array<string>(weight).fill(kind));

interface Step {
  readonly kind: keyof typeof STEPS;
  readonly who: number;
  readonly whom: number;
}

const kind = fc.constantFrom(...(KINDS as Step['kind'][]));
/** The host acts as often as all others, or little would be allowed. */
const someone = fc.oneof(fc.constant(0), fc.nat(9));
const steps = fc.array(fc.record<Step>({ kind, who: someone, whom: fc.nat(9) }), {
  minLength: 10,
  maxLength: 60,
  size: 'max',
});

interface Cast {
  readonly stage: Stage;
  readonly people: Person[];
  access: Bytes;
}

/** A call as plain data, without what lives in memory alone. */
function durable(
  call: Pick<Call, 'group' | 'accessHash'> & { earlierAccessHashes: readonly Uint8Array[] },
  members: Iterable<{ participantId: string; joinedEpoch: number; leftEpoch: number | null }>,
) {
  return {
    group: call.group && {
      ...call.group,
      groupId: toHex(call.group.groupId),
      groupInfo: toHex(call.group.groupInfo),
    },
    accessHash: toHex(call.accessHash),
    earlier: call.earlierAccessHashes.map(toHex).sort(),
    members: [...members]
      .map(({ participantId, joinedEpoch, leftEpoch }) => `${participantId} ${joinedEpoch} ${leftEpoch}`)
      .sort(),
  };
}

async function perform(cast: Cast, step: Step): Promise<void> {
  const { stage, people } = cast;
  const who = people[step.who % people.length];
  const whom = people[step.whom % people.length];
  if (who === undefined || whom === undefined) return;
  const call = [...stage.delivery.context.calls.values()][0];
  stage.epoch = call?.group?.epoch ?? 0;
  stage.groupId = call?.group?.groupId ?? stage.groupId;
  const { groupId, epoch } = stage;
  switch (step.kind) {
    case 'come':
      return addPerson(cast);
    case 'knock':
      return stage.knock(who);
    case 'admit':
      return void (await stage.commit(who, { joined: [whom] }));
    case 'external':
      return void (await stage.commit(who, { joined: [who], isExternal: true }));
    case 'remove':
      return void (await stage.commit(who, { left: [whom] }));
    case 'kick':
      return void (await stage.commit(who, { phase: 'kick', left: [whom] }));
    case 'rotate': {
      const access = await stage.rotate(who);
      if (stage.epoch > epoch) cast.access = access;
      return;
    }
    case 'empty':
      return void (await stage.commit(who));
    case 'stale':
      return void (await stage.commit(who, { epoch: epoch + step.whom }));
    case 'propose':
      return who.send({ t: 'proposal', groupId, epoch, message: randomOf(8) });
    case 'report':
      return who.send({ t: 'report-invalid', groupId, epoch: Math.max(0, epoch - 1) });
    case 'vanish':
      return who.vanish();
    case 'return':
      return addPerson(cast, who);
    case 'leave':
      return who.send({ t: 'leave' });
    case 'found':
      return stage.found(who, call?.group ? { groupId, epoch } : null);
    case 'wait':
      return stage.advance(step.whom * 2_500);
  }
}

/** Somebody new, or `again` with the same leaf key; only who gets a session counts. */
async function addPerson({ stage, people, access }: Cast, again?: Person): Promise<void> {
  const person = await stage.greet({ key: again?.key ?? makeLeafKey(), access });
  if (stage.sessions.has(person)) people.push(person);
}

test('[V20, V21, V22] after any schedule the store holds what memory holds, and nothing has broken', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (schedule) => {
      const stage = await Stage.open();
      const host = await stage.host();
      const people = [host, await stage.guest(host), await stage.guest(host)];
      const cast: Cast = { stage, people, access: stage.link.access };
      for (const step of schedule) {
        await perform(cast, step);
        const codes = people.flatMap((person) => person.codes());
        expect(codes).not.toContain('INTERNAL');
        expect(codes).not.toContain('MALFORMED');
      }
      expect(stage.logLines).toEqual([]);
      const calls = [...stage.delivery.context.calls.values()];
      const stored = await stage.store.loadCalls();
      expect(stored.map((call) => durable(call, call.members))).toEqual(
        calls.map((call) => durable(call, call.members.values())),
      );
      for (const call of calls) {
        const isPresent = (id: string): boolean => call.sessions.get(id)?.isLogOnly === false;
        const missing = call.currentMembers().filter(({ participantId }) => !isPresent(participantId));
        expect([...call.absences.keys()].sort()).toEqual(
          missing.map((member) => member.participantId).sort(),
        );
      }
    }),
    { numRuns: 80 },
  );
});
