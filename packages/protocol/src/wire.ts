/**
 * Wire: the messages on the one WebSocket between a client and the delivery service, SPEC W1–W9, design D7 and D26.
 * JSON envelopes by schema; byte fields are canonical unpadded base64url. The server never parses what is inside
 * `commit`, `welcome`, `groupInfo`, `tree`, `message` and `sealed`.
 */
import * as v from 'valibot';
import { type Bytes, fromBase64Url, toBase64Url } from './bytes.ts';
import { ERROR_CODES, type ErrorCode } from './error-codes.ts';
import {
  ADMISSIONS_PER_COMMIT_MAX,
  BEAT_BYTES_MAX,
  COMMIT_BYTES_MAX,
  GROUP_INFO_BYTES_MAX,
  KNOCK_BYTES_MAX,
  LOG_ENTRIES_MAX,
  PARTICIPANTS_MAX,
  PROPOSAL_BYTES_MAX,
  PROPOSALS_PER_EPOCH_MAX,
  SOCKET_MESSAGE_BYTES_MAX,
  TREE_BYTES_MAX,
  WELCOME_BYTES_MAX,
  WELCOME_TREE_BYTES_MAX,
} from './limits.ts';
import { err, ok, type Result } from './result.ts';

export const WIRE_VERSION = 1;

/** Between `minBytes` and `maxBytes` bytes, given as base64url. */
function bytes(maxBytes: number, minBytes = 1) {
  return v.pipe(
    v.string(),
    v.maxLength(Math.ceil((maxBytes * 4) / 3)),
    v.rawTransform<string, Bytes>(({ dataset, addIssue, NEVER }) => {
      const value = fromBase64Url(dataset.value);
      if (value === undefined || value.length < minBytes || value.length > maxBytes) {
        addIssue({ message: 'not base64url of the right length' });
        return NEVER;
      }
      return value;
    }),
  );
}
const exactly = (length: number) => bytes(length, length);
const uint = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const participantId = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{22}$/));
const participantIds = v.pipe(v.array(participantId), v.maxLength(PARTICIPANTS_MAX));
/** Correlates a request with its reply; chosen by the client, unique on its socket. */
const request = uint;
const groupId = exactly(32);

/** `kick` freezes the group until `rotate` (D10). */
const phase = v.picklist(['none', 'kick', 'rotate']);
const commitEntry = {
  /** The epoch that the commit ends. */
  epoch: uint,
  phase,
  commit: bytes(COMMIT_BYTES_MAX),
  joined: participantIds,
  left: participantIds,
  /** SHA-256 of the new `access`; present exactly when `phase` is `rotate`. */
  nextAccessHash: v.optional(exactly(32)),
};

const clientMessage = v.variant('t', [
  v.strictObject({
    t: v.literal('hello'),
    v: v.literal(WIRE_VERSION),
    roomId: exactly(16),
    access: exactly(32),
    leafKey: exactly(32),
    /** Ed25519 by the leaf key over `helloBytes` (W4). */
    signature: exactly(64),
    /** Makes the room if it is absent; only for the holder of the host key (D4, D7). */
    create: v.optional(
      v.strictObject({
        hostKeyHash: exactly(16),
        token: v.optional(v.pipe(v.string(), v.maxLength(200))),
      }),
    ),
  }),
  v.strictObject({
    t: v.literal('found'),
    request,
    /** The group that this one takes the place of; null in a room that has none. */
    replaces: v.nullable(v.strictObject({ groupId, epoch: uint })),
    groupId,
    groupInfo: bytes(GROUP_INFO_BYTES_MAX),
    tree: bytes(TREE_BYTES_MAX),
    /** SHA-256 of a new `access`; never missing when the group that is replaced is frozen (D10). */
    nextAccessHash: v.optional(exactly(32)),
  }),
  /** One waits at most per session; a new one takes the place of the old. */
  v.strictObject({ t: v.literal('knock'), groupId, sealed: bytes(KNOCK_BYTES_MAX) }),
  v.strictObject({
    t: v.literal('commit'),
    request,
    groupId,
    ...commitEntry,
    groupInfo: bytes(GROUP_INFO_BYTES_MAX),
    tree: bytes(TREE_BYTES_MAX),
    welcomes: v.pipe(
      v.array(v.strictObject({ participantId, welcome: bytes(WELCOME_BYTES_MAX) })),
      v.maxLength(ADMISSIONS_PER_COMMIT_MAX),
    ),
  }),
  v.strictObject({ t: v.literal('proposal'), groupId, epoch: uint, message: bytes(PROPOSAL_BYTES_MAX) }),
  v.strictObject({ t: v.literal('beat'), sealed: bytes(BEAT_BYTES_MAX) }),
  /** The log from the commit that ends `fromEpoch` on. */
  v.strictObject({ t: v.literal('log'), request, fromEpoch: uint }),
  v.strictObject({ t: v.literal('group-info'), request }),
  /** The commit that ended `epoch` could not be processed (D7). */
  v.strictObject({ t: v.literal('report-invalid'), groupId, epoch: uint }),
  /** A new SFU ticket and token (D26). */
  v.strictObject({ t: v.literal('sfu'), request }),
  v.strictObject({ t: v.literal('leave') }),
]);

const serverMessage = v.variant('t', [
  v.strictObject({ t: v.literal('challenge'), nonce: exactly(32), nowUnixMs: uint }),
  v.strictObject({
    t: v.literal('session'),
    /** Random, of this call; with the leaf key it makes the participant id. */
    callId: exactly(16),
    participantId,
    /** Authorises `GET /api/trees/…` for the life of this session. */
    sessionToken: v.pipe(v.string(), v.maxLength(64)),
    group: v.nullable(v.strictObject({ groupId, epoch: uint, frozen: v.boolean() })),
    /** A commit named this participant as `joined`, and none since as `left`. */
    isMember: v.boolean(),
    /** Nobody in the group has a live session: the host may found anew. */
    isDeserted: v.boolean(),
    /** An earlier `access` was shown: only the log is given (D7). */
    isLogOnly: v.boolean(),
    /** Verifies attestations (D8). */
    serverKey: exactly(32),
    nowUnixMs: uint,
  }),
  v.strictObject({
    t: v.literal('sfu'),
    request,
    ticket: v.pipe(v.string(), v.maxLength(64)),
    token: v.pipe(v.string(), v.maxLength(4096)),
  }),
  /** `epoch` is the one that is current now: 0 after `found`, one more than the commit's after `commit`. */
  v.strictObject({ t: v.literal('accepted'), request, epoch: uint }),
  /** Nothing changed; `epoch` and `groupId` are the current ones. */
  v.strictObject({ t: v.literal('epoch-taken'), request, epoch: uint, groupId: v.nullable(groupId) }),
  v.strictObject({ t: v.literal('knock'), participantId, groupId, sealed: bytes(KNOCK_BYTES_MAX) }),
  v.strictObject({ t: v.literal('knock-gone'), participantId }),
  /** `epoch` is the one that the joiner enters; its tree comes along when it is small, else by HTTP. */
  v.strictObject({
    t: v.literal('welcome'),
    groupId,
    epoch: uint,
    welcome: bytes(WELCOME_BYTES_MAX),
    tree: v.optional(bytes(WELCOME_TREE_BYTES_MAX)),
  }),
  v.strictObject({
    t: v.literal('commit'),
    groupId,
    ...commitEntry,
  }),
  v.strictObject({ t: v.literal('proposal'), groupId, epoch: uint, message: bytes(PROPOSAL_BYTES_MAX) }),
  v.strictObject({ t: v.literal('beats'), beats: v.array(bytes(BEAT_BYTES_MAX)) }),
  v.strictObject({
    t: v.literal('log'),
    request,
    groupId,
    entries: v.pipe(
      v.array(
        v.strictObject({
          ...commitEntry,
          proposals: v.pipe(v.array(bytes(PROPOSAL_BYTES_MAX)), v.maxLength(PROPOSALS_PER_EPOCH_MAX)),
        }),
      ),
      v.maxLength(LOG_ENTRIES_MAX),
    ),
    /** Proposals of the current epoch; empty when `hasMore`. */
    proposals: v.pipe(v.array(bytes(PROPOSAL_BYTES_MAX)), v.maxLength(PROPOSALS_PER_EPOCH_MAX)),
    /** The rest did not fit into this frame: ask again from the epoch after the last entry. */
    hasMore: v.boolean(),
  }),
  v.strictObject({
    t: v.literal('group-info'),
    request,
    groupId,
    epoch: uint,
    groupInfo: bytes(GROUP_INFO_BYTES_MAX),
  }),
  /** A leaf key's socket has been gone for 15 s; the signature covers `attestationBytes` (W5). */
  v.strictObject({
    t: v.literal('attestation'),
    groupId,
    epoch: uint,
    leafKey: exactly(32),
    signature: exactly(64),
  }),
  /** The server's word, shown as such: a member's socket was lost or is back. */
  v.strictObject({ t: v.literal('connection'), participantId, isConnected: v.boolean() }),
  /** To those who wait: the group is another one now, or it may be knocked at again. */
  v.strictObject({
    t: v.literal('group'),
    group: v.nullable(v.strictObject({ groupId, epoch: uint, frozen: v.boolean() })),
    isDeserted: v.boolean(),
  }),
  /** The commit that ended `epoch` was taken back: `epoch` is current again (D7). */
  v.strictObject({ t: v.literal('reopened'), groupId, epoch: uint }),
  /** How many have asked with the link from before the change; to all members, as the server knows the founder alone. */
  v.strictObject({ t: v.literal('old-link'), count: uint }),
  v.strictObject({ t: v.literal('ended') }),
  v.strictObject({
    t: v.literal('error'),
    code: v.picklist(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]),
    request: v.optional(request),
  }),
]);

export type ClientMessage = v.InferOutput<typeof clientMessage>;
export type ServerMessage = v.InferOutput<typeof serverMessage>;
export type CommitPhase = v.InferOutput<typeof phase>;
export type LogEntry = Extract<ServerMessage, { t: 'log' }>['entries'][number];

export type WireError = { readonly code: 'MALFORMED' | 'TOO_LARGE' };

function decode<S extends v.GenericSchema>(schema: S, text: string): Result<v.InferOutput<S>, WireError> {
  // UTF-16 length bounds the UTF-8 length from below by a third: a cheap test before the parser runs
  if (text.length > SOCKET_MESSAGE_BYTES_MAX) return err({ code: 'TOO_LARGE' });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return err({ code: 'MALFORMED' });
  }
  const parsed = v.safeParse(schema, value, { abortEarly: true });
  return parsed.success ? ok(parsed.output) : err({ code: 'MALFORMED' });
}

/** Reads what a client sent. Never throws; @errors MALFORMED, TOO_LARGE. */
export function decodeClientMessage(text: string): Result<ClientMessage, WireError> {
  return decode(clientMessage, text);
}

/** Reads what the server sent. Never throws; @errors MALFORMED, TOO_LARGE. */
export function decodeServerMessage(text: string): Result<ServerMessage, WireError> {
  return decode(serverMessage, text);
}

/** JSON text of a message of either side; byte fields become base64url. */
export function encodeMessage(message: ClientMessage | ServerMessage): string {
  return JSON.stringify(message, (_key, value: unknown) =>
    value instanceof Uint8Array ? toBase64Url(value) : value,
  );
}
