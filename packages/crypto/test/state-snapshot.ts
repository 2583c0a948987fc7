/** Every byte, number and string that a value holds, in one order: to see that nothing of it has changed. */
import type { Bytes } from '@conclave/protocol/bytes';
import { concatBytes, utf8 } from '@conclave/protocol/bytes';

export function snapshot(value: unknown): Bytes {
  const parts: Uint8Array[] = [];
  write(value, parts);
  return concatBytes(...parts);
}

function write(value: unknown, parts: Uint8Array[]): void {
  if (value instanceof Uint8Array) parts.push(utf8(`bytes ${value.length} `), value);
  else if (value instanceof Map) write([...value], parts);
  else if (value !== null && typeof value === 'object') {
    for (const [key, entry] of Object.entries(value)) {
      parts.push(utf8(`${key}:`));
      write(entry, parts);
    }
    parts.push(utf8('end '));
  } else parts.push(utf8(`${typeof value} ${String(value)} `));
}
