/**
 * Who is gone, and by whose doing (D8): told from the commits that were merged, never from the server's messages. A server
 * can evict anybody by an attestation, so what it brings about is shown as its own act.
 *
 * @see SPEC.md C148
 */
import { equalBytes, toHex } from '@conclave/protocol/bytes';
import type { Advent, Member } from './call-state.ts';
import { DEPARTURES_KEPT_MAX } from './machine-limits.ts';
import { decodeMarker } from './markers.ts';
import { numberedNames, type Roster } from './roster.ts';
import type { Departure } from './view.ts';

/** @param roster - of the epoch before: it has the names of those who go */
export function departuresAfter(
  departures: readonly Departure[],
  before: Member,
  after: Pick<Member, 'epoch' | 'leaves'>,
  advent: Advent,
  roster: Roster,
): readonly Departure[] {
  const names = numberedNames(roster.map(({ name }) => name));
  const gone = roster.flatMap(({ leaf: { signatureKey } }, index): Departure[] => {
    if (after.leaves.some((leaf) => equalBytes(leaf.signatureKey, signatureKey))) return [];
    const by = causeOf(signatureKey, before, advent);
    return [{ key: toHex(signatureKey), name: names[index] ?? '', by, epoch: after.epoch }];
  });
  return gone.length === 0 ? departures : [...departures, ...gone].slice(-DEPARTURES_KEPT_MAX);
}

/** Whoever came back by a resync did not see the commits between. */
function causeOf(key: Uint8Array, { proposals }: Member, { kind, marker }: Advent): Departure['by'] {
  if (kind === 'kick') return 'host';
  if (kind !== 'remove') return 'unknown';
  const decoded = decodeMarker(marker);
  const attested = decoded?.t === 'attested' ? decoded.attestations : [];
  if (attested.some(({ leafKey }) => equalBytes(leafKey, key))) return 'server';
  return proposals.some(({ leafKey }) => equalBytes(leafKey, key)) ? 'themselves' : 'host';
}
