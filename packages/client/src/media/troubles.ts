/**
 * Why a person's picture or sound is missing, for the tile: the reason of the latest dropped frame, said once nothing
 * of that kind has been shown for a second, taken back with the next frame that is shown. Only for display: some reasons
 * come from frames that nobody authenticated.
 *
 * @see SPEC.md S24
 */

import type { MediaKind } from '@conclave/crypto/kid';
import type { Clock } from './clock.ts';
import { TROUBLE_AFTER_MS, TROUBLES_MAX } from './media-limits.ts';

export type Trouble = 'waiting-for-key' | 'unconfirmed' | 'delayed' | 'unverifiable';

export type TroubleReport = {
  /** Hexadecimal. */
  readonly leafKey: string;
  readonly kind: MediaKind;
  readonly trouble: Trouble | undefined;
};

export type Troubles = {
  readonly dropped: (leafKey: string, kind: MediaKind, trouble: Trouble) => void;
  readonly shown: (leafKey: string, kind: MediaKind) => void;
  /** What changed since the last call. */
  readonly changes: () => readonly TroubleReport[];
};

type Entry = {
  readonly leafKey: string;
  readonly kind: MediaKind;
  /** When something was last shown, or when the trouble began. */
  sinceMs: number;
  trouble: Trouble | undefined;
  said: Trouble | undefined;
};

export function createTroubles(clock: Clock): Troubles {
  const entries = new Map<string, Entry>();

  const entryOf = (leafKey: string, kind: MediaKind): Entry | undefined => {
    const id = `${leafKey}/${kind}`;
    const known = entries.get(id);
    if (known || entries.size >= TROUBLES_MAX) return known;
    const entry: Entry = { leafKey, kind, sinceMs: clock.nowMs(), trouble: undefined, said: undefined };
    entries.set(id, entry);
    return entry;
  };

  const dropped = (leafKey: string, kind: MediaKind, trouble: Trouble): void => {
    const entry = entryOf(leafKey, kind);
    if (entry) entry.trouble = trouble;
  };

  const shown = (leafKey: string, kind: MediaKind): void => {
    const entry = entries.get(`${leafKey}/${kind}`);
    if (!entry) return;
    entry.sinceMs = clock.nowMs();
    entry.trouble = undefined;
  };

  const changes = (): readonly TroubleReport[] => {
    const reports: TroubleReport[] = [];
    for (const [id, entry] of entries) {
      const isDue = entry.trouble === undefined || clock.nowMs() - entry.sinceMs >= TROUBLE_AFTER_MS;
      if (isDue && entry.trouble !== entry.said) {
        entry.said = entry.trouble;
        reports.push({ leafKey: entry.leafKey, kind: entry.kind, trouble: entry.trouble });
      }
      if (entry.trouble === undefined && entry.said === undefined) entries.delete(id);
    }
    return reports;
  };

  return { dropped, shown, changes };
}
