/**
 * How a person looks without a picture: initials, and a hue from the leaf's key, so that a chosen name cannot borrow
 * another person's colour. SPEC P7.
 */

/** One or two letters; a middle dot where a name has none. */
export function initialsOf(name: string): string {
  const words = name.split(/[\s._-]+/u).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const letters = words.map((word) => [...word].find((char) => /[\p{L}\p{N}]/u.test(char)) ?? '');
  const [first] = letters;
  if (first === undefined) return '·';
  const last = letters.length > 1 ? (letters.at(-1) ?? '') : '';
  return (first + last).toLocaleUpperCase();
}

/** Degrees 0–359, from the hexadecimal leaf key. */
export function hueOf(personKey: string): number {
  let hash = 0;
  for (const char of personKey) hash = (hash * 31 + char.charCodeAt(0)) >>> 0;
  return hash % 360;
}

/**
 * A leaf's name as shown: it is empty when it cannot be read (D20). Nothing in it steers the text around it: another
 * device may have sealed characters that this page would not take.
 */
export function shownName(name: string): string {
  const plain = name.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, '');
  return plain.trim() === '' ? 'Someone' : plain;
}

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** The same amid other words: a name that runs from right to left keeps to itself. */
export function nameInSentence(name: string): string {
  const shown = shownName(name);
  return RIGHT_TO_LEFT.test(shown) ? `\u2068${shown}\u2069` : shown;
}
