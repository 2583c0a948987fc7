/**
 * GroupContext extensions (RFC 9420 §11.1, D6): Conclave uses exactly three, from the private-use range.
 * A GroupContextExtensions proposal replaces the whole list, so a change is always built by carrying the others over.
 * @spec K38
 */

import type { Bytes } from '@conclave/protocol/bytes';
import type { Extension } from 'ts-mls/extension.js';
import { extensionTypeToNumber } from 'ts-mls/extension.js';
import { EXTENSION_BYTES_MAX } from '../limits.ts';
import { need } from './refusal.ts';

/** The id of the call secret in force. */
export const LINK_ID = 0xff01;
/** Old metadata keys, sealed under the new one. */
export const OLD_META = 0xff02;
/** The policy signed by hosts. */
export const POLICY = 0xff03;

export const EXTENSION_TYPES: readonly number[] = [LINK_ID, OLD_META, POLICY];

export interface GroupExtension {
  readonly type: number;
  readonly data: Uint8Array;
}

export function toMap(extensions: readonly Extension[]): ReadonlyMap<number, Bytes> {
  return new Map(extensions.map((e) => [extensionTypeToNumber(e.extensionType), e.extensionData.slice()]));
}

/** The old list with these types replaced or added; never shorter than the old one. */
export function carryOver(old: readonly Extension[], changes: readonly GroupExtension[]): Extension[] {
  const next = new Map<Extension['extensionType'], Uint8Array>(
    old.map((e) => [e.extensionType, e.extensionData]),
  );
  for (const { type, data } of changes) next.set(type, data.slice());
  const extensions = [...next].map(([extensionType, extensionData]) => ({ extensionType, extensionData }));
  checkExtensions(extensions);
  return extensions;
}

/** Known types only, each once, each within its size. Refuses EXTENSIONS. */
export function checkExtensions(extensions: readonly Extension[]): void {
  const types = extensions.map((e) => extensionTypeToNumber(e.extensionType));
  need(new Set(types).size === types.length, 'EXTENSIONS', 'extension type twice');
  need(
    types.every((type) => EXTENSION_TYPES.includes(type)),
    'EXTENSIONS',
    'unknown extension type',
  );
  need(
    extensions.every((e) => e.extensionData.length <= EXTENSION_BYTES_MAX),
    'EXTENSIONS',
    'extension too long',
  );
}
