/**
 * What this device keeps of how a person uses the pages, besides the name: whether sounds play, and that the bar has been
 * seen through a whole call, so that its icons need no words any more. SPEC P11.
 */
import { signal } from '@preact/signals';

const SOUNDS = 'conclave.sounds';
const BAR = 'conclave.bar';

export class Habits {
  readonly areSoundsOn = signal(true);
  /** False until a first call on this device has ended. */
  readonly isBarKnown = signal(false);
  readonly #storage: Pick<Storage, 'getItem' | 'setItem'>;

  constructor(storage: Pick<Storage, 'getItem' | 'setItem'>) {
    this.#storage = storage;
    this.areSoundsOn.value = storage.getItem(SOUNDS) !== 'off';
    this.isBarKnown.value = storage.getItem(BAR) === 'known';
  }

  setSounds(isOn: boolean): void {
    this.areSoundsOn.value = isOn;
    this.#storage.setItem(SOUNDS, isOn ? 'on' : 'off');
  }

  /** The words under the icons go with the next call, not in the middle of this one. */
  learnBar(): void {
    this.#storage.setItem(BAR, 'known');
  }
}
