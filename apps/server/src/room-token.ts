/**
 * The operator's token, without which no room can be made when rooms are not for anyone (D26).
 *
 * @see SPEC.md V28
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import { toBase64Url } from '@conclave/protocol/bytes';
import type { Config } from './config.ts';
import { keepSecret } from './secret-file.ts';

export interface RoomToken {
  /** File that holds it; undefined when it was given by the environment. */
  readonly file: string | undefined;
  /** Takes the same time for every wrong token. */
  matches(token: string | undefined): boolean;
}

export async function openRoomToken({
  dataDir,
  roomToken,
}: Pick<Config, 'dataDir' | 'roomToken'>): Promise<RoomToken> {
  const file = roomToken === undefined ? join(dataDir, 'room.token') : undefined;
  const make = () => toBase64Url(randomBytes(24));
  const token = file === undefined ? roomToken : (await keepSecret(file, make)).trim();
  const expected = digest(token ?? '');
  return { file, matches: (shown) => shown !== undefined && timingSafeEqual(digest(shown), expected) };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
