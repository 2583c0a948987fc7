/**
 * Limits of the client: times, sizes and counts with their unit and reason.
 */

/** D24: how long a host's key outlives the Leave button. */
export const HOST_KEY_LIFETIME_AFTER_LEAVE_MS = 24 * 3_600_000;
/** D12: how long a reload waits for the old page to let go of the leaf key before it comes as a new person. */
export const LEAF_LOCK_WAIT_MS = 1_000;
/** First and longest pause between two attempts to reach the server; each attempt doubles it. */
export const RECONNECT_DELAY_MIN_MS = 250;
export const RECONNECT_DELAY_MAX_MS = 5_000;
/** A socket that neither opens nor says hello in this time is given up. */
export const CONNECT_TIMEOUT_MS = 10_000;
/** The longest that Leave waits for a successor to be signed and the proposal to be sent (D6, D10). */
export const LEAVE_TIMEOUT_MS = 1_500;
/** First and longest pause before another SFU ticket is asked for. */
export const SFU_RETRY_DELAY_MIN_MS = 250;
export const SFU_RETRY_DELAY_MAX_MS = 5_000;
/** Events that wait for the call machine: a hundred members' beats of several seconds. */
export const MAILBOX_EVENTS_MAX = 4_096;
/** Pictures that are asked for before the page has said what is on the screen: what fits one at a readable size. */
export const FIRST_PICTURES_MAX = 9;
/** The middle layer of a 720p camera: seen at once in any tile, replaced by the size that the page reports. */
export const FIRST_PICTURE_WIDTH_PX = 640;
export const FIRST_PICTURE_HEIGHT_PX = 360;
/** Links of one room held at a time: each Remove between a kick and the change of the link derives another (D10). */
export const HELD_LINKS_MAX = 8;
/** Each rehearsal of a join waits for the preview's own work: camera, picture, sockets. */
export const REHEARSAL_DELAY_MS = 300;
/** The first one takes several times as long as the fourth; after that little is gained. */
export const REHEARSALS = 4;
/** Bytes of the messages that wait for the call machine: sixteen of the largest. */
export const MAILBOX_BYTES_MAX = 16 * 1024 * 1024;
/** How long a tree may take; who joins would ask again after that. */
export const TREE_TIMEOUT_MS = 5_000;
/** How long the machine waits for the page to have stored a link: a page that hangs must not stop the call. */
export const LINK_STORED_TIMEOUT_MS = 1_000;
/** Keys of removed people kept with a room's links: twice as many as a call can hold. */
export const KICKED_KEYS_MAX = 200;
/** Of two tickets within this time the second is left alone, unless the first has failed. */
export const SFU_TICKET_SPACING_MS = 1_000;
