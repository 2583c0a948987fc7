/**
 * Who speaks, computed from decrypted sound on this device and never sent (D20), SPEC S73.
 */

/** Quick enough for an outline, cheap enough for a hundred people. */
const READING_MS = 200;
const FFT_SIZE = 1024;
/** RMS of speech begins about here; noise suppression leaves silence well below. */
const SPEECH_RMS = 0.015;
/** The audio system starts on the page's own thread, some 25 ms, which the first picture of a person must not wait for. */
const START_DELAY_MS = 500;
/** The outline stays through the pauses between words. */
const HOLD_READINGS = 4;

interface Listened {
  readonly track: MediaStreamTrack;
  readonly source: MediaStreamAudioSourceNode;
  readonly analyser: AnalyserNode;
  holds: number;
}

export class Speaking {
  readonly #onChange: (personKey: string, isSpeaking: boolean) => void;
  readonly #listened = new Map<string, Listened>();
  readonly #samples = new Float32Array(FFT_SIZE);
  #tracks: ReadonlyMap<string, MediaStreamTrack> = new Map();
  #start: ReturnType<typeof setTimeout> | undefined;
  #context: AudioContext | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(onChange: (personKey: string, isSpeaking: boolean) => void) {
    this.#onChange = onChange;
  }

  /** Listens to these tracks, to new ones in a moment, and to no others. */
  follow(tracks: ReadonlyMap<string, MediaStreamTrack>): void {
    this.#tracks = tracks;
    for (const [key, { track }] of this.#listened) if (tracks.get(key) !== track) this.#stop(key);
    if ([...tracks.keys()].some((key) => !this.#listened.has(key))) {
      this.#start ??= setTimeout(() => this.#listenToNew(), START_DELAY_MS);
    }
    if (this.#listened.size === 0) this.#rest();
  }

  dispose(): void {
    this.follow(new Map());
    clearTimeout(this.#start);
    void this.#context?.close();
    this.#context = undefined;
  }

  #listenToNew(): void {
    this.#start = undefined;
    for (const [key, track] of this.#tracks) if (!this.#listened.has(key)) this.#listen(key, track);
    if (this.#listened.size > 0) this.#timer ??= setInterval(() => this.#read(), READING_MS);
  }

  #listen(key: string, track: MediaStreamTrack): void {
    this.#context ??= new AudioContext();
    const analyser = new AnalyserNode(this.#context, { fftSize: FFT_SIZE });
    const source = this.#context.createMediaStreamSource(new MediaStream([track]));
    source.connect(analyser);
    this.#listened.set(key, { track, source, analyser, holds: 0 });
  }

  #stop(key: string): void {
    const listened = this.#listened.get(key);
    listened?.source.disconnect();
    this.#listened.delete(key);
    if (listened !== undefined && listened.holds > 0) this.#onChange(key, false);
  }

  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #read(): void {
    for (const [key, listened] of this.#listened) {
      listened.analyser.getFloatTimeDomainData(this.#samples);
      const holds = isSpeech(this.#samples) ? HOLD_READINGS : Math.max(0, listened.holds - 1);
      if (holds > 0 !== listened.holds > 0) this.#onChange(key, holds > 0);
      listened.holds = holds;
    }
  }
}

export function isSpeech(samples: Float32Array): boolean {
  const sum = samples.reduce((total, sample) => total + sample * sample, 0);
  return Math.sqrt(sum / Math.max(1, samples.length)) >= SPEECH_RMS;
}
