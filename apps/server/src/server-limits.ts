/**
 * Limits of starting and supervising: times, sizes and counts, with what raising one costs.
 */

/** Below this an operator's token could be guessed over the network. */
export const ROOM_TOKEN_CHARS_MIN = 16;

/** How many ports for media are tried, from the wanted one upward. */
export const MEDIA_PORTS_TRIED_MAX = 100;

/** A LiveKit that has not answered by then is taken for dead. A start takes 0.3 s; a crowded machine takes long. */
export const LIVEKIT_START_TIMEOUT_MS = 30_000;

/** Pause between two questions whether LiveKit answers, while it starts. Shorter makes the start no faster. */
export const LIVEKIT_START_POLL_MS = 25;

/** Pause between two health checks of a running LiveKit. */
export const LIVEKIT_HEALTH_INTERVAL_MS = 5_000;

/** A health check without an answer by then has failed. */
export const LIVEKIT_HEALTH_TIMEOUT_MS = 5_000;

/**
 * Failed checks in a row after which a LiveKit that hangs is killed and started anew. Killing one that is only slow ends
 * every call, so this errs on waiting: 40 s in all.
 */
export const LIVEKIT_HEALTH_FAILURES_MAX = 4;

/** LiveKit waits on SIGTERM until everybody has left; after this it is killed. */
export const LIVEKIT_STOP_TIMEOUT_MS = 1_500;

/** First pause before a restart; doubled with each failure up to the largest one. */
export const LIVEKIT_RESTART_MIN_MS = 250;
export const LIVEKIT_RESTART_MAX_MS = 30_000;

/** A LiveKit that has run for so long is taken for sound: the next restart starts at the shortest pause again. */
export const LIVEKIT_SOUND_AFTER_MS = 60_000;

/** Failed starts in a row, each on other ports, after which the first start gives up. */
export const LIVEKIT_FIRST_STARTS_MAX = 4;

/** Longest line of LiveKit's log that is read; the rest of a longer one is dropped. */
export const LIVEKIT_LOG_LINE_CHARS_MAX = 16_384;

/** A release archive holds one binary of about 75 MB; more is not one. */
export const LIVEKIT_ARCHIVE_BYTES_MAX = 200 * 1024 * 1024;

/** Until then a download or a build must have ended. */
export const LIVEKIT_DOWNLOAD_TIMEOUT_MS = 10 * 60_000;
export const LIVEKIT_BUILD_TIMEOUT_MS = 20 * 60_000;
