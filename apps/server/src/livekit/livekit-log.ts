/**
 * What of LiveKit's output a person gets to see. Its log lines carry participants, rooms and addresses in their fields,
 * so nothing but level and message passes; what is no log line passes only before anybody can have connected.
 *
 * @see SPEC.md V12
 */
import { LIVEKIT_LOG_LINE_CHARS_MAX } from '../server-limits.ts';

/** Of everybody who stands at the preview for half a minute: what they will publish has no track yet (client SPEC S41). */
const EXPECTED_MESSAGE = 'supervisor error on publication';

/** Level and message of a line of LiveKit's JSON log; undefined for anything else, and for what is no trouble here. */
export function shownLogLine(line: string): string | undefined {
  if (line.length > LIVEKIT_LOG_LINE_CHARS_MAX || !line.startsWith('{')) return undefined;
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry !== 'object' || entry === null) return undefined;
    if (!('level' in entry && 'msg' in entry)) return undefined;
    const { level, msg } = entry;
    if (msg === EXPECTED_MESSAGE) return undefined;
    return typeof level === 'string' && typeof msg === 'string' ? `LiveKit ${level}: ${msg}` : undefined;
  } catch {
    return undefined;
  }
}
