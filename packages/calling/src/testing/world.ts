/**
 * A world in memory: call machines, the network between them and the delivery service, under one virtual clock. A seed
 * decides every delay, so a run repeats itself. Messages pass through the wire's encoding, in order on each socket, as on
 * TCP; what a disconnected client had not received is lost.
 */

import { createLink, type Link } from '@conclave/crypto/link';
import { deriveLinkKeys } from '@conclave/crypto/link-keys';
import { createSuite, generateSigningKey, type SigningKey, sign } from '@conclave/crypto/mls/engine';
import { equalBytes } from '@conclave/protocol/bytes';
import { helloBytes } from '@conclave/protocol/signed-bytes';
import {
  type ClientMessage,
  decodeClientMessage,
  decodeServerMessage,
  encodeMessage,
  type ServerMessage,
  WIRE_VERSION,
} from '@conclave/protocol/wire';
import {
  type CallEffect,
  type CallEvent,
  type CallIdentity,
  type CallPorts,
  type CallState,
  createCall,
  step,
} from '../call.machine.ts';
import type { MediaInstruction } from '../media-instruction.ts';
import type { CallView, ClosedReason } from '../view.ts';
import { DeliveryService, type Socket } from './delivery-service.ts';
import { type SeededRandom, seededRandom } from './seeded-random.ts';
import { VirtualClock } from './virtual-clock.ts';

/** A message on its way. */
export type Passing =
  | { readonly way: 'up'; readonly device: Device; readonly message: ClientMessage }
  | { readonly way: 'down'; readonly device: Device; readonly message: ServerMessage };

/** What becomes of a message: each entry is delivered after its extra delay; none means that it is dropped. */
export type Intercept = (passing: Passing) => readonly { message: object; delayMs: number }[] | undefined;

export interface WorldOptions {
  readonly seed?: number;
  readonly suite?: 1 | 2;
  readonly lobby?: boolean;
  readonly latencyMs?: readonly [number, number];
  /** A link holder plays the server: the same secrets, another host. */
  readonly forgedFrom?: Link;
}

const START_MS = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;

export class World {
  readonly clock = new VirtualClock(START_MS);
  readonly random: SeededRandom;
  readonly service: DeliveryService;
  readonly link: Link;
  readonly devices: Device[] = [];
  readonly hostKey: SigningKey;
  readonly #latencyMs: readonly [number, number];
  readonly #seed: number;
  /** The adversary in the network; undefined passes a message on as it is. */
  intercept: Intercept = () => undefined;
  /** Runs after every step of a machine. */
  afterStep: (device: Device) => void = () => undefined;

  private constructor(
    options: WorldOptions,
    service: (clock: VirtualClock) => DeliveryService,
    hostKey: SigningKey,
  ) {
    this.#seed = options.seed ?? 1;
    this.random = seededRandom(this.#seed);
    this.#latencyMs = options.latencyMs ?? [5, 25];
    this.service = service(this.clock);
    this.hostKey = hostKey;
    const link = createLink({
      hostPublicKey: hostKey.publicKey,
      suite: options.suite ?? 1,
      kind: 'e2ee',
      flags: { kept: false, lobby: options.lobby ?? false },
      nowUnixMs: START_MS - HOUR_MS,
    });
    const { forgedFrom } = options;
    this.link = forgedFrom === undefined ? link : { ...forgedFrom, hostKeyHash: link.hostKeyHash };
  }

  static async create(options: WorldOptions = {}): Promise<World> {
    const hostKey = await generateSigningKey();
    const keyPair = await DeliveryService.generateKey();
    return new World(options, (clock) => new DeliveryService(clock, keyPair), hostKey);
  }

  /** Ranks come from the seed, not from keys, so that a seed repeats itself. */
  ports(): CallPorts {
    return {
      random: () => this.random.next(),
      unsafeTestingRankSecret: (epoch) => new Uint8Array(32).fill((this.#seed * 31 + epoch) % 251),
    };
  }

  latencyMs(): number {
    const [min, max] = this.#latencyMs;
    return min + this.random.integer(max - min + 1);
  }

  /** A person with the link, connected. Without a key a new one is made; the founder has the host's. */
  async add(
    name: string,
    given: { readonly key?: SigningKey; readonly links?: readonly Link[] } = {},
  ): Promise<Device> {
    const key = given.key ?? (await generateSigningKey());
    const device = new Device(this, name, key, given.links ?? [this.link]);
    this.devices.push(device);
    await device.boot();
    return device;
  }

  addHost(name: string): Promise<Device> {
    return this.add(name, { key: this.hostKey });
  }

  /** Runs for so long in virtual time. */
  run(durationMs: number): Promise<boolean> {
    return this.clock.run(this.clock.nowMs() + durationMs);
  }

  /** Runs until the condition holds; throws when it does not within the time. */
  async until(isDone: () => boolean, maxMs = 20_000, what = 'the condition'): Promise<number> {
    const startMs = this.clock.nowMs();
    const isReached = await this.clock.run(startMs + maxMs, isDone);
    if (!isReached) throw new Error(`${what} did not come true in ${maxMs} ms\n${this.describe()}`);
    return this.clock.nowMs() - startMs;
  }

  /** One line for each device, without secrets. */
  describe(): string {
    return this.devices.map((device) => device.describe()).join('\n');
  }
}

/** One client: a machine, and a runner that carries out its effects. */
export class Device {
  readonly world: World;
  readonly name: string;
  readonly key: SigningKey;
  #state: CallState | undefined;
  #socket: DeviceSocket | undefined;
  #inbox: CallEvent[] = [];
  #isRunning = false;
  #links: Link[];
  #kickedKeys: readonly string[] = [];
  #shownIndex = 0;
  #isOnline = true;
  /** To which service new sockets go. */
  service: DeliveryService;
  view: CallView | undefined;
  closed: ClosedReason | undefined;
  isCrashed = false;
  readonly media: MediaInstruction[] = [];
  readonly sent: ClientMessage[] = [];

  constructor(world: World, name: string, key: SigningKey, links: readonly Link[]) {
    this.world = world;
    this.name = name;
    this.key = key;
    this.#links = [...links];
    this.service = world.service;
  }

  get state(): CallState {
    if (this.#state === undefined) throw new Error(`${this.name} has not booted`);
    return this.#state;
  }

  get socket(): Socket | undefined {
    return this.#socket;
  }

  /** Closed, or its process is gone. */
  get isGone(): boolean {
    return this.isCrashed || this.closed !== undefined;
  }

  /** Newest first, as the tab's storage holds them. */
  get links(): readonly Link[] {
    return this.#links;
  }

  async #identity(): Promise<CallIdentity> {
    const [link, ...otherLinks] = this.#links;
    if (link === undefined) throw new Error('a device needs a link');
    const suite = await createSuite(link.suite);
    const kickedKeys = this.#kickedKeys;
    return { link, otherLinks, kickedKeys, signingKey: this.key, suite, name: this.name };
  }

  async boot(): Promise<void> {
    this.#state = await createCall(await this.#identity(), this.world.ports());
    this.connect();
  }

  /** The page is loaded anew: the state is lost, key and links are not. */
  async reload(): Promise<void> {
    this.drop();
    this.#inbox = [];
    await this.world.clock.run(this.world.clock.nowMs());
    this.#state = await createCall(await this.#identity(), this.world.ports());
    this.media.length = 0;
    this.#isOnline = true;
    this.connect();
    this.feed({ t: 'join' });
  }

  feed(event: CallEvent): void {
    this.#inbox.push(event);
    this.world.clock.after(0, () => this.#drain());
  }

  connect(): void {
    if (this.#socket !== undefined || !this.#isOnline || this.isGone) return;
    const socket = new DeviceSocket(this);
    this.#socket = socket;
    this.world.clock.after(this.world.latencyMs(), () => {
      if (this.#socket === socket) this.service.open(socket);
    });
  }

  /** The socket breaks: nothing more comes in, what is on its way out still arrives. */
  drop(): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#socket = undefined;
    socket.isOpen = false;
    socket.sendLater(() => this.service.close(socket));
    this.feed({ t: 'disconnected' });
  }

  /** The network is gone until `online`. */
  offline(): void {
    this.#isOnline = false;
    this.drop();
  }

  online(): void {
    this.#isOnline = true;
    this.connect();
  }

  /** The process is gone for good. */
  crash(): void {
    this.offline();
    this.isCrashed = true;
  }

  async #drain(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    for (;;) {
      const event = this.#inbox.shift();
      if (event === undefined || this.isGone) break;
      const { state, effects } = await step(this.state, event, this.world.clock.nowMs());
      this.#state = state;
      for (const effect of effects) this.#carryOut(effect);
      this.world.afterStep(this);
    }
    this.#isRunning = false;
  }

  #carryOut(effect: CallEffect): void {
    switch (effect.t) {
      case 'send':
        this.sent.push(effect.message);
        this.#socket?.send(effect.message);
        return;
      case 'fetch-tree':
        this.#fetchTree(effect);
        return;
      case 'wake':
        this.world.clock.after(effect.atMs - this.world.clock.nowMs(), () => this.feed({ t: 'wake' }));
        return;
      case 'media':
        this.media.push(effect.instruction);
        return;
      case 'store-link':
        this.#storeLink(effect);
        return;
      case 'reconnect':
        this.drop();
        this.#shownIndex = 0;
        this.world.clock.after(this.world.latencyMs(), () => this.connect());
        return;
      case 'view':
        this.view = effect.view;
        return;
      case 'closed':
        this.closed = effect.reason;
        this.drop();
        return;
    }
  }

  #storeLink({ link, replaces, kickedKeys }: Extract<CallEffect, { t: 'store-link' }>): void {
    this.#kickedKeys = kickedKeys;
    const others = this.#links.filter(({ secret }) => !equalBytes(secret, link.secret));
    this.#links = replaces === undefined ? [link, ...others].slice(0, 2) : [link];
    this.#shownIndex = 0;
  }

  #fetchTree({ groupId, epoch }: Extract<CallEffect, { t: 'fetch-tree' }>): void {
    this.world.clock.after(this.world.latencyMs(), () => {
      const tree = this.service.tree(groupId, epoch);
      this.world.clock.after(this.world.latencyMs(), () => this.feed({ t: 'tree', groupId, epoch, tree }));
    });
  }

  /** What the runner does before the machine is told: hello, and other links when one is refused. */
  async receive(socket: DeviceSocket, message: ServerMessage): Promise<void> {
    if (socket !== this.#socket) return;
    if (message.t === 'challenge') return this.#hello(socket, message.nonce);
    if (message.t === 'session') {
      const link = this.#links[this.#shownIndex];
      return this.feed({ t: 'connected', session: message, ...(link && { link }) });
    }
    if (message.t === 'error' && this.#mayTryOther(message.code)) {
      this.#shownIndex++;
      return;
    }
    this.feed({ t: 'message', message });
  }

  #mayTryOther(code: string): boolean {
    const isAboutLink = code === 'ACCESS_DENIED' || code === 'LINK_CHANGED';
    return isAboutLink && this.#shownIndex + 1 < this.#links.length;
  }

  async #hello(socket: DeviceSocket, nonce: Uint8Array): Promise<void> {
    const link = this.#links[this.#shownIndex];
    if (link === undefined) return;
    const isHost = equalBytes(this.key.publicKey, this.world.hostKey.publicKey);
    socket.send({
      t: 'hello',
      v: WIRE_VERSION,
      roomId: link.roomId,
      access: (await deriveLinkKeys(link)).access,
      leafKey: this.key.publicKey,
      signature: await sign(this.key, helloBytes(nonce, link.roomId)),
      ...(isHost && { create: { hostKeyHash: link.hostKeyHash } }),
    });
  }

  /** The other end closed the socket. */
  hungUp(socket: DeviceSocket): void {
    if (socket !== this.#socket) return;
    this.#socket = undefined;
    this.feed({ t: 'disconnected' });
    this.world.clock.after(this.world.latencyMs() + 200, () => this.connect());
  }

  describe(): string {
    const { member, inFlight, external, knock, log, session, refused } = this.state;
    const parts = [
      `${this.name}: ${this.isCrashed ? 'crashed' : (this.closed ?? this.view?.phase)}`,
      `epoch ${member?.epoch}`,
      `leaves ${member?.leaves.length}`,
      `pause ${this.view?.pause}`,
      `frozen ${member?.freeze !== undefined}${member?.isFreezeUnknown ? '?' : ''}`,
      `stuck ${member?.stuckSinceMs !== undefined}`,
      `flight ${inFlight?.kind}`,
      `external ${external?.stage}`,
      `knock ${knock !== undefined}`,
      `log ${log !== undefined}`,
      `refused ${refused}`,
      `session ${session ? `group ${session.group?.epoch} ${session.group?.frozen ? 'frozen' : ''} member ${session.isMember} deserted ${session.isDeserted}${session.isLogOnly ? ' log only' : ''}` : 'none'}`,
    ];
    return parts.join(' · ');
  }
}

/** Both directions of one connection, each in order. */
class DeviceSocket implements Socket {
  readonly #device: Device;
  #upAtMs = 0;
  #downAtMs = 0;
  isOpen = true;

  constructor(device: Device) {
    this.#device = device;
  }

  send(message: ClientMessage): void {
    const { world } = this.#device;
    const passed = world.intercept({ way: 'up', device: this.#device, message });
    for (const { message: altered, delayMs } of passed ?? [{ message, delayMs: 0 }]) {
      const decoded = decodeClientMessage(encodeMessage(altered as ClientMessage));
      if (!decoded.ok) throw new Error(`a client sent what the wire does not know: ${message.t}`);
      this.sendLater(() => this.#device.service.receive(this, decoded.value), delayMs);
    }
  }

  sendLater(run: () => void | Promise<void>, extraMs = 0): void {
    const { clock } = this.#device.world;
    const atMs = clock.nowMs() + this.#device.world.latencyMs() + extraMs;
    if (extraMs === 0) this.#upAtMs = Math.max(this.#upAtMs, atMs);
    clock.after((extraMs === 0 ? this.#upAtMs : atMs) - clock.nowMs(), run);
  }

  deliver(message: ServerMessage): void {
    const { world } = this.#device;
    const passed = world.intercept({ way: 'down', device: this.#device, message });
    for (const { message: altered, delayMs } of passed ?? [{ message, delayMs: 0 }]) {
      const decoded = decodeServerMessage(encodeMessage(altered as ServerMessage));
      if (!decoded.ok) throw new Error(`the service sent what the wire does not know: ${message.t}`);
      this.#deliverLater(() => this.#device.receive(this, decoded.value), delayMs);
    }
  }

  hangUp(): void {
    this.#deliverLater(() => this.#device.hungUp(this), 0);
  }

  #deliverLater(run: () => void | Promise<void>, extraMs: number): void {
    const { clock } = this.#device.world;
    const atMs = clock.nowMs() + this.#device.world.latencyMs() + extraMs;
    if (extraMs === 0) this.#downAtMs = Math.max(this.#downAtMs, atMs);
    clock.after((extraMs === 0 ? this.#downAtMs : atMs) - clock.nowMs(), () => {
      if (this.isOpen) return run();
    });
  }
}
