/**
 * Limits of the relay to LiveKit: what one connection may send, pile up and take. What members say is not decoded; what
 * others say is, on the one thread that serves every call, so they have limits of their own.
 */
import type { Rate } from '../delivery-limits.ts';

/** An offer for a hundred people has 200 sections of up to 6 kB; a longer message ends the connection. */
export const SFU_MESSAGE_BYTES_MAX = 4 * 1024 * 1024;
/** What one side has not taken yet; with more it is cut. Two of the largest messages. */
export const SFU_BUFFER_BYTES_MAX = 8 * 1024 * 1024;
/** livekit-client gives up after as long. */
export const SFU_HANDSHAKE_TIMEOUT_MS = 15_000;
/** A join request, decompressed: an offer of six sections is 20 kB. Compressed it is bounded by Node's limit on headers. */
export const JOIN_REQUEST_BYTES_MAX = 64 * 1024;
/** Connections of one session that waits, and its questions why one was refused. A client of ours makes one, and repeats it slowly. */
export const WAITING_CONNECT_RATE: Rate = { burst: 10, perSecond: 1 };

/** A message of somebody who waits that is no session description: a track is announced, or tracks are named, in 5 kB. */
export const WAITING_MESSAGE_BYTES_MAX = 16 * 1024;
/** An offer or answer of theirs: the sound of 99 people at 2 kB each, nine pictures at 6 kB, twice over. */
export const WAITING_DESCRIPTION_BYTES_MAX = 512 * 1024;
/** Fields of such a description: its text, and an entry for each track that is sent. A decoder's work grows with them. */
export const WAITING_DESCRIPTION_FIELDS_MAX = 256;
/** Tracks that one subscription names: the sound and the picture of everybody else. More are dropped. */
export const WAITING_TRACKS_MAX = 256;
/** Messages of one session that waits: with 99 others it names 100 tracks one by one, each with its settings. */
export const WAITING_MESSAGE_RATE: Rate = { burst: 1_000, perSecond: 50 };
/** Their bytes, but for large descriptions: an announced track or a candidate is 300 B, a named track 40 B. */
export const WAITING_BYTES_RATE: Rate = { burst: 128 * 1024, perSecond: 16 * 1024 };
/** Bytes of large descriptions: in a full call some rounds of 250 kB, and those again after a reconnect. */
export const WAITING_DESCRIPTION_BYTES_RATE: Rate = { burst: 2 * 1024 * 1024, perSecond: 128 * 1024 };
