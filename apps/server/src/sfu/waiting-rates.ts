/**
 * How much somebody who is no member yet may have decoded: every call waits meanwhile.
 *
 * @see SPEC.md V82
 */
import type { Clock } from '../clock.ts';
import { TokenBucket } from '../rate-limit.ts';
import {
  WAITING_BYTES_RATE,
  WAITING_CONNECT_RATE,
  WAITING_DESCRIPTION_BYTES_MAX,
  WAITING_DESCRIPTION_BYTES_RATE,
  WAITING_DESCRIPTION_FIELDS_MAX,
  WAITING_MESSAGE_BYTES_MAX,
  WAITING_MESSAGE_RATE,
} from './sfu-limits.ts';

/** Of one session, whatever number of connections it opens one after the other. */
export class WaitingRates {
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #connects: TokenBucket;
  readonly #messages: TokenBucket;
  readonly #bytes: TokenBucket;
  readonly #descriptionBytes: TokenBucket;

  constructor(clock: Pick<Clock, 'nowMs'>) {
    const nowMs = clock.nowMs();
    this.#clock = clock;
    this.#connects = new TokenBucket(WAITING_CONNECT_RATE, nowMs);
    this.#messages = new TokenBucket(WAITING_MESSAGE_RATE, nowMs);
    this.#bytes = new TokenBucket(WAITING_BYTES_RATE, nowMs);
    this.#descriptionBytes = new TokenBucket(WAITING_DESCRIPTION_BYTES_RATE, nowMs);
  }

  /** Counts a request to connect; false when it comes too soon. */
  takeConnect(): boolean {
    return this.#connects.take(this.#clock.nowMs());
  }

  /** Counts a message before it is decoded; false when it is too large, or one too many. */
  takeMessage(message: Uint8Array): boolean {
    const nowMs = this.#clock.nowMs();
    if (!this.#messages.take(nowMs)) return false;
    if (message.length <= WAITING_MESSAGE_BYTES_MAX) return this.#bytes.take(nowMs, message.length);
    return isDescription(message) && this.#descriptionBytes.take(nowMs, message.length);
  }
}

/** The fields `offer` and `answer` of `SignalRequest`, with wire type 2 (protobuf.dev/programming-guides/encoding). */
const DESCRIPTION_TAGS: ReadonlySet<unknown> = new Set([(1 << 3) | 2, (2 << 3) | 2]);

/** True for one session description, and nothing beside it, whose fields are few. */
function isDescription(message: Uint8Array): boolean {
  if (message.length > WAITING_DESCRIPTION_BYTES_MAX || !DESCRIPTION_TAGS.has(message[0])) return false;
  const [length, start] = readVarint(message, 1);
  return start + length === message.length && hasFewFields(message, start);
}

function hasFewFields(message: Uint8Array, start: number): boolean {
  let at = start;
  for (let fields = 0; fields < WAITING_DESCRIPTION_FIELDS_MAX; fields += 1) {
    if (at === message.length) return true;
    const [tag, afterTag] = readVarint(message, at);
    const [value, afterValue] = readVarint(message, afterTag);
    const wireType = tag & 7;
    // A description holds texts, messages and one number
    if (wireType !== 0 && wireType !== 2) return false;
    at = wireType === 2 ? afterValue + value : afterValue;
  }
  return at === message.length;
}

/** The varint at `start`, of at most four bytes, and where it ends; not a number where there is none. */
function readVarint(message: Uint8Array, start: number): [value: number, end: number] {
  let value = 0;
  for (let index = 0; index < 4; index += 1) {
    const byte = message[start + index];
    if (byte === undefined) break;
    value |= (byte & 0x7f) << (7 * index);
    if (byte < 0x80) return [value, start + index + 1];
  }
  return [Number.NaN, Number.NaN];
}
