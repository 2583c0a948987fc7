/** Whose frames a receiver shows: what the media worker decides, and every tile follows (D16). */
import type { MediaKind } from '@conclave/crypto/kid';

export type Binding = {
  /** Hexadecimal. */
  readonly leafKey: string;
  readonly kind: MediaKind;
};
