/**
 * Limits of the call machine: its timers and the sizes of what it keeps, with unit and reason (D5–D10, D24).
 */

/** A knock unanswered for this long, without a new epoch: the joiner lets itself in by an external commit (D5). */
export const FALLBACK_DELAY_MS = 1_500;
/** No way in has worked for this long: the person is told. A lobby and a frozen call are waited for without end. */
export const NOT_ANSWERED_MS = 60_000;
/** A request to the server unanswered for this long: the log is asked, or the request made again. */
export const REPLY_TIMEOUT_MS = 3_000;
/** A commit that cannot be taken is reported; after this time without a reopening the member resyncs (D24). */
export const REOPEN_WAIT_MS = 1_000;
/** Resyncs that were taken in a minute; then the person is told (D24). */
export const RESYNCS_PER_MINUTE_MAX = 3;
/** A client that has not come back for this long tells the person. */
export const RETURN_TIMEOUT_MS = 60_000;
/** Between two attempts to enter by an external commit: others' commits come between, and two who return must not keep step. */
export const EXTERNAL_RETRY_MIN_MS = 150;
export const EXTERNAL_RETRY_MAX_MS = 600;
/** A leaver waits this long for its successor's entry, and this long again to repeat its proposal (D6, D10). */
export const LEAVE_STEP_MS = 1_000;
/** Add-only commits follow each other at this distance at the least (D9). */
export const ADMISSION_INTERVAL_MS = 500;
/** Rank 0 commits an empty path this long after the last path (D9). */
export const REFRESH_INTERVAL_MS = 10 * 60_000;
/** A kick or a rotation not merged for this long pauses the kicker's media, and the person is told (D10). */
export const KICK_TROUBLE_MS = 3_000;
/** The group frozen for this long: everybody is told (D10). */
export const FREEZE_TROUBLE_MS = 10_000;
/** A link as it was before rotations still opens beats and names of laggards: links kept beside the one in force. */
export const LINKS_KEPT_MAX = 4;
/** People who wait at one time: several commits' worth; more are dropped and knock again. */
export const KNOCKS_KEPT_MAX = 128;
/** Commits that overtake the own entry: the log answers for more. */
export const EARLY_COMMITS_MAX = 16;
/** KeyPackage references remembered against replay: many times the joins of a 24 h call of 100. */
export const USED_REFERENCES_MAX = 4_096;
/** Own beats go out at this interval (D23). */
export const BEAT_INTERVAL_MS = 10_000;
/** Beats on changes of flags: at most two a second (D23). */
export const FLAG_BEAT_INTERVAL_MS = 500;
/** A beat of a later epoch than mine and no commit for this long: the log is asked. */
export const BEHIND_WAIT_MS = 1_000;
/** Who came back without its state into a frozen group says hello again at this interval. */
export const FROZEN_RETRY_MS = 5_000;
/** Own commits of one epoch that were given up and are remembered: one is given up every few seconds at the most. */
export const SHELVED_COMMITS_MAX = 4;
/** People who are gone and of whom the view says why: a page reads it at once. */
export const DEPARTURES_KEPT_MAX = 32;
/** Groups of one room that are remembered: only the holder of the host key founds another one. */
export const SEEN_GROUPS_MAX = 8;
/** Keys that were here before, let in again without a click: as many as the KeyPackages remembered. */
export const FORMER_KEYS_MAX = 4_096;
/** After a commit that was not taken, and no newer epoch to show for it: a server that refuses for ever is asked at this pace. */
export const COMMIT_RETRY_MS = 250;
