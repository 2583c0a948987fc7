/**
 * Cameras, microphones and speakers of this device. Whoever asks owns the tracks and stops them.
 *
 * @see SPEC.md S45
 */

import type { Result } from '@conclave/protocol/result';
import { err, ok } from '@conclave/protocol/result';

export type DeviceKind = 'camera' | 'microphone' | 'speaker';

export type MediaDevice = {
  readonly kind: DeviceKind;
  readonly deviceId: string;
  /** Empty until the person has allowed a device of this kind. */
  readonly label: string;
};

/** Why there is no picture or sound of one's own. */
export type DeviceError = 'DENIED' | 'NONE_FOUND' | 'IN_USE' | 'UNAVAILABLE' | 'INSECURE_PAGE';

const KINDS: Readonly<Record<MediaDeviceKind, DeviceKind>> = {
  videoinput: 'camera',
  audioinput: 'microphone',
  audiooutput: 'speaker',
};

export async function listDevices(): Promise<readonly MediaDevice[]> {
  const devices = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
  return devices.map(({ kind, deviceId, label }) => ({ kind: KINDS[kind], deviceId, label }));
}

/** Calls after a device came or went; the returned function ends that. */
export function onDevicesChanged(listener: () => void): () => void {
  navigator.mediaDevices?.addEventListener('devicechange', listener);
  return () => navigator.mediaDevices?.removeEventListener('devicechange', listener);
}

export type CameraWish = {
  /** Undefined: the browser's choice. A device that is gone falls back to it. */
  readonly deviceId?: string;
  readonly width?: number;
  readonly height?: number;
};

export function openCamera(wish: CameraWish = {}): Promise<Result<MediaStreamTrack, DeviceError>> {
  return open('video', cameraConstraints(wish));
}

function cameraConstraints({ deviceId, width = 1280, height = 720 }: CameraWish): MediaTrackConstraints {
  const video: MediaTrackConstraints = { width: { ideal: width }, height: { ideal: height } };
  return deviceId === undefined ? video : { ...video, deviceId: { exact: deviceId } };
}

export type MicrophoneWish = {
  readonly deviceId?: string;
  /** 'Original sound': no echo cancellation, noise suppression or gain control. */
  readonly isOriginalSound?: boolean;
};

export function openMicrophone(wish: MicrophoneWish = {}): Promise<Result<MediaStreamTrack, DeviceError>> {
  return open('audio', microphoneConstraints(wish));
}

function microphoneConstraints({ deviceId, isOriginalSound = false }: MicrophoneWish): MediaTrackConstraints {
  const processing = !isOriginalSound;
  const audio: MediaTrackConstraints = {
    echoCancellation: processing,
    noiseSuppression: processing,
    autoGainControl: processing,
  };
  return deviceId === undefined ? audio : { ...audio, deviceId: { exact: deviceId } };
}

export type OpenedDevices = {
  readonly camera: Result<MediaStreamTrack, DeviceError>;
  readonly microphone: Result<MediaStreamTrack, DeviceError>;
};

/** Both with one question of the browser; one that is missing or refused does not take the other with it. */
export async function openCameraAndMicrophone(
  camera: CameraWish,
  microphone: MicrophoneWish,
): Promise<OpenedDevices> {
  const constraints = { video: cameraConstraints(camera), audio: microphoneConstraints(microphone) };
  const stream = await navigator.mediaDevices?.getUserMedia(constraints).catch(() => undefined);
  const [video] = stream?.getVideoTracks() ?? [];
  const [audio] = stream?.getAudioTracks() ?? [];
  if (video && audio) return { camera: ok(video), microphone: ok(audio) };
  return { camera: await openCamera(camera), microphone: await openMicrophone(microphone) };
}

async function open(
  medium: 'audio' | 'video',
  constraints: MediaTrackConstraints,
): Promise<Result<MediaStreamTrack, DeviceError>> {
  if (!navigator.mediaDevices) return err('INSECURE_PAGE');
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ [medium]: constraints });
    const [track] = stream.getTracks();
    return track ? ok(track) : err('UNAVAILABLE');
  } catch (error) {
    const { deviceId, ...anyDevice } = constraints;
    if (deviceId !== undefined && isDeviceGone(error)) return open(medium, anyDevice);
    return err(deviceErrorOf(error));
  }
}

/** As only a wished device is demanded, it alone can be what is missing. */
function isDeviceGone(error: unknown): boolean {
  return error instanceof Error && ['OverconstrainedError', 'NotFoundError'].includes(error.name);
}

const ERRORS: Readonly<Record<string, DeviceError>> = {
  NotAllowedError: 'DENIED',
  SecurityError: 'DENIED',
  NotFoundError: 'NONE_FOUND',
  OverconstrainedError: 'NONE_FOUND',
  NotReadableError: 'IN_USE',
  AbortError: 'IN_USE',
};

/** The plain reason behind a `getUserMedia` or `getDisplayMedia` failure. */
export function deviceErrorOf(error: unknown): DeviceError {
  return ERRORS[error instanceof Error || error instanceof DOMException ? error.name : ''] ?? 'UNAVAILABLE';
}
