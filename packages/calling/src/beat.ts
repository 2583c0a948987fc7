/**
 * What a beat says (D23): where in the history its sender stands, and what it sends. The outside — signature, seal,
 * padding to one size — is `@conclave/crypto/beat-seal`; the signer's key is proven there and not repeated here.
 *
 * Body: version 1 ‖ group id 32 ‖ epoch 6 ‖ leaf index 2 ‖ seq 4 ‖ flags 1 ‖ app seq 4 ‖ hash count 1 ‖
 * (epochs back 1 ‖ hash 32) × count ‖ context count 1 ‖ (context 5 ‖ counter 5) × count.
 *
 * @see SPEC.md C27, C28
 */
import { confirmedTranscriptHash, epochAuthenticator, type GroupState } from '@conclave/crypto/mls/engine';
import { type Bytes, concatBytes, uintBytes } from '@conclave/protocol/bytes';
import { ByteReader } from './byte-reader.ts';
import { BEAT_CONTEXTS_MAX, BEAT_EPOCHS_BACK_MAX, BEAT_HASHES_MAX } from './limits.ts';
import type { MediaContext } from './media-instruction.ts';
import type { Flags } from './view.ts';

/** Names one epoch of one history. */
export interface EpochHash {
  readonly epoch: number;
  /** 32 bytes. */
  readonly hash: Bytes;
}

export interface Beat {
  /** 32 bytes. */
  readonly groupId: Bytes;
  readonly epoch: number;
  /** Of `epoch` first, then of up to three earlier ones, descending. */
  readonly hashes: readonly EpochHash[];
  /** Who signed it, 32 bytes; not in the body. */
  readonly leafKey: Bytes;
  readonly leafIndex: number;
  /** From 0 in each epoch. */
  readonly seq: number;
  readonly flags: Flags;
  /** Of live senders, ascending by context; at most BEAT_CONTEXTS_MAX. */
  readonly contexts: readonly MediaContext[];
  readonly appSeq: number;
  /** Wants a beat in answer. */
  readonly ask: boolean;
}

const VERSION = 1;
const GROUP_ID_BYTES = 32;
const HASH_BYTES = 32;
const FLAG_BITS = { microphone: 1, camera: 2, screen: 4, hand: 8 } as const satisfies Record<
  keyof Flags,
  number
>;
const ASK_BIT = 16;
const KNOWN_BITS = 31;

/** The body, for `sealBeat`. Throws a RangeError for a beat that has no form. */
export function encodeBeat(beat: Omit<Beat, 'leafKey'>): Bytes {
  const { groupId, epoch, hashes, leafIndex, seq, flags, contexts, appSeq, ask } = beat;
  if (groupId.length !== GROUP_ID_BYTES || !isHashListSound(epoch, hashes) || !areContextsSound(contexts)) {
    throw new RangeError('a beat without a form');
  }
  const bits = Object.entries(FLAG_BITS).reduce(
    (sum, [name, bit]) => sum | (flags[name as keyof Flags] ? bit : 0),
    ask ? ASK_BIT : 0,
  );
  return concatBytes(
    Uint8Array.of(VERSION),
    groupId,
    uintBytes(epoch, 6),
    uintBytes(leafIndex, 2),
    uintBytes(seq, 4),
    Uint8Array.of(bits),
    uintBytes(appSeq, 4),
    Uint8Array.of(hashes.length),
    ...hashes.flatMap((entry) => [Uint8Array.of(epoch - entry.epoch), entry.hash]),
    Uint8Array.of(contexts.length),
    ...contexts.flatMap(({ context, counter }) => [uintBytes(context, 5), uintBytes(counter, 5)]),
  );
}

/** Undefined for anything that `encodeBeat` does not give. @param leafKey - the proven signer */
export function decodeBeat(body: Bytes, leafKey: Bytes): Beat | undefined {
  const reader = new ByteReader(body);
  if (reader.uint(1) !== VERSION) return undefined;
  const groupId = reader.take(GROUP_ID_BYTES);
  const epoch = reader.uint(6);
  const leafIndex = reader.uint(2);
  const seq = reader.uint(4);
  const bits = reader.uint(1);
  const appSeq = reader.uint(4);
  const hashes = list(reader, BEAT_HASHES_MAX, () => {
    return { epoch: epoch - reader.uint(1), hash: reader.take(HASH_BYTES) };
  });
  const contexts = list(reader, BEAT_CONTEXTS_MAX, () => ({
    context: reader.uint(5),
    counter: reader.uint(5),
  }));
  if (!reader.isWhole || bits > KNOWN_BITS) return undefined;
  if (!isHashListSound(epoch, hashes) || !areContextsSound(contexts)) return undefined;
  const has = (bit: number) => (bits & bit) !== 0;
  const { microphone, camera, screen, hand } = FLAG_BITS;
  const flags = { microphone: has(microphone), camera: has(camera), screen: has(screen), hand: has(hand) };
  const ask = has(ASK_BIT);
  return { groupId, epoch, hashes, leafKey, leafIndex, seq, flags, contexts, appSeq, ask };
}

/** Which of two beats of one sender is the newer: larger (epoch, seq). */
export function isNewer(a: Pick<Beat, 'epoch' | 'seq'>, b: Pick<Beat, 'epoch' | 'seq'>): boolean {
  return a.epoch > b.epoch || (a.epoch === b.epoch && a.seq > b.seq);
}

/** Names this epoch of this very history, 32 bytes; equal for its members and for nobody else. */
export async function epochHash(state: GroupState): Promise<Bytes> {
  const input = concatBytes(epochAuthenticator(state), confirmedTranscriptHash(state));
  return new Uint8Array(await crypto.subtle.digest('SHA-256', input));
}

function list<T>(reader: ByteReader, max: number, read: () => T): T[] {
  const count = reader.uint(1);
  if (count <= max) return Array.from({ length: count }, read);
  reader.fail();
  return [];
}

function isHashListSound(epoch: number, hashes: readonly EpochHash[]): boolean {
  return (
    hashes.length > 0 &&
    hashes.length <= BEAT_HASHES_MAX &&
    hashes.every((entry, index) => {
      const expectedBelow = index === 0 ? epoch + 1 : (hashes[index - 1]?.epoch ?? 0);
      const isInOrder = entry.epoch < expectedBelow && (index > 0 || entry.epoch === epoch);
      return (
        isInOrder &&
        entry.epoch >= 0 &&
        epoch - entry.epoch <= BEAT_EPOCHS_BACK_MAX &&
        entry.hash.length === HASH_BYTES
      );
    })
  );
}

function areContextsSound(contexts: readonly MediaContext[]): boolean {
  const isAscending = contexts.every(({ context }, index) => context > (contexts[index - 1]?.context ?? -1));
  return contexts.length <= BEAT_CONTEXTS_MAX && isAscending;
}
