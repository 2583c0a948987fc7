/**
 * Loudness, measured on this device: for the own level meter, and for who speaks among the others. It never travels
 * (D20), and the SFU's word on it is not asked.
 *
 * @see SPEC.md S48
 */

/** Level from which a person counts as speaking, on the 0…1 scale of `levelOf`. */
export const SPEAKING_LEVEL = 0.02;

export type LevelMeter = {
  /** Root of the mean square of the last 20–50 ms, 0…1; 0 until the page may play sound. */
  readonly level: () => number;
  readonly stop: () => void;
};

const SAMPLES = 1024;
let shared: AudioContext | undefined;

/**
 * Measures a microphone's or a remote person's track; does not play it.
 * Chromium measures a remote track only while some media element plays it.
 */
export function createLevelMeter(track: MediaStreamTrack): LevelMeter {
  shared ??= new AudioContext();
  const context = shared;
  if (context.state === 'suspended') void context.resume();
  const source = new MediaStreamAudioSourceNode(context, { mediaStream: new MediaStream([track]) });
  const analyser = new AnalyserNode(context, { fftSize: SAMPLES });
  source.connect(analyser);
  const wave = new Float32Array(SAMPLES);
  return {
    level: () => {
      analyser.getFloatTimeDomainData(wave);
      return levelOf(wave);
    },
    stop: () => source.disconnect(),
  };
}

/** Root of the mean square. */
export function levelOf(wave: Float32Array): number {
  return Math.sqrt(wave.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, wave.length));
}
