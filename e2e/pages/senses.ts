/** What is really seen and heard: pixels of the rendered video, and the strongest frequency of the played sound. */

export type Sight = {
  /** Pictures that differ from the one before, in one second. */
  readonly changes: number;
  /** Mean colour of the last picture, 0…255 each. */
  readonly red: number;
  readonly green: number;
  readonly blue: number;
  readonly width: number;
};

export type Sound = {
  /** Of the strongest peak; 0 in silence. */
  readonly hertz: number;
  /** Root of the mean square, 0…1. */
  readonly level: number;
  /** Of the audio graph: nothing is heard unless it runs. */
  readonly state: AudioContextState;
};

const LOOKS = 20;
const LOOK_INTERVAL_MS = 50;
const videos = new Map<MediaStreamTrack, HTMLVideoElement>();
const ears = new Map<MediaStreamTrack, AnalyserNode>();

/** Looks for one second. Undefined while there is no picture. */
export async function look(track: MediaStreamTrack | undefined): Promise<Sight | undefined> {
  if (!track) return undefined;
  const video = videos.get(track) ?? (await attachVideo(track));
  const canvas = new OffscreenCanvas(64, 36);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context || video.videoWidth === 0) return undefined;
  let before: Uint8ClampedArray | undefined;
  let changes = 0;
  let mean = { red: 0, green: 0, blue: 0 };
  for (let index = 0; index < LOOKS; index++) {
    context.drawImage(video, 0, 0, 64, 36);
    const { data } = context.getImageData(0, 0, 64, 36);
    if (before && differ(before, data)) changes++;
    before = data;
    mean = meanOf(data);
    await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL_MS));
  }
  return { changes, ...mean, width: video.videoWidth };
}

/** Looks once there is a picture, if there is one within a few seconds. */
export async function firstLook(track: MediaStreamTrack): Promise<Sight | undefined> {
  for (let index = 0; index < LOOKS; index++) {
    const sight = await look(track);
    if (sight) return sight;
    await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL_MS * 4));
  }
  return undefined;
}

async function attachVideo(track: MediaStreamTrack): Promise<HTMLVideoElement> {
  const video = document.createElement('video');
  video.muted = true;
  video.autoplay = true;
  video.playsInline = true;
  video.srcObject = new MediaStream([track]);
  document.body.append(video);
  videos.set(track, video);
  void video.play().catch(() => undefined);
  return video;
}

function differ(before: Uint8ClampedArray, after: Uint8ClampedArray): boolean {
  let difference = 0;
  for (let index = 0; index < after.length; index += 4) {
    difference += Math.abs((before[index] ?? 0) - (after[index] ?? 0));
  }
  return difference > 2_000;
}

function meanOf(data: Uint8ClampedArray): { red: number; green: number; blue: number } {
  const sum = [0, 0, 0];
  for (let index = 0; index < data.length; index++) {
    if (index % 4 < 3) sum[index % 4] = (sum[index % 4] ?? 0) + (data[index] ?? 0);
  }
  const [red, green, blue] = sum.map((value) => Math.round(value / (data.length / 4)));
  return { red: red ?? 0, green: green ?? 0, blue: blue ?? 0 };
}

export async function listen(track: MediaStreamTrack | undefined): Promise<Sound | undefined> {
  if (!track) return undefined;
  const analyser = ears.get(track) ?? (await attachAudio(track));
  await new Promise((resolve) => setTimeout(resolve, 300));
  const spectrum = new Uint8Array(analyser.frequencyBinCount);
  const wave = new Float32Array(analyser.fftSize);
  analyser.getByteFrequencyData(spectrum);
  analyser.getFloatTimeDomainData(wave);
  const level = Math.sqrt(wave.reduce((sum, value) => sum + value * value, 0) / wave.length);
  const strongest = spectrum.indexOf(Math.max(...spectrum));
  const hertz = level === 0 ? 0 : (strongest * analyser.context.sampleRate) / analyser.fftSize;
  return { hertz, level, state: analyser.context.state };
}

async function attachAudio(track: MediaStreamTrack): Promise<AnalyserNode> {
  const stream = new MediaStream([track]);
  // Chromium gives remote sound to the audio graph only while an element plays it.
  const audio = document.createElement('audio');
  audio.srcObject = stream;
  audio.muted = true;
  document.body.append(audio);
  void audio.play().catch(() => undefined);
  const context = new AudioContext();
  void context.resume();
  const analyser = new AnalyserNode(context, { fftSize: 4096 });
  new MediaStreamAudioSourceNode(context, { mediaStream: stream }).connect(analyser);
  ears.set(track, analyser);
  return analyser;
}
