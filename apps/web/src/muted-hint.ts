/**
 * Tells a person who speaks while muted, from the loudness of the own microphone, on this device alone. A cough is not
 * speech: it has to last. SPEC P64.
 */
import { SPEAKING_LEVEL } from '@conclave/client/media/level-meter';
import { signal } from '@preact/signals';
import { MUTED_HINT_MS, MUTED_SPEECH_MS, MUTED_SPEECH_PAUSE_MS } from './limits.ts';

export class MutedHint {
  readonly isShown = signal(false);
  #speaksSinceMs: number | undefined;
  #lastLoudMs = 0;
  #shownMs: number | undefined;

  /** @returns true when the hint appears with this reading */
  hear(level: number, isMuted: boolean, nowMs: number): boolean {
    if (this.isShown.peek() && (!isMuted || nowMs - this.#lastLoudMs > MUTED_HINT_MS)) {
      this.isShown.value = false;
    }
    if (!isMuted || nowMs - this.#lastLoudMs > MUTED_SPEECH_PAUSE_MS) this.#speaksSinceMs = undefined;
    if (!isMuted || level <= SPEAKING_LEVEL) return false;
    this.#lastLoudMs = nowMs;
    this.#speaksSinceMs ??= nowMs;
    if (this.isShown.peek() || nowMs - this.#speaksSinceMs < MUTED_SPEECH_MS) return false;
    this.isShown.value = true;
    this.#shownMs = nowMs;
    return true;
  }

  /** When the hint last appeared, on the clock of `hear`. */
  get shownMs(): number | undefined {
    return this.#shownMs;
  }
}
