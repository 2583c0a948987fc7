/**
 * What livekit-client believes about encryption: that it is on, for everybody, always. The encryption itself is the
 * guard's and the media worker's; nothing here can switch it off, and nothing that the server says reaches it.
 *
 * - On before connect, so that RED is never negotiated and tracks are announced as encrypted.
 * - `LocalSenderCreated` names the sender for the worker, and asserts that it was born guarded (D17).
 * - LiveKit's data channel is refused in both directions (D21).
 *
 * @see SPEC.md S38, S39
 */

import type { BaseE2EEManager, E2EEManagerCallbacks, LocalParticipant, Room } from 'livekit-client';
import { EncryptionEvent, ParticipantEvent } from 'livekit-client';

type Listeners = { [E in keyof E2EEManagerCallbacks]: E2EEManagerCallbacks[E][] };
type EncryptedData = Awaited<ReturnType<BaseE2EEManager['encryptData']>>;
type DecryptedData = Awaited<ReturnType<BaseE2EEManager['handleEncryptedData']>>;

export class EncryptionManager implements BaseE2EEManager {
  readonly #onSenderCreated: (sender: RTCRtpSender, source: string) => void;
  readonly #listeners: Listeners = {
    [EncryptionEvent.ParticipantEncryptionStatusChanged]: [],
    [EncryptionEvent.EncryptionError]: [],
  };

  /** @param onSenderCreated - called in the task in which the sender was made, before anything is negotiated */
  constructor(onSenderCreated: (sender: RTCRtpSender, source: string) => void) {
    this.#onSenderCreated = onSenderCreated;
  }

  get isEnabled(): boolean {
    return true;
  }

  get isDataChannelEncryptionEnabled(): boolean {
    return true;
  }

  /** LiveKit assigns this; it stays true. */
  set isDataChannelEncryptionEnabled(_isEnabled: boolean) {}

  setup(room: Room): void {
    room.localParticipant.on(ParticipantEvent.LocalSenderCreated, (sender, track) =>
      this.#onSenderCreated(sender, track.source),
    );
  }

  setupEngine(): void {}

  setParticipantCryptorEnabled(): void {}

  setSifTrailer(): void {}

  encryptData(): Promise<EncryptedData> {
    return Promise.reject(new Error('LiveKit data is not used'));
  }

  handleEncryptedData(): Promise<DecryptedData> {
    return Promise.reject(new Error('LiveKit data is not used'));
  }

  on<E extends keyof E2EEManagerCallbacks>(event: E, listener: E2EEManagerCallbacks[E]): this {
    this.#listeners[event].push(listener);
    return this;
  }

  /** Lets LiveKit announce what this participant publishes as encrypted; to be called before connect. */
  announce(participant: LocalParticipant): void {
    for (const listener of this.#listeners[EncryptionEvent.ParticipantEncryptionStatusChanged]) {
      listener(true, participant);
    }
  }
}
