/** What this device keeps of how a person uses the pages, besides the name: whether sounds play. SPEC P11. */
import { signal } from '@preact/signals';

const SOUNDS = 'conclave.sounds';

export class Habits {
  readonly areSoundsOn = signal(true);
  readonly #storage: Pick<Storage, 'getItem' | 'setItem'>;

  constructor(storage: Pick<Storage, 'getItem' | 'setItem'>) {
    this.#storage = storage;
    this.areSoundsOn.value = storage.getItem(SOUNDS) !== 'off';
  }

  setSounds(isOn: boolean): void {
    this.areSoundsOn.value = isOn;
    this.#storage.setItem(SOUNDS, isOn ? 'on' : 'off');
  }
}
