/**
 * The page before a call: see and hear oneself, choose devices and a name, join. The session opens meanwhile; joining
 * before it is ready waits for it, with a name for the wait. SPEC P10, P11, P29.
 */
import { computed, signal } from '@preact/signals';
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
  readonly isJoining = signal(false);
  readonly hasSession = signal(false);
  /** What the person waits for; undefined while nothing is asked. */
  readonly step = computed(() => (this.isJoining.value ? this.#stepWords() : undefined));
  readonly #options: PreviewOptions;

  constructor(options: PreviewOptions) {
    this.#options = options;
    this.call = options.call;
    this.name.value = options.name;
  }

  join(): void {
    const name = cleanName(this.name.value);
    this.isNameMissing.value = name === '';
    if (name === '' || this.isJoining.value) return;
    this.name.value = name;
    this.isJoining.value = true;
    this.#options.onJoin(name);
    if (this.hasSession.value) this.call.join(name);
  }

  async joinWithoutCamera(): Promise<void> {
    await this.call.own.setCameraOn(false);
    this.join();
  }

  /** The session is open: a click that came earlier takes effect now. */
  sessionOpened(): void {
    this.hasSession.value = true;
    if (this.isJoining.value) this.call.join(this.name.value);
  }

  #stepWords(): string {
    const phase = this.call.call.value?.phase;
    if (phase === undefined || phase === 'connecting') return 'Connecting…';
    if (phase === 'waiting') return 'Waiting to be let in…';
    return this.#options.isFounder ? 'Starting the call…' : 'Asking to join…';
  }
}
