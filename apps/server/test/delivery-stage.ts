/**
 * A stage for the rules of delivery: the real service on a real SQLite store in a folder of its own, people whose
 * sockets are function sinks, a held clock, and an SFU that writes down what it is asked.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bytes, equalBytes } from '@conclave/protocol/bytes';
import {
  type ClientMessage,
  decodeServerMessage,
  encodeMessage,
  type ServerMessage,
  WIRE_VERSION,
} from '@conclave/protocol/wire';
import { onTestFinished } from 'vitest';
import type { Sfu } from '../src/delivery/context.ts';
import { Delivery } from '../src/delivery/delivery.ts';
import { createLog } from '../src/log.ts';
import type { CallStore } from '../src/store/call-store.ts';
import { openCallStore } from '../src/store/sqlite-call-store.ts';
import { HeldClock } from './held-clock.ts';
import { type LeafKey, makeLeafKey, type RoomLink, randomOf, signHello } from './socket-client.ts';

type Kind = ServerMessage['t'];
type Of<K extends Kind> = Extract<ServerMessage, { t: K }>;
type Connection = ReturnType<Delivery['connect']>;

export function hashHostKey(publicKey: Uint8Array): Bytes {
  return Uint8Array.from(createHash('sha256').update(publicKey).digest().subarray(0, 16));
}

export function sha256(bytes: Uint8Array): Bytes {
  return Uint8Array.from(createHash('sha256').update(bytes).digest());
}

export class Person {
  readonly stage: Stage;
  readonly key: LeafKey;
  inbox: ServerMessage[] = [];
  isClosed = false;
  readonly connection: Connection;

  constructor(stage: Stage, key: LeafKey, address: string) {
    this.stage = stage;
    this.key = key;
    const send = (text: string): void => {
      const decoded = decodeServerMessage(text);
      if (!decoded.ok) throw new Error(`the server sent what is no message: ${text.slice(0, 80)}`);
      if (!this.isClosed) this.inbox.push(decoded.value);
    };
    const close = (): void => {
      this.isClosed = true;
    };
    this.connection = stage.delivery.connect({ send, close }, address);
  }

  /** Everything of this kind that came since the inbox was emptied. */
  got<K extends Kind>(kind: K): Of<K>[] {
    return this.inbox.filter((message): message is Of<K> => message.t === kind);
  }

  /** The one message of this kind; throws when there is none or more. */
  one<K extends Kind>(kind: K): Of<K> {
    const [only, more] = this.got(kind);
    if (only === undefined || more !== undefined) {
      throw new Error(`${this.got(kind).length} × ${kind} in [${this.inbox.map(({ t }) => t).join(' ')}]`);
    }
    return only;
  }

  codes(): string[] {
    return this.got('error').map(({ code }) => code);
  }

  async send(message: ClientMessage): Promise<void> {
    this.connection.receive(encodeMessage(message));
    await this.stage.settle();
  }

  /** The socket is lost. */
  async vanish(): Promise<void> {
    this.isClosed = true;
    this.connection.closed();
    await this.stage.settle();
  }

  get id(): string {
    const session = this.stage.sessions.get(this);
    if (session === undefined) throw new Error('no session');
    return session.participantId;
  }
}

export interface HelloChoice {
  readonly key?: LeafKey;
  readonly access?: Bytes;
  readonly link?: RoomLink;
  readonly create?: Bytes;
  readonly token?: string;
  readonly address?: string;
}

export interface CommitChoice {
  readonly epoch?: number;
  readonly groupId?: Bytes;
  readonly phase?: 'none' | 'kick' | 'rotate';
  readonly joined?: readonly Person[];
  readonly left?: readonly Person[];
  /** Without their Welcomes, as for an external commit. */
  readonly isExternal?: boolean;
  readonly nextAccessHash?: Bytes;
  readonly commit?: Bytes;
}

export class Stage {
  readonly dir: string;
  readonly clock = new HeldClock();
  readonly link: RoomLink = { roomId: randomOf(16), access: randomOf(32) };
  readonly hostKey = makeLeafKey();
  readonly sfuLog: string[] = [];
  readonly logLines: string[] = [];
  readonly sessions = new Map<Person, Of<'session'>>();
  mayCreateRoom: (token: string | undefined) => boolean = () => true;
  groupId: Bytes = randomOf(32);
  /** Where the people of the test believe the group to be. */
  epoch = 0;
  store!: CallStore;
  delivery!: Delivery;
  #request = 0;

  private constructor(dir: string) {
    this.dir = dir;
  }

  static async open(): Promise<Stage> {
    const stage = new Stage(await mkdtemp(join(tmpdir(), 'conclave-delivery-')));
    await stage.start();
    onTestFinished(async () => {
      await stage.delivery.stop();
      await stage.store.close();
      await rm(stage.dir, { recursive: true });
    });
    return stage;
  }

  async start(): Promise<void> {
    this.store = await openCallStore(join(this.dir, 'calls.sqlite'));
    const note =
      (what: string) =>
      (_call: unknown, participantId?: unknown): void => {
        this.sfuLog.push(typeof participantId === 'string' ? `${what} ${participantId}` : what);
      };
    const sfu: Sfu = {
      grant: () => Promise.resolve({ ticket: 'ticket', token: 'token' }),
      admit: note('admit'),
      expel: note('expel'),
      endSession: (_call, session) => this.sfuLog.push(`end ${session.participantId}`),
      endCall: note('end-call'),
    };
    this.delivery = await Delivery.open({
      store: this.store,
      clock: this.clock,
      sfu,
      log: createLog((line) => this.logLines.push(line)),
      mayCreateRoom: (token) => this.mayCreateRoom(token),
    });
  }

  /** Stops and starts on the same files. */
  async restart(): Promise<void> {
    await this.delivery.stop();
    await this.store.close();
    await this.start();
  }

  async settle(): Promise<void> {
    await this.delivery.mailboxes.idle();
  }

  advance(ms: number): Promise<void> {
    return this.clock.advance(ms, () => this.settle());
  }

  nextRequest(): number {
    this.#request += 1;
    return this.#request;
  }

  /** A socket that has not said hello. */
  connect(key = makeLeafKey(), address = '192.0.2.1'): Person {
    return new Person(this, key, address);
  }

  /** A person that has said hello, whatever came of it. */
  async greet(choice: HelloChoice = {}): Promise<Person> {
    const person = this.connect(choice.key, choice.address);
    await person.send(helloOf(this, person, choice));
    const [session] = person.got('session');
    if (session !== undefined) this.sessions.set(person, session);
    return person;
  }

  /** The host, in a room that it makes and founds. */
  async host(): Promise<Person> {
    const host = await this.greet({ key: this.hostKey, create: hashHostKey(this.hostKey.publicKey) });
    await this.found(host);
    return host;
  }

  async found(
    person: Person,
    replaces: { groupId: Bytes; epoch: number } | null = null,
    change: { nextAccessHash?: Bytes } = {},
  ): Promise<void> {
    const groupId = randomOf(32);
    const bytes = { groupInfo: randomOf(64), tree: randomOf(64) };
    await person.send({ t: 'found', request: this.nextRequest(), replaces, groupId, ...bytes, ...change });
    if (person.got('accepted').length === 0) return;
    this.groupId = groupId;
    this.epoch = 0;
  }

  async knock(person: Person): Promise<void> {
    await person.send({ t: 'knock', groupId: this.groupId, sealed: randomOf(64) });
  }

  commitOf(choice: CommitChoice): Extract<ClientMessage, { t: 'commit' }> {
    const joined = (choice.joined ?? []).map((person) => person.id);
    return {
      t: 'commit',
      request: this.nextRequest(),
      groupId: choice.groupId ?? this.groupId,
      epoch: choice.epoch ?? this.epoch,
      phase: choice.phase ?? 'none',
      commit: choice.commit ?? randomOf(64),
      joined,
      left: (choice.left ?? []).map((person) => person.id),
      groupInfo: randomOf(64),
      tree: randomOf(64),
      welcomes: choice.isExternal
        ? []
        : joined.map((participantId) => ({ participantId, welcome: randomOf(64) })),
      ...(choice.nextAccessHash === undefined ? {} : { nextAccessHash: choice.nextAccessHash }),
    };
  }

  /** Sends a commit; when it is accepted the people of the test know the new epoch. */
  async commit(author: Person, choice: CommitChoice = {}) {
    const message = this.commitOf(choice);
    await author.send(message);
    const accepted = author.got('accepted').find(({ request }) => request === message.request);
    if (accepted !== undefined) this.epoch = accepted.epoch;
    return message;
  }

  /** A guest that knocks and is admitted by `author`. */
  async guest(author: Person): Promise<Person> {
    const guest = await this.greet();
    await this.knock(guest);
    await this.commit(author, { joined: [guest] });
    return guest;
  }

  /** Kick and rotation; returns the new access. */
  async kick(author: Person, target: Person): Promise<Bytes> {
    await this.commit(author, { phase: 'kick', left: [target] });
    return this.rotate(author);
  }

  async rotate(author: Person): Promise<Bytes> {
    const access = randomOf(32);
    await this.commit(author, { phase: 'rotate', nextAccessHash: sha256(access) });
    return access;
  }

  clearInboxes(...people: readonly Person[]): void {
    for (const person of people) person.inbox = [];
  }

  isAt(group: { groupId: Bytes; epoch: number } | null, epoch: number): boolean {
    return group !== null && equalBytes(group.groupId, this.groupId) && group.epoch === epoch;
  }
}

export function helloOf(
  stage: Stage,
  person: Person,
  choice: HelloChoice = {},
): Extract<ClientMessage, { t: 'hello' }> {
  const { roomId, access } = choice.link ?? stage.link;
  const [challenge] = person.got('challenge');
  if (challenge === undefined) throw new Error('no challenge');
  return {
    t: 'hello',
    v: WIRE_VERSION,
    roomId,
    access: choice.access ?? access,
    leafKey: person.key.publicKey,
    signature: signHello(person.key, challenge.nonce, roomId),
    ...(choice.create === undefined
      ? {}
      : {
          create: {
            hostKeyHash: choice.create,
            ...(choice.token === undefined ? {} : { token: choice.token }),
          },
        }),
  };
}
