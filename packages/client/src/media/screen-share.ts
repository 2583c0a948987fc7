/**
 * Capture of a screen, window or tab. The pictures are held back until the person has seen what will be visible and to
 * whom: a captured track starts disabled, which shows black, and the caller enables it with the answer 'share'.
 *
 * @see SPEC.md S47
 */

import type { Result } from '@conclave/protocol/result';
import { err, ok } from '@conclave/protocol/result';
import type { DeviceError } from './devices.ts';
import { deviceErrorOf } from './devices.ts';
import { SCREEN_FRAMES_PER_SECOND_MAX } from './media-limits.ts';

export type CapturedScreen = {
  readonly video: MediaStreamTrack;
  /** Where the person also chose the tab's or the system's sound. */
  readonly audio: MediaStreamTrack | undefined;
  /** What was chosen, for 'Your whole screen will be visible'; undefined where the browser does not say. */
  readonly surface: 'monitor' | 'window' | 'browser' | undefined;
  /** A copy of the video for the person's own eyes, enabled; ends with `stop`. */
  readonly preview: MediaStreamTrack;
  /** Lets the pictures and sound through. */
  readonly share: () => void;
  readonly stop: () => void;
};

/** Asks the person to choose. `onEnded` is called when the browser's own 'Stop sharing' was used. */
export async function captureScreen(onEnded: () => void): Promise<Result<CapturedScreen, DeviceError>> {
  if (!navigator.mediaDevices?.getDisplayMedia) return err('UNAVAILABLE');
  try {
    const video = { frameRate: { max: SCREEN_FRAMES_PER_SECOND_MAX } };
    const stream = await navigator.mediaDevices.getDisplayMedia({ video, audio: true });
    const [track] = stream.getVideoTracks();
    return track ? ok(held(track, stream.getAudioTracks()[0], onEnded)) : err('UNAVAILABLE');
  } catch (error) {
    return err(deviceErrorOf(error));
  }
}

function held(
  video: MediaStreamTrack,
  audio: MediaStreamTrack | undefined,
  onEnded: () => void,
): CapturedScreen {
  const preview = video.clone();
  const tracks = audio ? [video, audio] : [video];
  for (const track of tracks) track.enabled = false;
  video.contentHint = 'detail';
  const stop = () => {
    for (const track of [...tracks, preview]) track.stop();
  };
  video.addEventListener('ended', () => {
    stop();
    onEnded();
  });
  return {
    video,
    audio,
    surface: surfaceOf(video),
    preview,
    share: () => {
      for (const track of tracks) track.enabled = true;
    },
    stop,
  };
}

function surfaceOf(track: MediaStreamTrack): CapturedScreen['surface'] {
  const { displaySurface } = track.getSettings();
  return displaySurface === 'monitor' || displaySurface === 'window' || displaySurface === 'browser'
    ? displaySurface
    : undefined;
}
