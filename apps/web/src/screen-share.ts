/**
 * Sharing a screen, with a pause before anything is shown: what was picked is held here, seen by its owner alone, until
 * the person says who may see it. SPEC P26–P28.
 */
import type { CapturedScreen } from '@conclave/client/media/screen-share';
import { signal } from '@preact/signals';
import type { DevicePorts } from './device-ports.ts';

export type ShareState =
  | { readonly at: 'off' }
  | { readonly at: 'choosing' }
  /** Picked, seen by nobody else yet. */
  | { readonly at: 'asking'; readonly screen: CapturedScreen }
  | { readonly at: 'on'; readonly screen: CapturedScreen };

export interface SharedTracks {
  readonly video: MediaStreamTrack;
  readonly audio?: MediaStreamTrack;
}

export class ScreenShare {
  readonly state = signal<ShareState>({ at: 'off' });
  readonly #ports: Pick<DevicePorts, 'openScreen'>;
  readonly #send: (tracks: SharedTracks | undefined) => void;

  constructor(ports: Pick<DevicePorts, 'openScreen'>, send: (tracks: SharedTracks | undefined) => void) {
    this.#ports = ports;
    this.#send = send;
  }

  /** Opens the browser's own dialog; must be called from a click. */
  async choose(): Promise<void> {
    if (this.state.value.at !== 'off') return;
    const choosing = { at: 'choosing' } as const;
    this.state.value = choosing;
    const opened = await this.#ports.openScreen(() => this.stop());
    if (this.state.value === choosing) {
      this.state.value = opened.ok ? { at: 'asking', screen: opened.value } : { at: 'off' };
    } else if (opened.ok) {
      opened.value.stop();
    }
  }

  confirm(): void {
    if (this.state.value.at !== 'asking') return;
    const { screen } = this.state.value;
    this.state.value = { at: 'on', screen };
    screen.share();
    this.#send({ video: screen.video, ...(screen.audio && { audio: screen.audio }) });
  }

  /** Ends it, or does not begin it; nothing of what was picked stays open. */
  stop(): void {
    const before = this.state.value;
    this.state.value = { at: 'off' };
    if (before.at === 'on') this.#send(undefined);
    if (before.at === 'on' || before.at === 'asking') before.screen.stop();
  }
}
