/**
 * Error codes: the closed set that the server may answer with. Each says who can cause it and whether the
 * connection stays open; what a person reads for it stands in the web app.
 */

export const ERROR_CODES = {
  /** The message is no JSON of a known shape. The connection is closed. */
  MALFORMED: { closes: true },
  /** A message or a field is over its limit. The connection is closed. */
  TOO_LARGE: { closes: true },
  /** Too many messages of a kind; the message was not taken. */
  RATE_LIMITED: { closes: false },
  /** No hello in time, a second one, or its signature is wrong. */
  BAD_HELLO: { closes: true },
  /** Ended, or not started. */
  NO_SUCH_ROOM: { closes: true },
  /** `access` is not the room's. */
  ACCESS_DENIED: { closes: true },
  /** `access` was the room's before the link was changed. */
  LINK_CHANGED: { closes: true },
  ROOM_FULL: { closes: true },
  /** The operator lets rooms be made with a token only, and it is missing or wrong. */
  ROOMS_NEED_TOKEN: { closes: true },
  /** Too many rooms or sockets from one address or in one process. */
  TOO_MANY: { closes: true },
  /** The same leaf key said hello on another socket. */
  SUPERSEDED: { closes: true },
  /** A commit named this participant as `left`. */
  REMOVED: { closes: true },
  /** Only a member, or only the holder of the host key, may ask this. */
  NOT_ALLOWED: { closes: false },
  /** No group has been founded. */
  NO_GROUP: { closes: false },
  /** Names an epoch that is not the current one, or a log that is no longer there: resync. */
  WRONG_EPOCH: { closes: false },
  /** Between a kick and its rotation nobody is let in (D7). */
  FROZEN: { closes: false },
  /** The server is stopping; come back in a moment. */
  STOPPING: { closes: true },
  /** A fault of the server. */
  INTERNAL: { closes: true },
} as const satisfies Record<string, { closes: boolean }>;

export type ErrorCode = keyof typeof ERROR_CODES;
