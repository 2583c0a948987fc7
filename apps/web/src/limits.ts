/** Limits of the pages: sizes, counts and times, each with its unit and its reason. */

/** A name must fit the 64 bytes that seal it in a leaf (D20), its length included. */
export const NAME_BYTES_MAX = 60;
/** In full screen the controls fade after this time without movement. */
export const CONTROLS_VISIBLE_MS = 4_000;
/** A wait that is shorter than this shows nothing: a flash of a step is worse than none. */
export const STEP_SHOWN_AFTER_MS = 300;
/** A notice ('Ada joined') stays this long. */
export const NOTICE_MS = 5_000;
/** Notices kept at a time; the oldest goes first. */
export const NOTICES_MAX = 3;
/** Tiles are reported to the session at most this often: a resize is a storm of events. */
export const VISIBLE_TILES_DELAY_MS = 150;
/** The others' pictures are looked at this often, and count as stopped without a new frame for the second time. */
export const PICTURE_LOOK_MS = 500;
export const PICTURE_STALLED_MS = 2_000;
/** The own loudness is read 20 times a second: smooth to look at, cheap to take. */
export const LEVEL_READING_MS = 50;
/** Narrower tiles than this are scrolled to, not squeezed. */
export const TILE_WIDTH_PX_MIN = 120;
/** The server's clock is asked this long before the own one is taken. */
export const SERVER_CLOCK_TIMEOUT_MS = 2_000;
/** Whoever came before the call looks again this often: a host who starts it is not waited for noticeably longer. */
export const LOOK_AGAIN_MS = 5_000;
/** One look takes no longer: a server that does not answer is looked for again. */
export const LOOK_TIMEOUT_MS = 10_000;
/** And this often at most, ten minutes: a page that was forgotten must not ask for ever. */
export const LOOKS_MAX = 120;
/** A pasted link is cut here before it is parsed. */
export const PASTED_LINK_CHARS_MAX = 2_000;
/** An operator's token is not longer than this. */
export const TOKEN_CHARS_MAX = 200;
/** Making a sound takes some 20 ms of the page, which a new person's first picture needs. */
export const CHIME_DELAY_MS = 400;
/** From more people on, coming and going makes no sound. */
export const CHIMES_PEOPLE_MAX = 12;
/** Speech of a muted person: this long, with pauses no longer than the second number, before the page says so. */
export const MUTED_SPEECH_MS = 600;
export const MUTED_SPEECH_PAUSE_MS = 400;
/** The hint stays this long after the last word. */
export const MUTED_HINT_MS = 3_000;
/** Its sound comes once in this time at most. */
export const MUTED_CHIME_PAUSE_MS = 30_000;
/** A tile that moved less than this was clicked, not dragged. */
export const DRAG_PX_MIN = 6;
