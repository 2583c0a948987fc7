/** Pictures and devices that need no hardware: a drawn person per hue, and the ports of the pages around them. */
import { ok } from '@conclave/protocol/result';
import type { DevicePorts } from '@conclave/web/device-ports';

const REDRAW_MS = 200;
const running = new Set<() => void>();

/** Ends every picture: a scene that is gone costs nothing. */
export function stopDrawings(): void {
  for (const stop of running) stop();
  running.clear();
}

/** Draws again and again, as a camera gives frames, until the drawings are stopped. */
function trackOf(
  canvas: HTMLCanvasElement,
  draw: () => void,
  framesPerSecond: number,
  isStalled = false,
): MediaStreamTrack {
  draw();
  const timer = setInterval(isStalled ? () => undefined : draw, REDRAW_MS);
  const [track] = canvas.captureStream(framesPerSecond).getVideoTracks();
  if (!track) throw new Error('a canvas stream has a track');
  running.add(() => {
    clearInterval(timer);
    track.stop();
  });
  return track;
}

/** A still person in front of a wall; the track is live, as a camera's would be. */
export function drawnCamera(
  hue: number,
  { widthPx = 640, heightPx = 360, isStalled = false } = {},
): MediaStreamTrack {
  const canvas = document.createElement('canvas');
  canvas.width = widthPx;
  canvas.height = heightPx;
  const pen = canvas.getContext('2d');
  if (!pen) throw new Error('a canvas has a 2d context');
  const draw = () => {
    const wall = pen.createLinearGradient(0, 0, widthPx, heightPx);
    wall.addColorStop(0, `oklch(0.72 0.06 ${hue})`);
    wall.addColorStop(1, `oklch(0.5 0.07 ${hue + 40})`);
    pen.fillStyle = wall;
    pen.fillRect(0, 0, widthPx, heightPx);
    pen.fillStyle = `oklch(0.36 0.08 ${hue + 180})`;
    pen.beginPath();
    pen.ellipse(widthPx / 2, heightPx * 1.05, widthPx * 0.24, heightPx * 0.42, 0, 0, 7);
    pen.fill();
    pen.fillStyle = 'oklch(0.75 0.06 55)';
    pen.beginPath();
    pen.ellipse(widthPx / 2, heightPx * 0.44, heightPx * 0.17, heightPx * 0.22, 0, 0, 7);
    pen.fill();
  };
  return trackOf(canvas, draw, 10, isStalled);
}

/** A page of text, as a shared screen shows it. */
export function drawnScreen(): MediaStreamTrack {
  const canvas = document.createElement('canvas');
  canvas.width = 1280;
  canvas.height = 720;
  const pen = canvas.getContext('2d');
  if (!pen) throw new Error('a canvas has a 2d context');
  const draw = () => {
    pen.fillStyle = 'white';
    pen.fillRect(0, 0, 1280, 720);
    pen.fillStyle = '#222';
    pen.font = '600 44px system-ui';
    pen.fillText('Notes of the meeting', 120, 140);
    pen.fillStyle = '#bbb';
    for (let line = 0; line < 9; line += 1)
      pen.fillRect(120, 200 + line * 48, 700 + ((line * 137) % 300), 16);
  };
  return trackOf(canvas, draw, 5);
}

let silence: AudioContext | undefined;

function silentMicrophone(): MediaStreamTrack {
  silence ??= new AudioContext();
  const context = silence;
  const [track] = context.createMediaStreamDestination().stream.getAudioTracks();
  if (!track) throw new Error('a destination has a track');
  return track;
}

/** Every device opens at once; `isDenied` is the browser's refusal. */
export function fakeDevices({ isDenied = false, level = 0.11 } = {}): DevicePorts {
  const denied = { ok: false, error: 'DENIED' } as const;
  const camera = () => (isDenied ? denied : ok(drawnCamera(30, { widthPx: 1280, heightPx: 720 })));
  const microphone = () => (isDenied ? denied : ok(silentMicrophone()));
  return {
    openCamera: async () => camera(),
    openMicrophone: async () => microphone(),
    openBoth: async () => ({ camera: camera(), microphone: microphone() }),
    openScreen: async () =>
      ok({
        video: drawnScreen(),
        audio: undefined,
        surface: 'window',
        preview: drawnScreen(),
        share: () => undefined,
        stop: () => undefined,
      }),
    canChooseSpeaker: () => true,
    canShareScreen: () => true,
    list: async () =>
      isDenied
        ? []
        : [
            { kind: 'camera', deviceId: 'a', label: 'FaceTime HD Camera' },
            { kind: 'camera', deviceId: 'b', label: 'Logitech BRIO 4K (046d:085e)' },
            { kind: 'microphone', deviceId: 'm', label: 'Default – Built-in microphone' },
            { kind: 'speaker', deviceId: 's', label: 'Default – Headphones' },
          ],
    onChange: () => () => undefined,
    testSpeaker: async () => undefined,
    measure(_track, onLevel) {
      onLevel(level);
      return () => undefined;
    },
  };
}
