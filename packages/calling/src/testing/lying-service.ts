/**
 * A delivery service that lies (attacks.md §1): it keeps everything that ever went through it, edits or drops what
 * passes, says what nobody said, shows some people another world, and serves a world of the past.
 */
import type { Bytes } from '@conclave/protocol/bytes';
import type { ClientMessage, ServerMessage } from '@conclave/protocol/wire';
import type { CallRecord } from './call-record.ts';
import type { DeliveryService } from './delivery-service.ts';
import type { Device, Intercept, Passing, World } from './world.ts';

type Way = Passing['way'];
type Message<W extends Way, T extends string> = Extract<
  W extends 'up' ? ClientMessage : ServerMessage,
  { t: T }
>;

export class LyingService {
  readonly world: World;
  /** Everything that passed, in order, as it was before any rule. */
  readonly seen: Passing[] = [];
  #rules: Intercept[] = [];

  constructor(world: World) {
    this.world = world;
    world.intercept = (passing) => {
      this.seen.push(passing);
      for (const rule of this.#rules) {
        const changed = rule(passing);
        if (changed !== undefined) return changed;
      }
      return undefined;
    };
  }

  /** Adds a rule, which goes before those that apply already; gives what takes it away. */
  rule(rule: Intercept): () => void {
    this.#rules = [rule, ...this.#rules];
    return () => {
      this.#rules = this.#rules.filter((other) => other !== rule);
    };
  }

  /** Drops what fits. */
  drop(fits: (passing: Passing) => boolean): () => void {
    return this.rule((passing) => (fits(passing) ? [] : undefined));
  }

  /** Delays what fits. */
  delay(delayMs: number, fits: (passing: Passing) => boolean): () => void {
    return this.rule((passing) => (fits(passing) ? [{ message: passing.message, delayMs }] : undefined));
  }

  /** Changes the messages of one type on their way down. */
  alter<T extends ServerMessage['t']>(
    type: T,
    change: (message: Extract<ServerMessage, { t: T }>, device: Device) => object | undefined,
  ): () => void {
    return this.rule(({ way, message, device }) => {
      if (way !== 'down' || message.t !== type) return undefined;
      const changed = change(message as Extract<ServerMessage, { t: T }>, device);
      return changed && [{ message: changed, delayMs: 0 }];
    });
  }

  honest(): void {
    this.#rules = [];
  }

  /** Says something to a client on its socket; nothing to who has none. */
  tell(devices: Device | readonly Device[], message: ServerMessage): void {
    for (const device of [devices].flat()) device.socket?.deliver(message);
  }

  /** All messages of one type that passed one way, oldest first. */
  all<W extends Way, T extends string>(way: W, type: T): readonly Message<W, T>[] {
    return this.seen.flatMap((passing) =>
      passing.way === way && passing.message.t === type ? [passing.message as Message<W, T>] : [],
    );
  }

  last<W extends Way, T extends string>(way: W, type: T): Message<W, T> {
    const message = this.all(way, type).at(-1);
    if (message === undefined) throw new Error(`no ${type} has passed`);
    return message;
  }

  /** What the service holds now; to be served again later as `world of`. */
  get record(): CallRecord {
    const { call } = this.world.service;
    if (call === undefined) throw new Error('there is no call');
    return call;
  }

  /** Another world with another past; these devices live in it from now on, on their open sockets. */
  split(devices: readonly Device[], record: CallRecord = this.record): DeliveryService {
    const other = this.world.service.fork(devices.flatMap(({ socket }) => socket ?? []));
    other.call = record;
    for (const device of devices) device.service = other;
    return other;
  }

  /** A service that serves this record to whoever connects to it. */
  worldOf(record: CallRecord): DeliveryService {
    return this.split([], record);
  }

  /** GroupInfo and tree of the call's current epoch: what every server holds. */
  publicState(record: CallRecord = this.record): { groupInfo: Bytes; tree: Bytes } {
    const { group } = record;
    const tree = group?.treeByEpoch.get(group.epoch);
    if (group === undefined || tree === undefined) throw new Error('no group');
    return { groupInfo: group.groupInfo, tree };
  }
}
