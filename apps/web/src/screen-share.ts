/**
 * Sharing a screen, with a pause before anything is shown: what was picked is held here, seen by its owner alone, until
 * the person says who may see it. SPEC P26–P28.
 */
import { signal } from '@preact/signals';
import type { DevicePorts, ScreenTracks } from './device-ports.ts';

export type ShareState =
  | { readonly at: 'off' }
  | { readonly at: 'choosing' }
  /** Picked, seen by nobody else yet. */
  | { readonly at: 'asking'; readonly tracks: ScreenTracks }
  | { readonly at: 'on'; readonly tracks: ScreenTracks };

export class ScreenShare {
  readonly state = signal<ShareState>({ at: 'off' });
  readonly #ports: Pick<DevicePorts, 'openScreen'>;
  readonly #send: (tracks: ScreenTracks | undefined) => void;

  constructor(ports: Pick<DevicePorts, 'openScreen'>, send: (tracks: ScreenTracks | undefined) => void) {
    this.#ports = ports;
    this.#send = send;
  }

  /** Opens the browser's own dialog; must be called from a click. */
  async choose(): Promise<void> {
    if (this.state.value.at !== 'off') return;
    this.state.value = { at: 'choosing' };
    const opened = await this.#ports.openScreen();
    if (this.state.value.at !== 'choosing' || !opened.ok) {
      if (opened.ok) stopTracks(opened.value);
      this.state.value = { at: 'off' };
      return;
    }
    const tracks = opened.value;
    tracks.video.addEventListener('ended', () => this.stop());
    this.state.value = { at: 'asking', tracks };
  }

  confirm(): void {
    if (this.state.value.at !== 'asking') return;
    const { tracks } = this.state.value;
    this.state.value = { at: 'on', tracks };
    this.#send(tracks);
  }

  /** Ends it, or does not begin it; nothing of what was picked stays open. */
  stop(): void {
    const before = this.state.value;
    this.state.value = { at: 'off' };
    if (before.at === 'on') this.#send(undefined);
    if (before.at === 'on' || before.at === 'asking') stopTracks(before.tracks);
  }
}

function stopTracks(tracks: ScreenTracks): void {
  tracks.video.stop();
  tracks.audio?.stop();
}
