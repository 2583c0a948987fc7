/**
 * The page before a call: see and hear oneself, choose devices and a name, join. The session opens meanwhile. SPEC P10,
 * P11.
 */
import { signal } from '@preact/signals';
import type { CallModel } from './call-model.ts';
import { cleanName } from './own-name.ts';

export interface PreviewOptions {
  readonly call: CallModel;
  readonly name: string;
  readonly isFounder: boolean;
  onJoin(name: string): void;
}

export class PreviewModel {
  readonly call: CallModel;
  readonly name = signal('');
  readonly isNameMissing = signal(false);
  readonly #options: PreviewOptions;

  constructor(options: PreviewOptions) {
    this.#options = options;
    this.call = options.call;
    this.name.value = options.name;
  }

  join(): void {
    const name = cleanName(this.name.value);
    this.isNameMissing.value = name === '';
    if (name === '') return;
    this.call.enter({ name, way: this.#options.isFounder ? 'start' : 'ask' });
    this.#options.onJoin(name);
  }

  async joinWithoutCamera(): Promise<void> {
    await this.call.own.setCameraOn(false);
    this.join();
  }
}
