/**
 * What membership costs: joining and leaving at 2, 10, 50 and 100 members in both suites, in a group in which everybody
 * has committed once. CPU of one process; on real devices the members' shares run side by side.
 */
import {
  commit,
  createGroup,
  createKeyPackage,
  createSuite,
  encodeTree,
  type GroupState,
  generateSigningKey,
  joinFromWelcome,
  leaves,
  type OwnKeyPackage,
  ownLeafIndex,
  type Suite,
  type SuiteNumber,
  stage,
} from '@conclave/crypto/mls/engine';
import { equalBytes } from '@conclave/protocol/bytes';
import { median, type Table } from './report.ts';

const SIZES = [2, 10, 50, 100];
const ROUNDS = 5;
const pskId = new Uint8Array(16).fill(1);
const secret = new Uint8Array(32).fill(2);
const psks = (id: Uint8Array) => (equalBytes(id, pskId) ? secret : undefined);

interface Cost {
  readonly admitMs: number;
  readonly joinMs: number;
  readonly processMs: number;
  readonly removeMs: number;
  readonly processRemoveMs: number;
  readonly admitBytes: number;
  readonly welcomeBytes: number;
  readonly treeBytes: number;
  readonly removeBytes: number;
}

export async function measureMls(): Promise<Table> {
  const rows: string[][] = [];
  for (const number of [1, 2] as const) {
    for (const size of SIZES) rows.push(row(number, size, await measure(number, size)));
  }
  return {
    title: 'Membership: one joins, one is removed (ms of CPU, bytes)',
    head: [
      'suite',
      'members',
      'admit',
      'joiner',
      'member',
      'commit B',
      'Welcome B',
      'tree B',
      'remove',
      'member',
      'commit B',
    ],
    rows,
  };
}

function row(number: SuiteNumber, size: number, cost: Cost): string[] {
  const ms = (value: number) => value.toFixed(0);
  return [
    number === 1 ? 'X25519' : 'X-Wing',
    String(size),
    ms(cost.admitMs),
    ms(cost.joinMs),
    ms(cost.processMs),
    String(cost.admitBytes),
    String(cost.welcomeBytes),
    String(cost.treeBytes),
    ms(cost.removeMs),
    ms(cost.processRemoveMs),
    String(cost.removeBytes),
  ];
}

async function newcomer(suite: Suite): Promise<OwnKeyPackage> {
  return createKeyPackage(suite, await generateSigningKey(), new Uint8Array(92));
}

async function join(suite: Suite, host: GroupState, keyPackage: OwnKeyPackage, welcome: Uint8Array) {
  const joined = await joinFromWelcome(suite, {
    welcome,
    tree: encodeTree(host),
    keyPackage,
    psks,
    judge: () => undefined,
  });
  if (!joined.ok) throw new Error(joined.error.code);
  return joined.value;
}

async function process(suite: Suite, state: GroupState, message: Uint8Array): Promise<GroupState> {
  const staged = await stage(state, suite, message, psks);
  if (!staged.ok) throw new Error(staged.error.code);
  return staged.value.state;
}

function admission(suite: Suite, state: GroupState, packages: readonly OwnKeyPackage[]) {
  const adds = packages.map((each) => ({ type: 'add', keyPackage: each.message }) as const);
  return commit(state, suite, { proposals: [...adds, { type: 'psk', pskId }], psks });
}

/**
 * A group of `size` in which every member has committed once; gives the founder's and one member's state. Who joins commits
 * at once, so that only two other states need to follow.
 */
async function populate(suite: Suite, size: number): Promise<[GroupState, GroupState]> {
  let founder = await createGroup(suite, new Uint8Array(32).fill(3), await newcomer(suite), []);
  let member: GroupState | undefined;
  for (let joined = 1; joined < size; joined++) {
    const keyPackage = await newcomer(suite);
    const admitted = await admission(suite, founder, [keyPackage]);
    const welcome = admitted.welcomes[0]?.welcome ?? new Uint8Array();
    const state = await join(suite, admitted.state, keyPackage, welcome);
    const own = await commit(state, suite, { proposals: [], psks });
    founder = await process(suite, admitted.state, own.commit);
    member =
      member === undefined
        ? own.state
        : await process(suite, await process(suite, member, admitted.commit), own.commit);
  }
  if (member === undefined) throw new Error('a group of two at least');
  return [founder, member];
}

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const start = performance.now();
  const value = await work();
  return [value, performance.now() - start];
}

async function measure(number: SuiteNumber, size: number): Promise<Cost> {
  const suite = await createSuite(number);
  const [founder, member] = await populate(suite, size);
  const samples: Cost[] = [];
  for (let round = 0; round < ROUNDS; round++) samples.push(await sample(suite, founder, member));
  const middle = (pick: (cost: Cost) => number) => median(samples.map(pick));
  return {
    admitMs: middle((cost) => cost.admitMs),
    joinMs: middle((cost) => cost.joinMs),
    processMs: middle((cost) => cost.processMs),
    removeMs: middle((cost) => cost.removeMs),
    processRemoveMs: middle((cost) => cost.processRemoveMs),
    admitBytes: middle((cost) => cost.admitBytes),
    welcomeBytes: middle((cost) => cost.welcomeBytes),
    treeBytes: middle((cost) => cost.treeBytes),
    removeBytes: middle((cost) => cost.removeBytes),
  };
}

/** States are immutable: every round starts from the same group. */
async function sample(suite: Suite, founder: GroupState, member: GroupState): Promise<Cost> {
  const keyPackage = await newcomer(suite);
  const [admitted, admitMs] = await timed(() => admission(suite, founder, [keyPackage]));
  const welcome = admitted.welcomes[0]?.welcome ?? new Uint8Array();
  const [joiner, joinMs] = await timed(() => join(suite, admitted.state, keyPackage, welcome));
  const [after, processMs] = await timed(() => process(suite, member, admitted.commit));
  const leafIndex = ownLeafIndex(joiner);
  const [removed, removeMs] = await timed(() =>
    commit(admitted.state, suite, { proposals: [{ type: 'remove', leafIndex }], psks }),
  );
  const [last, processRemoveMs] = await timed(() => process(suite, after, removed.commit));
  if (leaves(last).length !== leaves(founder).length) throw new Error('the removed member is still there');
  return {
    admitMs,
    joinMs,
    processMs,
    removeMs,
    processRemoveMs,
    admitBytes: admitted.commit.length,
    welcomeBytes: welcome.length,
    treeBytes: encodeTree(admitted.state).length,
    removeBytes: removed.commit.length,
  };
}
