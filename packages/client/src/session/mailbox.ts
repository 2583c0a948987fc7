/**
 * What waits for the call machine, SPEC S77: what a person does goes before what comes from outside, and is never lost to
 * it. What comes from outside is bounded in count and bytes.
 */
import type { CallEvent } from '@conclave/calling/call.machine';
import { MAILBOX_BYTES_MAX, MAILBOX_EVENTS_MAX } from '../limits.ts';

interface Waiting {
  readonly event: CallEvent;
  readonly bytes: number;
}

export class Mailbox {
  readonly #person: CallEvent[] = [];
  #outside: Waiting[] = [];
  #bytes = 0;

  /** By the person at the device: a few an hour. */
  pushPerson(event: CallEvent): void {
    this.#person.push(event);
  }

  /**
   * From the network or the clock. False when there was no room: all that came from outside is forgotten then.
   * @param bytes - of the message that brought it
   */
  pushOutside(event: CallEvent, bytes = 0): boolean {
    const isFull = this.#outside.length >= MAILBOX_EVENTS_MAX || this.#bytes + bytes > MAILBOX_BYTES_MAX;
    if (isFull) {
      this.#outside = [];
      this.#bytes = 0;
      return false;
    }
    this.#outside.push({ event, bytes });
    this.#bytes += bytes;
    return true;
  }

  next(): CallEvent | undefined {
    const own = this.#person.shift();
    if (own !== undefined) return own;
    const waiting = this.#outside.shift();
    this.#bytes -= waiting?.bytes ?? 0;
    return waiting?.event;
  }
}
