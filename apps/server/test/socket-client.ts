/**
 * A client of the delivery service for tests: a real `ws` socket that speaks the wire with opaque bytes.
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { type Bytes, fromBase64Url } from '@conclave/protocol/bytes';
import { helloBytes } from '@conclave/protocol/signed-bytes';
import {
  type ClientMessage,
  decodeServerMessage,
  encodeMessage,
  type ServerMessage,
  WIRE_VERSION,
} from '@conclave/protocol/wire';
import { WebSocket } from 'ws';

type Kind = ServerMessage['t'];
type Of<K extends Kind> = Extract<ServerMessage, { t: K }>;

export function randomOf(length: number): Bytes {
  return Uint8Array.from(randomBytes(length));
}

export interface LeafKey {
  readonly publicKey: Bytes;
  readonly privateKey: KeyObject;
}

export function makeLeafKey(): LeafKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = fromBase64Url(publicKey.export({ format: 'jwk' }).x ?? '');
  if (raw === undefined) throw new Error('no raw key');
  return { publicKey: raw, privateKey };
}

export function signHello(key: LeafKey, nonce: Uint8Array, roomId: Uint8Array): Bytes {
  return Uint8Array.from(sign(null, helloBytes(nonce, roomId), key.privateKey));
}

/** A room as its link would name it. */
export interface RoomLink {
  readonly roomId: Bytes;
  readonly access: Bytes;
}

export class SocketClient {
  readonly key: LeafKey;
  readonly socket: WebSocket;
  /** Everything that came, in order, whether awaited or not. */
  readonly received: ServerMessage[] = [];
  closeCode: number | undefined;
  readonly closed: Promise<number>;
  readonly #unread: ServerMessage[] = [];
  readonly #waiting: { kind: Kind; resolve: (message: ServerMessage) => void }[] = [];

  constructor(port: number, key: LeafKey = makeLeafKey(), origin = `http://127.0.0.1:${port}`) {
    this.key = key;
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/socket`, { origin });
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code) => {
        this.closeCode = code;
        resolve(code);
      });
    });
    this.socket.on('error', () => undefined);
    this.socket.on('message', (data) => this.#take(String(data)));
  }

  send(message: ClientMessage): void {
    this.socket.send(encodeMessage(message));
  }

  /** The next message of this kind that nobody has awaited yet; others are left for later. */
  next<K extends Kind>(kind: K): Promise<Of<K>> {
    const index = this.#unread.findIndex((message) => message.t === kind);
    const [found] = index < 0 ? [] : this.#unread.splice(index, 1);
    if (found !== undefined) return Promise.resolve(found as Of<K>);
    return new Promise((resolve) => {
      this.#waiting.push({ kind, resolve: resolve as (message: ServerMessage) => void });
    });
  }

  /** Says hello; `isHost` makes the room when it is absent. */
  async hello({ roomId, access }: RoomLink, create?: Bytes, token?: string): Promise<void> {
    const { nonce } = await this.next('challenge');
    this.send({
      t: 'hello',
      v: WIRE_VERSION,
      roomId,
      access,
      leafKey: this.key.publicKey,
      signature: signHello(this.key, nonce, roomId),
      ...(create === undefined
        ? {}
        : { create: { hostKeyHash: create, ...(token === undefined ? {} : { token }) } }),
    });
  }

  #take(text: string): void {
    const decoded = decodeServerMessage(text);
    if (!decoded.ok) throw new Error(`the server sent what is no message: ${decoded.error.code}`);
    this.received.push(decoded.value);
    const index = this.#waiting.findIndex(({ kind }) => kind === decoded.value.t);
    const [waiting] = index < 0 ? [] : this.#waiting.splice(index, 1);
    if (waiting === undefined) this.#unread.push(decoded.value);
    else waiting.resolve(decoded.value);
  }
}
