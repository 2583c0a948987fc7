/**
 * Limits of the calling package: every time, count and size of the protocol's timers, with unit and reason. The values
 * of D5–D24 are starting values.
 */

// Policy (D6)

/** Host entries of one policy, revoked ones included: 170 bytes each, so that GroupInfo and Welcome stay small. */
export const HOSTS_MAX = 32;

// Committers (D9)

/** Rank k waits k times this: one commit over the slowest usual round trip. */
export const RANK_STEP_MS = 400;
/** From this rank on everybody waits at random in one span: whoever comes that far is replacing several silent ones. */
export const RANK_RANDOM_FROM = 3;
export const RANK_RANDOM_MIN_MS = 1_200;
export const RANK_RANDOM_MAX_MS = 2_400;

// Beats and confirmations (D16, D23)

/** Epochs whose hashes a beat carries: its own and three before. */
export const BEAT_HASHES_MAX = 4;
/** How far back a hash in a beat may lie: one byte says it. */
export const BEAT_EPOCHS_BACK_MAX = 255;
/** Live senders in one beat: four kinds, and room for replaced ones. */
export const BEAT_CONTEXTS_MAX = 16;
/** A leaf is confirmed while its newest beat is younger than this: two beats of 10 s and slack. */
export const CONFIRMED_MS = 25_000;
/** Own media pauses when no other leaf of the current epoch was heard for this long. */
export const SEND_LEASE_MS = 30_000;
/** Beats this many epochs ahead of the own one are kept and judged at merge. */
export const BEAT_EPOCHS_AHEAD_MAX = 2;
/** Kept beats of keys that stand in no leaf yet: two batches of admissions. Others are bounded by the tree. */
export const BEATS_AHEAD_OF_STRANGERS_MAX = 64;
/** Own epochs whose hashes are remembered, for laggards' beats. */
export const OWN_HASHES_MAX = 8;
/** An `ask` is answered at most this often. */
export const ASK_ANSWER_INTERVAL_MS = 1_000;
/** Leaves other than a host that must prove a fork before the call counts as forked (D23, G26). */
export const FORK_WITNESSES_MIN = 2;
/** A host who is in the tree and silent holds the own media back from then on (D16). */
export const HOST_WAIT_MS = 3_000;
/** … and after this time the person is asked whether to go on. */
export const HOST_QUESTION_MS = 20_000;

// Media schedule (D14)

/** An Add-only epoch is sent under after this time at the latest: whoever has not confirmed by then lags. */
export const SEND_SWITCH_MAX_MS = 700;
/** Receive keys of an epoch live this long after the next one. */
export const RECEIVE_WINDOW_MS = 8_000;
/** A Remove cuts all older receive windows to this. */
export const RECEIVE_WINDOW_AFTER_REMOVE_MS = 1_000;
/** Epochs whose receive keys live at one time. */
export const RECEIVE_EPOCHS_MAX = 4;
