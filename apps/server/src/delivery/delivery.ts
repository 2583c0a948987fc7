/**
 * The delivery service: live calls, their timers, and one connection object per socket. Everything that concerns a
 * room runs through its mailbox, one message after the other.
 *
 * @see SPEC.md V20–V59
 */
import type { ErrorCode } from '@conclave/protocol/error-codes';
import { err, type Result } from '@conclave/protocol/result';
import type { Clock } from '../clock.ts';
import {
  HELLO_RATE_PER_ADDRESS,
  ROOM_RATE,
  ROOM_RATE_PER_ADDRESS,
  SWEEP_INTERVAL_MS,
} from '../delivery-limits.ts';
import type { Log } from '../log.ts';
import { Mailboxes } from '../mailbox.ts';
import { AddressRates, TokenBucket } from '../rate-limit.ts';
import type { CallStore, GroupPoint } from '../store/call-store.ts';
import { Call } from './call.ts';
import { Connection } from './connection.ts';
import type { DeliveryContext, Sfu } from './context.ts';
import { sweepCall } from './presence.ts';
import { readTree } from './read-group.ts';
import { hashRoomId } from './room-hash.ts';
import { openServerKey } from './server-key.ts';
import type { Outlet } from './session.ts';

export interface DeliveryParts {
  readonly store: CallStore;
  readonly clock: Clock;
  readonly sfu: Sfu;
  readonly log: Log;
  mayCreateRoom(token: string | undefined): boolean;
}

export class Delivery {
  readonly context: DeliveryContext;
  readonly mailboxes = new Mailboxes();
  readonly log: Log;
  readonly #helloRates = new AddressRates(HELLO_RATE_PER_ADDRESS);
  readonly #roomRates = new AddressRates(ROOM_RATE_PER_ADDRESS);
  readonly #roomRate: TokenBucket;
  readonly #connections = new Set<Connection>();
  #isStopping = false;
  #cancelSweep: (() => void) | undefined;

  private constructor({ log, ...parts }: DeliveryParts) {
    this.log = log;
    this.context = { ...parts, calls: new Map(), sessionsByToken: new Map() };
    this.#roomRate = new TokenBucket(ROOM_RATE, parts.clock.nowMs());
  }

  /** Takes up the calls that the store has; their members count as missing from now on. */
  static async open(parts: DeliveryParts): Promise<Delivery> {
    const delivery = new Delivery(parts);
    const nowMs = parts.clock.nowMs();
    for (const stored of await parts.store.loadCalls()) {
      delivery.context.calls.set(stored.roomHash, new Call(stored, openServerKey(stored.serverKey), nowMs));
    }
    delivery.#scheduleSweep();
    return delivery;
  }

  /** A new socket. @param address - of the client, for the rate limits alone */
  connect(outlet: Outlet, address: string): Connection {
    const connection = new Connection(this, outlet, address, () => this.#connections.delete(connection));
    this.#connections.add(connection);
    if (this.#isStopping) connection.refuse('STOPPING');
    return connection;
  }

  mayHello(address: string): boolean {
    return this.#helloRates.take(address, this.context.clock.nowMs());
  }

  mayOpenRoom(address: string): boolean {
    const nowMs = this.context.clock.nowMs();
    return this.#roomRates.take(address, nowMs) && this.#roomRate.take(nowMs);
  }

  /**
   * The tree of `point`, for the holder of a live session's token in that room. It changes nothing, so it does not hold
   * up the room's mailbox.
   */
  async tree(
    sessionToken: string,
    roomId: Uint8Array,
    point: GroupPoint,
  ): Promise<Result<Uint8Array, ErrorCode>> {
    const seat = this.context.sessionsByToken.get(sessionToken);
    if (seat === undefined || seat.call.roomHash !== hashRoomId(roomId)) return err('ACCESS_DENIED');
    if (!seat.session.treeRate.take(this.context.clock.nowMs())) return err('RATE_LIMITED');
    return readTree(this.context, seat.call, seat.session, point);
  }

  /** Does what has become due in every call. */
  async sweep(): Promise<void> {
    const calls = [...this.context.calls.values()];
    await Promise.all(
      calls.map((call) =>
        this.mailboxes
          .run(call.roomHash, () => sweepCall(this.context, call))
          .catch((error: unknown) => this.log.error('a call could not be swept', error)),
      ),
    );
  }

  #scheduleSweep(): void {
    this.#cancelSweep = this.context.clock.after(SWEEP_INTERVAL_MS, () => {
      void this.sweep().finally(() => {
        if (!this.#isStopping) this.#scheduleSweep();
      });
    });
  }

  /** Tells every socket that the server is stopping, and waits for what is under way. Calls stay in the store. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#cancelSweep?.();
    for (const connection of this.#connections) connection.refuse('STOPPING');
    await this.mailboxes.idle();
  }
}
