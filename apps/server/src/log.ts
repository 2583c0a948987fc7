/**
 * Log: one line per life-cycle transition, of fixed texts and counts. No room, key, name, token or address is ever
 * given to it, so none can be in it.
 *
 * @see SPEC.md V60
 */

export interface Log {
  info(text: string): void;
  error(text: string, error?: unknown): void;
}

/** Class, code and stack frames of an error: never its message, which may quote what a client sent. */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const code = 'code' in error && typeof error.code === 'string' ? ` ${error.code}` : '';
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return [`${error.name}${code}`, ...frames.slice(0, 6)].join('\n');
}

/** Lines with a time, to a stream. */
export function createLog(write: (line: string) => void): Log {
  const line = (text: string): void => write(`${new Date().toISOString()} ${text}\n`);
  return {
    info: line,
    error: (text, error) => line(error === undefined ? text : `${text}: ${describeError(error)}`),
  };
}
