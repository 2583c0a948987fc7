/**
 * A log of every AES-GCM encryption that goes through WebCrypto: which key, by what it was made from, and which nonce.
 * A key that is derived twice from the same secret is one key here, whoever holds it.
 */
import { createHash } from 'node:crypto';

const FRAME_KEY_LABEL = Buffer.from('SFrame 1.0 Secret key ');

type Subtle = Pick<SubtleCrypto, 'importKey' | 'deriveKey' | 'encrypt'>;

const keyIds = new WeakMap<CryptoKey, string>();
const frameKeys = new WeakSet<CryptoKey>();

export class EncryptionLog {
  readonly #seen = new Set<string>();
  readonly #original: Subtle;
  readonly #keys = new Set<string>();
  /** Key and nonce of every encryption that repeats one. */
  readonly duplicates: string[] = [];
  /** Encryptions of media frames among all. */
  frames = 0;
  encryptions = 0;
  /** Encryptions under a key whose making was not seen: the log would say nothing about them. */
  unknown = 0;

  constructor() {
    const { subtle } = crypto;
    this.#original = {
      importKey: subtle.importKey.bind(subtle) as Subtle['importKey'],
      deriveKey: subtle.deriveKey.bind(subtle),
      encrypt: subtle.encrypt.bind(subtle),
    };
    Object.assign(subtle, { importKey: this.#importKey, deriveKey: this.#deriveKey, encrypt: this.#encrypt });
  }

  stop(): void {
    Object.assign(crypto.subtle, this.#original);
  }

  get keys(): number {
    return this.#keys.size;
  }

  readonly #importKey = async (...given: Parameters<Subtle['importKey']>): Promise<CryptoKey> => {
    const [format, material] = given;
    const id = format === 'raw' ? digest('raw', bytesOf(material as BufferSource)) : undefined;
    const key = await this.#original.importKey(...given);
    if (id !== undefined) keyIds.set(key, id);
    return key;
  };

  readonly #deriveKey = async (...given: Parameters<Subtle['deriveKey']>): Promise<CryptoKey> => {
    const [algorithm, baseKey] = given;
    const { hash, salt, info } = algorithm as HkdfParams;
    const baseId = keyIds.get(baseKey);
    const infoBytes = bytesOf(info);
    const id = digest(`${baseId} ${String(hash)}`, bytesOf(salt), infoBytes);
    const key = await this.#original.deriveKey(...given);
    if (baseId !== undefined) keyIds.set(key, id);
    if (FRAME_KEY_LABEL.equals(infoBytes.subarray(0, FRAME_KEY_LABEL.length))) frameKeys.add(key);
    return key;
  };

  readonly #encrypt = (...given: Parameters<Subtle['encrypt']>): Promise<ArrayBuffer> => {
    const [algorithm, key] = given;
    if ((algorithm as AesGcmParams).name === 'AES-GCM') this.#note(key, (algorithm as AesGcmParams).iv);
    return this.#original.encrypt(...given);
  };

  #note(key: CryptoKey, iv: BufferSource): void {
    this.encryptions++;
    if (frameKeys.has(key)) this.frames++;
    const id = keyIds.get(key);
    if (id === undefined) {
      this.unknown++;
      return;
    }
    this.#keys.add(id);
    const entry = `${id} ${bytesOf(iv).toString('hex')}`;
    if (this.#seen.has(entry)) this.duplicates.push(entry);
    this.#seen.add(entry);
  }
}

function bytesOf(source: BufferSource): Buffer {
  return source instanceof ArrayBuffer
    ? Buffer.from(source)
    : Buffer.from(source.buffer, source.byteOffset, source.byteLength);
}

function digest(label: string, ...parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256').update(label);
  for (const part of parts) hash.update(`/${part.length}/`).update(part);
  return hash.digest('base64url').slice(0, 22);
}
