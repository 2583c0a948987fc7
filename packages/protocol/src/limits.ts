/**
 * Limits of the wire: every size, count and time that both sides must agree on, with its unit and its reason.
 */

/** A frame on the socket, after UTF-8. Trees above this size travel inside commits as base64url: 269 kB at 100 members. */
export const SOCKET_MESSAGE_BYTES_MAX = 1024 * 1024;
/** R4: the 101st is told why. */
export const PARTICIPANTS_MAX = 100;
/** How many waiting people one commit admits (D5). */
export const ADMISSIONS_PER_COMMIT_MAX = 32;
/** A sealed knock: 4 KiB of padded plaintext, nonce and tag (D5). */
export const KNOCK_BYTES_MAX = 4 * 1024 + 28;
/** A sealed beat, padded to one size by its sender (D23). */
export const BEAT_BYTES_MAX = 1024;
/** An MLS commit: 85 kB with 32 X-Wing admissions, 62 kB for a Remove with unmerged leaves. */
export const COMMIT_BYTES_MAX = 256 * 1024;
export const PROPOSAL_BYTES_MAX = 4 * 1024;
/** Proposals that one epoch of the log can hold: everybody may leave at once. */
export const PROPOSALS_PER_EPOCH_MAX = PARTICIPANTS_MAX;
/** One joiner's own Welcome: 1.7 kB with X-Wing, policy and old names included. */
export const WELCOME_BYTES_MAX = 32 * 1024;
export const GROUP_INFO_BYTES_MAX = 32 * 1024;
/** 269 kB at 100 members with X-Wing. */
export const TREE_BYTES_MAX = 512 * 1024;
/** A tree of up to so many bytes comes with the Welcome and spares a joiner one round trip: some twenty members. */
export const WELCOME_TREE_BYTES_MAX = 32 * 1024;
/** Entries and bytes of the log that one request replays; who missed more resyncs (D7). */
export const LOG_ENTRIES_MAX = 64;
export const LOG_BYTES_MAX = 4 * 1024 * 1024;
/** A room in which no group was founded dies after this time (D26). */
export const UNFOUNDED_ROOM_LIFETIME_MS = 10 * 60_000;
/** A call ends this long after its last socket (D24). */
export const EMPTY_CALL_LIFETIME_MS = 60_000;
/** The server attests a lost socket after this time (D8). */
export const ATTESTATION_DELAY_MS = 15_000;
/** Others are shown 'reconnecting' after this time (D8). */
export const RECONNECTING_DELAY_MS = 2_000;
/** The server sends the beats of this span as one bundle, of a shorter one in small calls (D23). */
export const BEAT_BUNDLE_MS = 50;
/** How long a socket may stay silent before hello. */
export const HELLO_TIMEOUT_MS = 10_000;
