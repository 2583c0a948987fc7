/** What the pages need of cameras, microphones and screens; `browser-devices.ts` gives it, tests give their own. */
import type { Result } from '@conclave/protocol/result';

/** `CANCELLED`: the person closed the browser's own dialog. `GONE`: the device went away while in use. */
export type DeviceTrouble = 'DENIED' | 'NOT_FOUND' | 'BUSY' | 'GONE' | 'INSECURE' | 'CANCELLED' | 'FAILED';

export interface Device {
  readonly id: string;
  readonly label: string;
}

export interface DeviceList {
  readonly cameras: readonly Device[];
  readonly microphones: readonly Device[];
  readonly speakers: readonly Device[];
}

export interface MicrophoneWish {
  readonly deviceId?: string;
  /** Echo cancelling, noise suppression and gain control off. */
  readonly isOriginalSound: boolean;
}

export interface ScreenTracks {
  readonly video: MediaStreamTrack;
  readonly audio?: MediaStreamTrack;
}

export interface DevicePorts {
  openCamera(deviceId: string | undefined): Promise<Result<MediaStreamTrack, DeviceTrouble>>;
  openMicrophone(wish: MicrophoneWish): Promise<Result<MediaStreamTrack, DeviceTrouble>>;
  /** Both with one question of the browser; each has its own outcome. */
  openBoth(
    cameraId: string | undefined,
    wish: MicrophoneWish,
  ): Promise<{
    readonly camera: Result<MediaStreamTrack, DeviceTrouble>;
    readonly microphone: Result<MediaStreamTrack, DeviceTrouble>;
  }>;
  openScreen(): Promise<Result<ScreenTracks, DeviceTrouble>>;
  canShareScreen(): boolean;
  list(): Promise<DeviceList>;
  /** Returns the way to stop listening. */
  onChange(listener: () => void): () => void;
  /** Loudness 0–1 of a track, about 20 times a second, until stopped. */
  measure(track: MediaStreamTrack, onLevel: (level: number) => void): () => void;
}
