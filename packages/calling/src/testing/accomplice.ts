/**
 * An accomplice of the server: somebody with a link, or with a leaf, who runs the engine by hand and keeps to no rule.
 * With a link alone it opens knocks and seals beats; with a state of a group it makes any commit that the engine makes.
 */
import { deriveBaseKey } from '@conclave/crypto/base-key';
import { sealBeat } from '@conclave/crypto/beat-seal';
import { openKnock, sealKnock } from '@conclave/crypto/knock';
import type { Link } from '@conclave/crypto/link';
import { deriveLinkKeys, type LinkKeys } from '@conclave/crypto/link-keys';
import * as mls from '@conclave/crypto/mls/engine';
import { sealName } from '@conclave/crypto/name';
import { type Bytes, equalBytes, toHex } from '@conclave/protocol/bytes';
import { helloBytes, participantIdOf } from '@conclave/protocol/signed-bytes';
import {
  type ClientMessage,
  type CommitPhase,
  type ServerMessage,
  WIRE_VERSION,
} from '@conclave/protocol/wire';
import { type Beat, encodeBeat, epochHash } from '../beat.ts';
import type { DeliveryService, Socket } from './delivery-service.ts';
import type { Device, World } from './world.ts';

type CommitRequest = Extract<ClientMessage, { t: 'commit' }>;
type CommitMessage = Extract<ServerMessage, { t: 'commit' }>;

/** A commit made by hand, and the state after it. */
export interface HandMade {
  readonly own: mls.OwnCommit;
  readonly request: CommitRequest;
  /** What the server would tell the members. */
  readonly news: CommitMessage;
}

export interface Claims {
  readonly phase?: CommitPhase;
  readonly joined?: readonly string[];
  readonly left?: readonly string[];
  readonly nextAccessHash?: Bytes;
  readonly welcomes?: CommitRequest['welcomes'];
}

const NO_FLAGS = { microphone: false, camera: false, screen: false, hand: false };

export class Accomplice implements Socket {
  readonly world: World;
  readonly key: mls.SigningKey;
  readonly suite: mls.Suite;
  readonly name: string;
  readonly inbox: ServerMessage[] = [];
  link: Link;
  keys: LinkKeys;
  callId: Bytes;
  #group: mls.GroupState | undefined;
  /** Hexadecimal: every media key that it could ever make. */
  readonly baseKeys = new Set<string>();
  #seq = 1_000;
  #request = 1_000_000;

  private constructor(
    world: World,
    given: Pick<Accomplice, 'key' | 'suite' | 'name' | 'link' | 'keys' | 'callId'>,
  ) {
    this.world = world;
    this.key = given.key;
    this.suite = given.suite;
    this.name = given.name;
    this.link = given.link;
    this.keys = given.keys;
    this.callId = given.callId;
  }

  /** Somebody with a link and no leaf. */
  static async withLink(
    world: World,
    name: string,
    given: { readonly link?: Link; readonly key?: mls.SigningKey } = {},
  ): Promise<Accomplice> {
    const link = given.link ?? world.link;
    return new Accomplice(world, {
      name,
      key: given.key ?? (await mls.generateSigningKey()),
      suite: await mls.createSuite(link.suite),
      link,
      keys: await deriveLinkKeys(link),
      callId: world.service.call?.callId ?? new Uint8Array(16),
    });
  }

  /** The person behind this device, with a modified client: key, link, and a copy of the state that it has now. */
  static async of(device: Device): Promise<Accomplice> {
    const { member } = device.state;
    if (member === undefined) throw new Error(`${device.name} has no leaf`);
    const { link } = member.held;
    const accomplice = await Accomplice.withLink(device.world, device.name, { link, key: device.key });
    await accomplice.hold(copyOf(member.group));
    return accomplice;
  }

  get group(): mls.GroupState {
    if (this.#group === undefined) throw new Error(`${this.name} has no group`);
    return this.#group;
  }

  get participantId(): Promise<string> {
    return participantIdOf(this.key.publicKey, this.callId);
  }

  /** Takes a state for its own, and notes the media key that comes with it. */
  async hold(group: mls.GroupState): Promise<void> {
    this.#group = group;
    this.baseKeys.add(await this.baseKeyOf(group));
  }

  async baseKeyOf(group: mls.GroupState, mediaKey = this.keys.mediaKey): Promise<string> {
    const exporter = await mls.exportSecret(group, this.suite, 'SFrame 1.0 Base Key', new Uint8Array(0), 32);
    return toHex(await deriveBaseKey(exporter, mediaKey, mls.groupId(group), mls.epoch(group)));
  }

  readonly psks: mls.PskSecrets = (pskId) =>
    equalBytes(pskId, this.keys.linkId) ? this.keys.psk.slice() : undefined;

  deliver(message: ServerMessage): void {
    this.inbox.push(message);
  }

  hangUp(): void {}

  /** Says hello to a service, as any client does. */
  async connect(service: DeliveryService): Promise<void> {
    service.open(this);
    const challenge = this.received('challenge');
    const { roomId } = this.link;
    await service.receive(this, {
      t: 'hello',
      v: WIRE_VERSION,
      roomId,
      access: this.keys.access,
      leafKey: this.key.publicKey,
      signature: await mls.sign(this.key, helloBytes(challenge.nonce, roomId)),
    });
    const session = this.inbox.findLast(({ t }) => t === 'session');
    if (session?.t === 'session') this.callId = session.callId;
  }

  /** The last message of this type that came in. */
  received<T extends ServerMessage['t']>(type: T): Extract<ServerMessage, { t: T }> {
    const message = this.inbox.findLast(({ t }) => t === type);
    if (message === undefined) throw new Error(`${this.name} got no ${type}`);
    return message as Extract<ServerMessage, { t: T }>;
  }

  async keyPackage(): Promise<mls.OwnKeyPackage> {
    return mls.createKeyPackage(this.suite, this.key, await sealName(this.keys.metaKey, this.name));
  }

  async knock(groupId: Bytes, keyPackage?: mls.OwnKeyPackage): Promise<Bytes> {
    const { message } = keyPackage ?? (await this.keyPackage());
    const target = { roomId: this.link.roomId, linkId: this.keys.linkId, groupId };
    return sealKnock(this.keys.knockKey, target, { keyPackage: message, name: this.name });
  }

  /** Reads a knock: everybody with the link can. */
  async readKnock(knock: {
    readonly groupId: Bytes;
    readonly sealed: Bytes;
  }): Promise<mls.PeerKeyPackage & { message: Bytes }> {
    const target = { roomId: this.link.roomId, linkId: this.keys.linkId, groupId: knock.groupId };
    const opened = await openKnock(this.keys.knockKey, target, knock.sealed);
    const read = opened && (await mls.readKeyPackage(opened.keyPackage, this.suite));
    if (!opened || !read?.ok) throw new Error('a knock that does not open');
    return { ...read.value, message: opened.keyPackage };
  }

  /** Lets itself in through a GroupInfo that the server has; resync when its key has a leaf there. */
  async letIn(
    from: { readonly groupInfo: Bytes; readonly tree: Bytes },
    { resync = false, psk = this.keys.psk, authenticatedData = new Uint8Array(0) } = {},
  ): Promise<HandMade> {
    const joined = await mls.joinExternal(this.suite, {
      ...from,
      keyPackage: await this.keyPackage(),
      psks: (pskId) => (equalBytes(pskId, this.keys.linkId) ? psk.slice() : undefined),
      pskId: this.keys.linkId,
      resync,
      authenticatedData,
      judge: () => undefined,
    });
    if (!joined.ok) throw new Error(`${this.name}: ${joined.error.code} ${joined.error.detail}`);
    const own = { ...joined.value, welcomes: [], consumed: [] };
    return this.#handMade(own, { joined: resync ? [] : [await this.participantId] });
  }

  /** Any commit that the engine makes, with whatever the log shall say of it. */
  async commit(
    request: Partial<mls.CommitRequest> = {},
    claims: Claims = {},
    suite = this.suite,
  ): Promise<HandMade> {
    const own = await mls.commit(this.group, suite, { proposals: [], psks: this.psks, ...request });
    return this.#handMade(own, claims);
  }

  /** Lets in who knocked, as an honest member would. */
  async admit(knock: {
    readonly participantId: string;
    readonly groupId: Bytes;
    readonly sealed: Bytes;
  }): Promise<HandMade> {
    const { message } = await this.readKnock(knock);
    const made = await mls.commit(this.group, this.suite, {
      proposals: [
        { type: 'add', keyPackage: message },
        { type: 'psk', pskId: this.keys.linkId },
      ],
      psks: this.psks,
    });
    const { participantId } = knock;
    const welcome = made.welcomes[0]?.welcome ?? new Uint8Array(0);
    return this.#handMade(made, { joined: [participantId], welcomes: [{ participantId, welcome }] });
  }

  async #handMade(own: mls.OwnCommit, claims: Claims): Promise<HandMade> {
    const groupId = mls.groupId(own.state);
    const epoch = mls.epoch(own.state) - 1;
    const { phase = 'none', joined = [], left = [], nextAccessHash, welcomes = [] } = claims;
    const entry = {
      epoch,
      phase,
      commit: own.commit,
      joined: [...joined],
      left: [...left],
      ...(nextAccessHash && { nextAccessHash }),
    };
    const request: CommitRequest = {
      t: 'commit',
      request: this.#request++,
      groupId,
      ...entry,
      groupInfo: await mls.encodeGroupInfo(own.state, this.suite),
      tree: mls.encodeTree(own.state),
      welcomes,
    };
    return { own, request, news: { t: 'commit', groupId, ...entry } };
  }

  /** Has a service take a commit, and adopts its state. */
  async push(service: DeliveryService, made: HandMade): Promise<void> {
    await this.hold(made.own.state);
    await service.receive(this, made.request);
  }

  /** Processes a commit of others, without judging it. */
  async follow(commit: Bytes): Promise<boolean> {
    const staged = await mls.stage(this.group, this.suite, commit, this.psks);
    if (!staged.ok || staged.value.self === 'out') return false;
    await this.hold(staged.value.state);
    return true;
  }

  /** A beat in its own name, true unless told otherwise. */
  async beat(change: Partial<Beat> = {}, group: mls.GroupState = this.group): Promise<Bytes> {
    const epoch = mls.epoch(group);
    const body = encodeBeat({
      groupId: mls.groupId(group),
      epoch,
      hashes: [{ epoch, hash: await epochHash(group) }],
      leafIndex: mls.ownLeafIndex(group),
      seq: this.#seq++,
      flags: NO_FLAGS,
      contexts: [],
      appSeq: 0,
      ask: false,
      ...change,
    });
    const { beatKey } = this.keys;
    const sign = (message: Bytes) => mls.sign(this.key, message);
    return sealBeat({ beatKey, roomId: this.link.roomId }, { body, leafKey: this.key.publicKey, sign });
  }
}

/** A copy whose secrets live on when the honest client erases its own; signing handles are names, not keys. */
function copyOf<T>(value: T): T {
  return copy(value, '') as T;
}

function copy(value: unknown, name: string): unknown {
  if (name === 'signaturePrivateKey' || name === 'clientConfig') return value;
  if (value instanceof Uint8Array) return value.slice();
  if (Array.isArray(value)) return value.map((item) => copy(item, ''));
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, copy(item, '')]));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copy(item, key)]));
}
