/** What the pages need of cameras, microphones and screens; `browser-devices.ts` gives it, tests give their own. */
import type {
  CameraWish,
  DeviceError,
  MediaDevice,
  MicrophoneWish,
  OpenedDevices,
} from '@conclave/client/media/devices';
import type { CapturedScreen } from '@conclave/client/media/screen-share';
import type { Result } from '@conclave/protocol/result';

/** `GONE`: the device went away while in use. */
export type DeviceTrouble = DeviceError | 'GONE';

export interface DevicePorts {
  openCamera(wish: CameraWish): Promise<Result<MediaStreamTrack, DeviceError>>;
  openMicrophone(wish: MicrophoneWish): Promise<Result<MediaStreamTrack, DeviceError>>;
  /** Both with one question of the browser; each has its own outcome. */
  openBoth(camera: CameraWish, microphone: MicrophoneWish): Promise<OpenedDevices>;
  /** Nothing of it is visible before its `share`. */
  openScreen(onEnded: () => void): Promise<Result<CapturedScreen, DeviceError>>;
  canShareScreen(): boolean;
  canChooseSpeaker(): boolean;
  list(): Promise<readonly MediaDevice[]>;
  /** Returns the way to stop listening. */
  onChange(listener: () => void): () => void;
  /** A few notes through this loudspeaker, the browser's own when undefined; resolves at their end. */
  testSpeaker(speakerId: string | undefined): Promise<void>;
  /** Loudness of a track, root of the mean square 0–1, about 20 times a second until stopped. */
  measure(track: MediaStreamTrack, onLevel: (level: number) => void): () => void;
}
