/**
 * MLS objects to bytes and back (RFC 9420 §2, §6). What comes in is bounded, whole, and canonical: it must encode to the
 * very bytes it was decoded from, so that one object has one form and a hash of bytes names it.
 * @spec K35
 */

import type { Bytes } from '@conclave/protocol/bytes';
import { equalBytes } from '@conclave/protocol/bytes';
import type { Decoder } from 'ts-mls/codec/tlsDecoder.js';
import type { Encoder } from 'ts-mls/codec/tlsEncoder.js';
import type { GroupInfo } from 'ts-mls/groupInfo.js';
import type { KeyPackage } from 'ts-mls/keyPackage.js';
import type { MLSMessage, MlsMessageContent } from 'ts-mls/message.js';
import { decodeMlsMessage, encodeMlsMessage } from 'ts-mls/message.js';
import type { PublicMessage } from 'ts-mls/publicMessage.js';
import type { RatchetTree } from 'ts-mls/ratchetTree.js';
import { decodeRatchetTree, encodeRatchetTree } from 'ts-mls/ratchetTree.js';
import type { Welcome } from 'ts-mls/welcome.js';
import { KEY_PACKAGE_BYTES_MAX, MLS_MESSAGE_BYTES_MAX, TREE_BYTES_MAX } from '../limits.ts';
import { need, refuse } from './refusal.ts';

export function encodeMessage(content: MlsMessageContent): Bytes {
  return encodeMlsMessage({ version: 'mls10', ...content }).slice();
}

export function decodePublicMessage(bytes: Uint8Array): PublicMessage {
  const message = decodeMessage(bytes, MLS_MESSAGE_BYTES_MAX);
  need(message.wireformat === 'mls_public_message', 'SHAPE', 'not a PublicMessage');
  return message.publicMessage;
}

export function decodeWelcome(bytes: Uint8Array): Welcome {
  const message = decodeMessage(bytes, MLS_MESSAGE_BYTES_MAX);
  need(message.wireformat === 'mls_welcome', 'SHAPE', 'not a Welcome');
  return message.welcome;
}

export function decodeGroupInfo(bytes: Uint8Array): GroupInfo {
  const message = decodeMessage(bytes, MLS_MESSAGE_BYTES_MAX);
  need(message.wireformat === 'mls_group_info', 'SHAPE', 'not a GroupInfo');
  return message.groupInfo;
}

export function decodeKeyPackage(bytes: Uint8Array): KeyPackage {
  const message = decodeMessage(bytes, KEY_PACKAGE_BYTES_MAX);
  need(message.wireformat === 'mls_key_package', 'SHAPE', 'not a KeyPackage');
  return message.keyPackage;
}

export function decodeTree(bytes: Uint8Array): RatchetTree {
  return decodeWhole(bytes, TREE_BYTES_MAX, decodeRatchetTree, encodeRatchetTree);
}

function decodeMessage(bytes: Uint8Array, maxBytes: number): MLSMessage {
  return decodeWhole(bytes, maxBytes, decodeMlsMessage, encodeMlsMessage);
}

function decodeWhole<T>(bytes: Uint8Array, maxBytes: number, decode: Decoder<T>, encode: Encoder<T>): T {
  need(bytes.length > 0 && bytes.length <= maxBytes, 'MALFORMED', `${bytes.length} bytes`);
  // A copy, so that the state never aliases a buffer of the caller.
  const own = bytes.slice();
  try {
    const decoded = decode(own, 0);
    if (decoded?.[1] === own.length && equalBytes(encode(decoded[0]), own)) return decoded[0];
  } catch {
    // The library's decoders throw at some malformed inputs and return undefined at others.
  }
  return refuse('MALFORMED', 'does not decode to one canonical object');
}
