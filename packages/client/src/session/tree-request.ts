/**
 * Fetches an epoch's tree by HTTP, SPEC S78, design D7. Whatever the server sends, no more than a tree's size is held, and
 * not for longer than a joiner would wait; the tree itself is judged by who joins with it.
 */
import type { Bytes } from '@conclave/protocol/bytes';
import { TREE_BYTES_MAX } from '@conclave/protocol/limits';
import { TREE_TIMEOUT_MS } from '../limits.ts';

/** @param url - of the tree · @returns undefined when it could not be had whole, in time, within the limit */
export async function requestTree(url: string, sessionToken: string): Promise<Bytes | undefined> {
  try {
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${sessionToken}` },
      signal: AbortSignal.timeout(TREE_TIMEOUT_MS),
    });
    return response.ok && response.body ? await readWithin(response.body, TREE_BYTES_MAX) : undefined;
  } catch {
    return undefined;
  }
}

async function readWithin(body: ReadableStream<Uint8Array>, bytesMax: number): Promise<Bytes | undefined> {
  const held = new Uint8Array(bytesMax);
  const reader = body.getReader();
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return held.slice(0, length);
    if (length + value.length > bytesMax) {
      await reader.cancel();
      return undefined;
    }
    held.set(value, length);
    length += value.length;
  }
}
