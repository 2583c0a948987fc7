/**
 * Release archives that may be downloaded, by `<platform>-<arch>`. An archive without its SHA-256 here is never
 * fetched; while the table is empty, nothing is.
 */
import type { PinnedRelease } from './release-archive.ts';

export const PINNED_RELEASES: Readonly<Record<string, PinnedRelease>> = {};
