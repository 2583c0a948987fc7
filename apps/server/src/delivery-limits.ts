/**
 * Limits of the delivery service: rates, counts and sizes that protect one process from its clients.
 */
import type { ClientMessage } from '@conclave/protocol/wire';

/** `burst` at once, refilled by `perSecond`. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/** Messages of one socket, by kind. A client of ours stays far below each. */
export const MESSAGE_RATES: Readonly<Record<ClientMessage['t'], Rate>> = {
  hello: { burst: 1, perSecond: 0 },
  found: { burst: 5, perSecond: 0.2 },
  knock: { burst: 6, perSecond: 1 },
  commit: { burst: 20, perSecond: 5 },
  proposal: { burst: 10, perSecond: 1 },
  // On each change of a flag (two a second) and of an epoch, and answers to `ask` (one a second)
  beat: { burst: 30, perSecond: 6 },
  log: { burst: 20, perSecond: 2 },
  'group-info': { burst: 10, perSecond: 2 },
  'report-invalid': { burst: 6, perSecond: 0.2 },
  sfu: { burst: 10, perSecond: 0.5 },
  leave: { burst: 1, perSecond: 0 },
};

/** Bytes of one socket, counted before anything is parsed: a join storm's committer sends about 1 MiB a second. */
export const SOCKET_BYTES_RATE: Rate = { burst: 16 * 1024 * 1024, perSecond: 4 * 1024 * 1024 };
/** Messages of one socket that wait for the store; more are refused. */
export const PENDING_MESSAGES_MAX = 32;
/** What a client that does not read may pile up here before it is cut. Holds several whole trees of commits. */
export const SEND_BUFFER_BYTES_MAX = 8 * 1024 * 1024;
/** A socket that has not answered a ping by the next one is half open. */
export const PING_INTERVAL_MS = 5_000;

/** A hundred people may sit behind one address. */
export const SOCKETS_PER_ADDRESS_MAX = 400;
export const SOCKETS_MAX = 20_000;
/** Hellos and rooms of one address; of a whole process. */
export const HELLO_RATE_PER_ADDRESS: Rate = { burst: 400, perSecond: 10 };
export const ROOM_RATE_PER_ADDRESS: Rate = { burst: 100, perSecond: 1 };
export const ROOM_RATE: Rate = { burst: 400, perSecond: 10 };
export const ROOMS_MAX = 5_000;
/** Addresses remembered at once; beyond it the oldest is forgotten. */
export const ADDRESSES_MAX = 50_000;

/**
 * Sessions of one call whom nobody admitted: who waits, and who only reads the log after a removal. A full call can
 * come at once; beyond it the address that holds the most gives way.
 */
export const WAITING_SESSIONS_PER_CALL_MAX = 100;
/** Leaf keys by participant id that a call remembers, so that who was admitted while reconnecting is known. */
export const LEAF_KEYS_PER_CALL_MAX = 2_000;
/** Members that a group ever had; above it nobody joins any more, and a new call is due. */
export const MEMBERS_EVER_MAX = 20_000;
/** Leavers send one proposal, and repeat it once or twice. */
export const PROPOSALS_PER_MEMBER_MAX = 3;
/** Trees kept: a joiner fetches its tree while the next commits are already in (D9 paces them by 500 ms). */
export const TREES_KEPT = 4;
/** Trees that one session fetches: one a join or resync, of which there are at most three a minute (D24). */
export const TREE_RATE: Rate = { burst: 8, perSecond: 0.2 };
/** Reopened commits of one author after which its commits are not taken any more (D7). */
export const REFUSED_COMMITS_MAX = 2;
/** Earlier `access` hashes that a call remembers: one a kick. */
export const EARLIER_ACCESS_MAX = 64;
/** Counted holders of the old link; beyond it the number stays. */
export const OLD_LINK_COUNT_MAX = 999;
/** Beats are bundled over this span for each member with a session: 1 ms for two, `BEAT_BUNDLE_MS` from 100 on. */
export const BEAT_BUNDLE_MS_PER_MEMBER = 0.5;
/** Beats that are bundled at most; a full bundle goes at once. 1.4 kB each as text, under the 1 MiB of a frame. */
export const BEATS_PER_BUNDLE_MAX = 500;
/** Pause between two looks at what has become due. */
export const SWEEP_INTERVAL_MS = 250;

/** Tickets of one session that are valid at once: reconnects overlap. */
export const TICKETS_PER_SESSION_MAX = 4;
/** Connections through the proxy of one session. */
export const SFU_CONNECTIONS_PER_SESSION_MAX = 4;
/** Long enough to connect; a removed client must not come back with it (livekit.md §1). */
export const SFU_TOKEN_LIFETIME_S = 60;
/** A call to LiveKit's API without an answer by then has failed. */
export const SFU_REQUEST_TIMEOUT_S = 3;
/** Pauses before a call to LiveKit's API is tried again; after the last it is given up. */
export const SFU_RETRY_DELAYS_MS: readonly number[] = [50, 100, 200, 400, 800, 1_600, 3_200, 5_000];
/** A clean stop gives sockets this long to close. */
export const STOP_TIMEOUT_MS = 1_000;
