/** Loudness of an own track, measured on this device and never sent (D20). */

/** 20 readings a second: smooth to look at, cheap to take. */
const READING_MS = 50;
const FFT_SIZE = 512;
/** Speech has an RMS of about 0.02–0.3; its square root fills a meter evenly. */
const FULL_RMS = 0.3;

export function measureLevel(track: MediaStreamTrack, onLevel: (level: number) => void): () => void {
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: FFT_SIZE });
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  const samples = new Float32Array(FFT_SIZE);
  const timer = setInterval(() => {
    // A browser may hold the context until the first click.
    if (context.state === 'suspended') void context.resume().catch(() => undefined);
    analyser.getFloatTimeDomainData(samples);
    onLevel(levelOf(samples));
  }, READING_MS);
  return () => {
    clearInterval(timer);
    void context.close();
  };
}

/** 0–1. */
export function levelOf(samples: Float32Array): number {
  const sum = samples.reduce((total, sample) => total + sample * sample, 0);
  return Math.min(1, Math.sqrt(Math.sqrt(sum / Math.max(1, samples.length)) / FULL_RMS));
}
