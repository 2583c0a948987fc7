/**
 * Who commits first (D9): leaves ranked by a hash that nobody outside the epoch can predict. Rank is politeness, checked by
 * nobody; compare-and-set makes duplicates harmless.
 *
 * @see SPEC.md C42
 */
import { epoch as epochOf, exportSecret, type GroupState, type Suite } from '@conclave/crypto/mls/engine';
import { type Bytes, toHex, uintBytes } from '@conclave/protocol/bytes';
import { RANK_RANDOM_FROM, RANK_RANDOM_MAX_MS, RANK_RANDOM_MIN_MS, RANK_STEP_MS } from './limits.ts';

export interface RankRequest {
  /** 32 bytes, of `exportRankSecret`. */
  readonly secret: Bytes;
  /** Leaf indexes counted as confirmed, the own one included; not leavers. */
  readonly candidates: readonly number[];
  readonly own: number;
}

/** MLS-Exporter("committer", epoch), 32 bytes: the same for all members of an epoch. */
export function exportRankSecret(state: GroupState, suite: Suite): Promise<Bytes> {
  return exportSecret(state, suite, 'committer', uintBytes(epochOf(state), 8), 32);
}

/**
 * How long this member waits before it commits, in milliseconds from when the wish arose; undefined for who is no
 * candidate.
 *
 * @param random - in [0, 1)
 */
export async function rankDelayMs(request: RankRequest, random: () => number): Promise<number | undefined> {
  const rank = (await rankLeaves(request)).indexOf(request.own);
  if (rank < 0) return undefined;
  if (rank < RANK_RANDOM_FROM) return rank * RANK_STEP_MS;
  return RANK_RANDOM_MIN_MS + random() * (RANK_RANDOM_MAX_MS - RANK_RANDOM_MIN_MS);
}

/** The candidates in rank order. */
export async function rankLeaves({ secret, candidates }: Omit<RankRequest, 'own'>): Promise<number[]> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', secret, algorithm, false, ['sign']);
  const ranked = await Promise.all(
    [...new Set(candidates)].map(async (leafIndex) => {
      const tag = await crypto.subtle.sign('HMAC', key, uintBytes(leafIndex, 4));
      return { leafIndex, tag: toHex(new Uint8Array(tag)) };
    }),
  );
  return ranked.sort((a, b) => (a.tag < b.tag ? -1 : 1)).map(({ leafIndex }) => leafIndex);
}
