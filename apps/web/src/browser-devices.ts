/** Cameras, microphones and screens of this browser: `getUserMedia` with typed outcomes. SPEC P12–P15. */
import type { Result } from '@conclave/protocol/result';
import { err, ok } from '@conclave/protocol/result';
import type { Device, DevicePorts, DeviceTrouble, MicrophoneWish, ScreenTracks } from './device-ports.ts';
import { measureLevel } from './level-meter.ts';

/** What a tile needs at most; a camera that has less gives less. */
const CAMERA = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };

export const browserDevices: DevicePorts = {
  openCamera: (deviceId) => openOne({ video: cameraConstraints(deviceId) }),
  openMicrophone: (wish) => openOne({ audio: microphoneConstraints(wish) }),
  openBoth,
  openScreen,
  canShareScreen: () => typeof navigator.mediaDevices?.getDisplayMedia === 'function',
  list: listDevices,
  onChange(listener) {
    navigator.mediaDevices?.addEventListener('devicechange', listener);
    return () => navigator.mediaDevices?.removeEventListener('devicechange', listener);
  },
  measure: measureLevel,
};

function cameraConstraints(deviceId: string | undefined): MediaTrackConstraints {
  return { ...CAMERA, ...(deviceId !== undefined && { deviceId: { exact: deviceId } }) };
}

function microphoneConstraints(wish: MicrophoneWish): MediaTrackConstraints {
  const isProcessed = !wish.isOriginalSound;
  return {
    echoCancellation: isProcessed,
    noiseSuppression: isProcessed,
    autoGainControl: isProcessed,
    ...(wish.deviceId !== undefined && { deviceId: { exact: wish.deviceId } }),
  };
}

async function openOne(
  constraints: MediaStreamConstraints,
): Promise<Result<MediaStreamTrack, DeviceTrouble>> {
  const opened = await openStream(constraints);
  if (!opened.ok)
    return opened.error.isStaleDevice ? openOne(withoutDevice(constraints)) : err(opened.error.trouble);
  const [track] = opened.value.getTracks();
  return track ? ok(track) : err('FAILED');
}

async function openBoth(cameraId: string | undefined, wish: MicrophoneWish) {
  const video = cameraConstraints(cameraId);
  const audio = microphoneConstraints(wish);
  const both = await openStream({ audio, video });
  const [camera] = both.ok ? both.value.getVideoTracks() : [];
  const [microphone] = both.ok ? both.value.getAudioTracks() : [];
  if (camera && microphone) return { camera: ok(camera), microphone: ok(microphone) };
  // One that is missing or refused must not take the other with it.
  return { camera: await openOne({ video }), microphone: await openOne({ audio }) };
}

interface OpenFailure {
  readonly trouble: DeviceTrouble;
  /** The device of an earlier visit is not there any more. */
  readonly isStaleDevice: boolean;
}

async function openStream(constraints: MediaStreamConstraints): Promise<Result<MediaStream, OpenFailure>> {
  if (!navigator.mediaDevices) return err({ trouble: 'INSECURE', isStaleDevice: false });
  try {
    return ok(await navigator.mediaDevices.getUserMedia(constraints));
  } catch (error) {
    const name = error instanceof DOMException || error instanceof Error ? error.name : '';
    return err({ trouble: troubleOf(name), isStaleDevice: name === 'OverconstrainedError' });
  }
}

function withoutDevice(constraints: MediaStreamConstraints): MediaStreamConstraints {
  const free = (wish: MediaStreamConstraints['audio']) => {
    if (typeof wish !== 'object') return wish ?? false;
    const { deviceId: _stale, ...rest } = wish;
    return rest;
  };
  return { audio: free(constraints.audio), video: free(constraints.video) };
}

function troubleOf(name: string): DeviceTrouble {
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'DENIED';
  if (name === 'NotFoundError') return 'NOT_FOUND';
  if (name === 'NotReadableError' || name === 'AbortError') return 'BUSY';
  return 'FAILED';
}

async function openScreen(): Promise<Result<ScreenTracks, DeviceTrouble>> {
  try {
    const stream = await navigator.mediaDevices.getDisplayMedia({ video: true, audio: true });
    const [video] = stream.getVideoTracks();
    const [audio] = stream.getAudioTracks();
    if (!video) return err('FAILED');
    video.contentHint = 'detail';
    return ok({ video, ...(audio && { audio }) });
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    return err(name === 'NotAllowedError' ? 'CANCELLED' : troubleOf(name));
  }
}

async function listDevices() {
  const all = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
  const ofKind = (kind: MediaDeviceKind, word: string): Device[] =>
    all
      .filter((device) => device.kind === kind && device.deviceId !== '')
      .map((device, index) => ({ id: device.deviceId, label: device.label || `${word} ${index + 1}` }));
  const canChooseSpeaker = 'setSinkId' in HTMLMediaElement.prototype;
  return {
    cameras: ofKind('videoinput', 'Camera'),
    microphones: ofKind('audioinput', 'Microphone'),
    speakers: canChooseSpeaker ? ofKind('audiooutput', 'Speaker') : [],
  };
}
