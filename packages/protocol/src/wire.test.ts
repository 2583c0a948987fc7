import fc, { type Arbitrary } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clientMessages, serverMessages } from '../test/arbitrary-messages.ts';
import { toBase64Url } from './bytes.ts';
import {
  ADMISSIONS_PER_COMMIT_MAX,
  BEAT_BYTES_MAX,
  COMMIT_BYTES_MAX,
  GROUP_INFO_BYTES_MAX,
  KNOCK_BYTES_MAX,
  LOG_ENTRIES_MAX,
  PARTICIPANTS_MAX,
  PROPOSAL_BYTES_MAX,
  SOCKET_MESSAGE_BYTES_MAX,
  TREE_BYTES_MAX,
  WELCOME_BYTES_MAX,
  WELCOME_TREE_BYTES_MAX,
} from './limits.ts';
import {
  type ClientMessage,
  decodeClientMessage,
  decodeServerMessage,
  encodeMessage,
  type ServerMessage,
} from './wire.ts';

type AnyMessage = ClientMessage | ServerMessage;
type Decode = (
  text: string,
) => ReturnType<typeof decodeClientMessage> | ReturnType<typeof decodeServerMessage>;

const kinds: [string, Arbitrary<AnyMessage>, Decode][] = [
  ...Object.entries<Arbitrary<AnyMessage>>(clientMessages).map(
    ([kind, messages]): [string, Arbitrary<AnyMessage>, Decode] => [
      `client ${kind}`,
      messages,
      decodeClientMessage,
    ],
  ),
  ...Object.entries<Arbitrary<AnyMessage>>(serverMessages).map(
    ([kind, messages]): [string, Arbitrary<AnyMessage>, Decode] => [
      `server ${kind}`,
      messages,
      decodeServerMessage,
    ],
  ),
];

const MALFORMED = { ok: false, error: { code: 'MALFORMED' } };
const TOO_LARGE = { ok: false, error: { code: 'TOO_LARGE' } };
const b64 = (length: number): string => toBase64Url(new Uint8Array(length).fill(7));

describe.each(kinds)('%s', (_name, messages, decode) => {
  test('[W3] decoding gives what was encoded', () => {
    fc.assert(
      fc.property(messages, (message) => {
        expect(decode(encodeMessage(message))).toEqual({ ok: true, value: message });
      }),
      { numRuns: 50 },
    );
  });

  test('[W1] a field that is missing, new or of another type is MALFORMED', () => {
    const optional = new Set(['create', 'nextAccessHash', 'request']);
    fc.assert(
      fc.property(messages, fc.nat(), (message, choice) => {
        const fields = JSON.parse(encodeMessage(message)) as Record<string, unknown>;
        const names = Object.keys(fields);
        const name = names[choice % names.length] ?? 't';
        const { [name]: _taken, ...without } = fields;
        // `request` may be absent in `error` alone
        const isRequired = !optional.has(name) || (name === 'request' && message.t !== 'error');
        if (isRequired) expect(decode(JSON.stringify(without))).toEqual(MALFORMED);
        expect(decode(JSON.stringify({ ...fields, extra: 1 }))).toEqual(MALFORMED);
        for (const value of [{}, -1, 0.5, [[]]]) {
          expect(decode(JSON.stringify({ ...fields, [name]: value }))).toEqual(MALFORMED);
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('decoding', () => {
  test('[W3] it never throws, whatever the text', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc.string().map((text) => `{"t":"${text}"`),
    );
    fc.assert(
      fc.property(texts, (text) => {
        expect(decodeClientMessage(text)).toEqual(MALFORMED);
        expect(decodeServerMessage(text)).toEqual(MALFORMED);
      }),
      { numRuns: 500 },
    );
    expect(decodeClientMessage('['.repeat(100_000))).toEqual(MALFORMED);
    expect(decodeClientMessage('{"__proto__":{"t":"leave"}}')).toEqual(MALFORMED);
  });

  test('[W1] no message of one side is taken from the other', () => {
    const shared = new Set(['sfu', 'knock', 'commit', 'proposal', 'log', 'group-info']);
    for (const [kind, messages] of Object.entries<Arbitrary<AnyMessage>>(serverMessages)) {
      if (kind === 'proposal') continue;
      const [message] = fc.sample(messages, { numRuns: 1, seed: 1 });
      if (message !== undefined) expect(decodeClientMessage(encodeMessage(message)), kind).toEqual(MALFORMED);
    }
    for (const [kind, messages] of Object.entries<Arbitrary<AnyMessage>>(clientMessages)) {
      if (shared.has(kind)) continue;
      const [message] = fc.sample(messages, { numRuns: 1, seed: 1 });
      if (message !== undefined) expect(decodeServerMessage(encodeMessage(message)), kind).toEqual(MALFORMED);
    }
  });

  test('[W2] a message over 1 MiB is TOO_LARGE before it is parsed', () => {
    const text = '{"t":"leave"}';
    const padded = text.padEnd(SOCKET_MESSAGE_BYTES_MAX);
    expect(decodeClientMessage(padded)).toEqual({ ok: true, value: { t: 'leave' } });
    expect(decodeClientMessage(`${padded} `)).toEqual(TOO_LARGE);
    expect(decodeServerMessage('x'.repeat(SOCKET_MESSAGE_BYTES_MAX + 1))).toEqual(TOO_LARGE);
  });
});

describe('limits of fields', () => {
  const groupId = b64(32);
  const id = 'A'.repeat(22);
  const commit = {
    t: 'commit',
    request: 1,
    groupId,
    epoch: 0,
    phase: 'none',
    commit: b64(1),
    joined: [],
    left: [],
    groupInfo: b64(1),
    tree: b64(1),
    welcomes: [],
  };
  const knock = { t: 'knock', groupId };
  const proposal = { t: 'proposal', groupId, epoch: 0 };
  const limited: [object, string, number][] = [
    [commit, 'commit', COMMIT_BYTES_MAX],
    [commit, 'groupInfo', GROUP_INFO_BYTES_MAX],
    [commit, 'tree', TREE_BYTES_MAX],
    [knock, 'sealed', KNOCK_BYTES_MAX],
    [{ t: 'beat' }, 'sealed', BEAT_BYTES_MAX],
    [proposal, 'message', PROPOSAL_BYTES_MAX],
  ];

  test.each(limited)('[W2] bytes of %o.%s: up to %i, and not none', (message, field, max) => {
    const decodeWith = (length: number) =>
      decodeClientMessage(JSON.stringify({ ...message, [field]: b64(length) }));
    expect(decodeWith(max).ok).toBe(true);
    expect(decodeWith(max + 1)).toEqual(MALFORMED);
    expect(decodeWith(0)).toEqual(MALFORMED);
  });

  test('[W2] counts of names, Welcomes and log entries', () => {
    const decodeWith = (change: object) => decodeClientMessage(JSON.stringify({ ...commit, ...change })).ok;
    expect(decodeWith({ joined: Array(PARTICIPANTS_MAX).fill(id) })).toBe(true);
    expect(decodeWith({ joined: Array(PARTICIPANTS_MAX + 1).fill(id) })).toBe(false);
    expect(decodeWith({ left: Array(PARTICIPANTS_MAX + 1).fill(id) })).toBe(false);
    const welcome = (length: number) => ({ participantId: id, welcome: b64(length) });
    expect(decodeWith({ welcomes: Array(ADMISSIONS_PER_COMMIT_MAX).fill(welcome(1)) })).toBe(true);
    expect(decodeWith({ welcomes: Array(ADMISSIONS_PER_COMMIT_MAX + 1).fill(welcome(1)) })).toBe(false);
    expect(decodeWith({ welcomes: [welcome(WELCOME_BYTES_MAX)] })).toBe(true);
    expect(decodeWith({ welcomes: [welcome(WELCOME_BYTES_MAX + 1)] })).toBe(false);
    const own = { t: 'welcome', groupId, epoch: 1, welcome: b64(1) };
    const decodeOwn = (length: number) =>
      decodeServerMessage(JSON.stringify({ ...own, tree: b64(length) })).ok;
    expect([decodeOwn(WELCOME_TREE_BYTES_MAX), decodeOwn(WELCOME_TREE_BYTES_MAX + 1)]).toEqual([true, false]);
    const entry = { epoch: 0, phase: 'none', commit: b64(1), joined: [], left: [], proposals: [] };
    const log = { t: 'log', request: 1, groupId, proposals: [], hasMore: false };
    const decodeLog = (count: number) =>
      decodeServerMessage(JSON.stringify({ ...log, entries: Array(count).fill(entry) })).ok;
    expect(decodeLog(LOG_ENTRIES_MAX)).toBe(true);
    expect(decodeLog(LOG_ENTRIES_MAX + 1)).toBe(false);
  });

  test('[W2] bytes have one spelling: no padding, no other alphabet, no loose bits', () => {
    const decodeWith = (sealed: string) => decodeClientMessage(JSON.stringify({ t: 'beat', sealed }));
    expect(decodeWith('-_8').ok).toBe(true);
    for (const text of ['-_8=', '+/8', '-_9', '-', ' -_8', '-_8\n', '-_', '']) {
      expect(decodeWith(text).ok, JSON.stringify(text)).toBe(text === '-_8');
    }
  });

  test('[W1] a participant id has 22 characters, an epoch is a safe integer', () => {
    const decodeWith = (change: object) => decodeClientMessage(JSON.stringify({ ...commit, ...change })).ok;
    expect(decodeWith({ joined: [id.slice(1)] })).toBe(false);
    expect(decodeWith({ joined: [`${id}\n`] })).toBe(false);
    expect(decodeWith({ epoch: 2 ** 53 - 1 })).toBe(true);
    expect(decodeWith({ epoch: 2 ** 53 })).toBe(false);
  });
});
