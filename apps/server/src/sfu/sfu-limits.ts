/**
 * Limits of the relay to LiveKit: what one connection may send, pile up and take.
 */

/** An offer for a hundred people has 200 sections of up to 6 kB; a longer message ends the connection. */
export const SFU_MESSAGE_BYTES_MAX = 4 * 1024 * 1024;
/** What one side has not taken yet; with more it is cut. Two of the largest messages. */
export const SFU_BUFFER_BYTES_MAX = 8 * 1024 * 1024;
/** livekit-client gives up after as long. */
export const SFU_HANDSHAKE_TIMEOUT_MS = 15_000;
/** A join request, decompressed: an offer of six sections is 20 kB. Compressed it is bounded by Node's limit on headers. */
export const JOIN_REQUEST_BYTES_MAX = 256 * 1024;
