/**
 * Arbitrary valid messages of both sides, one generator for each kind; the record types make a forgotten kind an error.
 */
import fc, { type Arbitrary } from 'fast-check';
import type { Bytes } from '../src/bytes.ts';
import { ERROR_CODES, type ErrorCode } from '../src/error-codes.ts';
import { type ClientMessage, type CommitPhase, type ServerMessage, WIRE_VERSION } from '../src/wire.ts';

type Generators<M extends { t: string }> = { [K in M['t']]: Arbitrary<Extract<M, { t: K }>> };

const bytes = (maxLength: number, minLength = 1): Arbitrary<Bytes> =>
  fc.uint8Array({ minLength, maxLength }).map((array) => Uint8Array.from(array));
const exactly = (length: number): Arbitrary<Bytes> => bytes(length, length);
const some = bytes(200);
const uint = fc.oneof(fc.nat(), fc.maxSafeNat());
const participantId = fc.stringMatching(/^[A-Za-z0-9_-]{22}$/);
const ids = fc.array(participantId, { maxLength: 5 });
const request = uint;
const groupId = exactly(32);
const phase = fc.constantFrom<CommitPhase>('none', 'kick', 'rotate');
const list = <T>(item: Arbitrary<T>): Arbitrary<T[]> => fc.array(item, { maxLength: 4 });
const t = <K extends string>(kind: K): Arbitrary<K> => fc.constant(kind);
const group = fc.option(fc.record({ groupId, epoch: uint, frozen: fc.boolean() }));

/** Required fields, then those that may be absent. */
function record<T, O>(
  fields: { [K in keyof T]: Arbitrary<T[K]> },
  optional: { [K in keyof O]: Arbitrary<O[K]> },
): Arbitrary<T & Partial<O>> {
  return fc
    .tuple(fc.record(fields), fc.record(optional, { requiredKeys: [] }))
    .map(([required, more]) => ({ ...required, ...more }) as T & Partial<O>);
}

const entry = { epoch: uint, phase, commit: some, joined: ids, left: ids };
const nextAccessHash = exactly(32);

export const clientMessages: Generators<ClientMessage> = {
  hello: record(
    {
      t: t('hello'),
      v: fc.constant<typeof WIRE_VERSION>(WIRE_VERSION),
      roomId: exactly(16),
      access: exactly(32),
      leafKey: exactly(32),
      signature: exactly(64),
    },
    { create: record({ hostKeyHash: exactly(16) }, { token: fc.string({ maxLength: 200 }) }) },
  ),
  found: fc.record({
    t: t('found'),
    request,
    replaces: fc.option(fc.record({ groupId, epoch: uint })),
    groupId,
    groupInfo: some,
    tree: some,
  }),
  knock: fc.record({ t: t('knock'), groupId, sealed: some }),
  commit: record(
    {
      t: t('commit'),
      request,
      groupId,
      ...entry,
      groupInfo: some,
      tree: some,
      welcomes: list(fc.record({ participantId, welcome: some })),
    },
    { nextAccessHash },
  ),
  proposal: fc.record({ t: t('proposal'), groupId, epoch: uint, message: some }),
  beat: fc.record({ t: t('beat'), sealed: some }),
  log: fc.record({ t: t('log'), request, fromEpoch: uint }),
  'group-info': fc.record({ t: t('group-info'), request }),
  'report-invalid': fc.record({ t: t('report-invalid'), groupId, epoch: uint }),
  sfu: fc.record({ t: t('sfu'), request }),
  leave: fc.record({ t: t('leave') }),
};

export const serverMessages: Generators<ServerMessage> = {
  challenge: fc.record({ t: t('challenge'), nonce: exactly(32), nowUnixMs: uint }),
  session: fc.record({
    t: t('session'),
    callId: exactly(16),
    participantId,
    sessionToken: fc.string({ maxLength: 64 }),
    group,
    isMember: fc.boolean(),
    isDeserted: fc.boolean(),
    isLogOnly: fc.boolean(),
    serverKey: exactly(32),
    nowUnixMs: uint,
  }),
  sfu: fc.record({
    t: t('sfu'),
    request,
    ticket: fc.string({ maxLength: 64 }),
    token: fc.string({ maxLength: 4096 }),
  }),
  accepted: fc.record({ t: t('accepted'), request, epoch: uint }),
  'epoch-taken': fc.record({ t: t('epoch-taken'), request, epoch: uint, groupId: fc.option(groupId) }),
  knock: fc.record({ t: t('knock'), participantId, groupId, sealed: some }),
  'knock-gone': fc.record({ t: t('knock-gone'), participantId }),
  welcome: fc.record({ t: t('welcome'), groupId, epoch: uint, welcome: some }),
  commit: record({ t: t('commit'), groupId, ...entry }, { nextAccessHash }),
  proposal: fc.record({ t: t('proposal'), groupId, epoch: uint, message: some }),
  beats: fc.record({ t: t('beats'), beats: list(some) }),
  log: fc.record({
    t: t('log'),
    request,
    groupId,
    entries: list(record({ ...entry, proposals: list(some) }, { nextAccessHash })),
    proposals: list(some),
    hasMore: fc.boolean(),
  }),
  'group-info': fc.record({ t: t('group-info'), request, groupId, epoch: uint, groupInfo: some }),
  attestation: fc.record({
    t: t('attestation'),
    groupId,
    epoch: uint,
    leafKey: exactly(32),
    signature: exactly(64),
  }),
  connection: fc.record({ t: t('connection'), participantId, isConnected: fc.boolean() }),
  group: fc.record({ t: t('group'), group, isDeserted: fc.boolean() }),
  reopened: fc.record({ t: t('reopened'), groupId, epoch: uint }),
  'old-link': fc.record({ t: t('old-link'), count: uint }),
  ended: fc.record({ t: t('ended') }),
  error: record(
    { t: t('error'), code: fc.constantFrom(...(Object.keys(ERROR_CODES) as ErrorCode[])) },
    { request },
  ),
};
