/** Pictures and sounds that a test can recognise on the other side. */

const WIDTH = 640;
const HEIGHT = 360;
const FRAMES_PER_SECOND = 20;

/** A picture of one colour with a bar that moves through it. */
export function colouredTrack(hue: number): MediaStreamTrack {
  const canvas = document.createElement('canvas');
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const context = canvas.getContext('2d');
  if (!context) throw new Error('no canvas');
  const draw = (): void => {
    context.fillStyle = `hsl(${hue} 80% 50%)`;
    context.fillRect(0, 0, WIDTH, HEIGHT);
    context.fillStyle = 'white';
    context.fillRect((performance.now() / 4) % WIDTH, 0, 60, HEIGHT);
  };
  draw();
  setInterval(draw, 1_000 / FRAMES_PER_SECOND);
  const [track] = canvas.captureStream(FRAMES_PER_SECOND).getVideoTracks();
  if (!track) throw new Error('no video track');
  return track;
}

/**
 * A sine, as the browser's own audio graph makes it: no processing takes it away. Firefox runs no audio graph on a
 * machine without a sound card; there it is the fake microphone, whose frequency is a preference.
 */
export async function toneTrack(hertz: number): Promise<MediaStreamTrack> {
  const tracks = navigator.userAgent.includes('Firefox') ? await fakeMicrophone() : sine(hertz);
  const [track] = tracks;
  if (!track) throw new Error('no audio track');
  return track;
}

async function fakeMicrophone(): Promise<readonly MediaStreamTrack[]> {
  const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  return (await navigator.mediaDevices.getUserMedia({ audio })).getAudioTracks();
}

function sine(hertz: number): readonly MediaStreamTrack[] {
  const context = new AudioContext();
  const oscillator = new OscillatorNode(context, { frequency: hertz });
  const gain = new GainNode(context, { gain: 0.5 });
  const destination = new MediaStreamAudioDestinationNode(context);
  oscillator.connect(gain).connect(destination);
  oscillator.start();
  return destination.stream.getAudioTracks();
}
