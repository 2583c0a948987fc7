/** The name that a person goes by: remembered on this device, 1–60 bytes. SPEC P11. */
import { NAME_BYTES_MAX } from './limits.ts';

const SLOT = 'conclave.name';

/** Trimmed and cut to what fits a leaf, at a character's edge; control characters become spaces. */
export function cleanName(text: string): string {
  const encoder = new TextEncoder();
  let name = '';
  let bytes = 0;
  for (const char of text
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\s]+/gu, ' ')
    .trim()) {
    bytes += encoder.encode(char).length;
    if (bytes > NAME_BYTES_MAX) break;
    name += char;
  }
  return name.trim();
}

export function rememberedName(storage: Pick<Storage, 'getItem'>): string {
  return cleanName(storage.getItem(SLOT) ?? '');
}

export function rememberName(storage: Pick<Storage, 'setItem'>, name: string): void {
  storage.setItem(SLOT, name);
}
