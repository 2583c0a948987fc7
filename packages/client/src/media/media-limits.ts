/**
 * Limits of the media side: every time, count and size, with its unit and its reason.
 */

/** Receive keys of an older epoch live at most this long after a newer one came (D14); milliseconds. */
export const RECEIVE_WINDOW_MS = 8_000;
/** Epochs whose receive keys live at the same time (D14). */
export const LIVE_EPOCHS_MAX = 4;
/** Frames of one of the next epochs are held, so that a key that is under way still opens them (D14). */
export const EPOCHS_AHEAD_MAX = 4;
/** How long a frame waits for its key, or for its sender's confirmation (D14, D16); milliseconds from its arrival. */
export const HOLD_MS = 1_000;
/** Frames that wait in one receiver (attacks M8): above 1 s of Opus at 50 a second, bounded under a flood. */
export const HELD_FRAMES_MAX = 64;
/** Derived keys and replay windows of one leaf under one epoch: four kinds, and sixteen reconnects. */
export const FRAME_KEYS_PER_LEAF_MAX = 64;
/** A key of a leaf that has too many gives way after this silence: a beat has said all of its counters; milliseconds. */
export const FRAME_KEY_IDLE_MS = 30_000;
/** Groups that one worker remembers, so that none is entered twice. A group begins when a founder starts anew. */
export const GROUPS_MAX = 1_024;
/** A frame that a beat older than this has already counted is stale (D15); milliseconds. */
export const STALE_AFTER_MS = 3_000;
/** A sender that no beat has named yet is shown this long: news of senders travels within one second; milliseconds. */
export const UNNAMED_GRACE_MS = 3_000;
/** Ended senders of one person that are remembered. */
export const ENDED_CONTEXTS_MAX = 64;
/** A receiver keeps a person's picture or sound until nothing of it came for this long (D15): a still screen is sent once a second;
 * milliseconds. */
export const HOLDER_IDLE_MS = 2_000;
/** Sound that was received is played within this time; milliseconds. */
export const SOUND_DRAIN_MS = 500;
/** Frames of other layers, and frames lost at the end of a picture: behind by less is not standing still. */
export const OVERTAKEN_FRAMES = 10;
/** Key frames asked for by one receiver: at most one in this time, which the SFU's own throttle lets through; milliseconds. */
export const KEY_FRAME_REQUEST_MS = 250;
/** A person's trouble is said once nothing of that kind was shown for this long; milliseconds. */
export const TROUBLE_AFTER_MS = 1_000;
/** Pairs of person and kind whose trouble is kept. */
export const TROUBLES_MAX = 512;
/** The worker reports contexts, counters and troubles this often; milliseconds. */
export const REPORT_INTERVAL_MS = 1_000;
/** A worker that has not answered for this long, twice, is broken; milliseconds. */
export const ANSWER_TIMEOUT_MS = 5_000;
/** The watchdog looks at every sender this often (D17); milliseconds. */
export const WATCHDOG_INTERVAL_MS = 500;
/** Clear bytes that a packetizer adds to each packet: VP9's descriptor with its scalability structure is the largest. */
export const PACKET_DESCRIPTOR_BYTES_MAX = 32;
/** Payload that may leave uncounted before the watchdog raises the alarm: about two frames; bytes. */
export const UNSEALED_TOLERANCE_BYTES = { audio: 600, video: 2_000 } as const;
/** Frames between an encoder's count and the worker's: two for each of three layers. */
export const UNSEEN_FRAMES_TOLERANCE = 6;
/** A shared screen is read, not watched; more only costs. */
export const SCREEN_FRAMES_PER_SECOND_MAX = 15;
/** What an SFU may make the sound encoder use: twice what music needs. */
export const SOUND_BITS_PER_SECOND_MAX = 128_000;
