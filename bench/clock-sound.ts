/**
 * A sound that tells when it was made, and its reader. Both go into pages before their own code, as text: they may use
 * nothing from outside themselves. One machine, so one clock: whole Unix milliseconds.
 *
 * Out of step with the encoder's 20 ms and the player's 10 ms: all waits for them come equally often.
 */

/** A tone every 97 blocks of 128 samples at 48 kHz. Longer than any delay that is expected, or it could not be told whose it is. */
export const PULSE_INTERVAL_MS = (97 * 128) / 48;

/** The source of the sound, in an AudioWorklet: a tone of 21 ms, then noise that cannot be heard. Tells when each begins. */
export const pulseWorklet = `
registerProcessor('pulses', class extends AudioWorkletProcessor {
  process(_, [[samples]]) {
    const block = (currentFrame / 128) % 97;
    if (block === 0) this.port.postMessage(Date.now());
    for (let i = 0; i < samples.length; i++) {
      const tone = Math.sin((2 * Math.PI * 1000 * (block * 128 + i)) / sampleRate);
      samples[i] = block < 8 ? tone / 2 : (Math.random() - 0.5) / 500;
    }
    return true;
  }
});`;

/** Every microphone of this page is the source; `sentPulses` holds when each tone was given to it. */
export function sendPulses(worklet: string): void {
  const native = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  const sent: number[] = [];
  let source: Promise<AudioWorkletNode> | undefined;
  const start = async () => {
    const context = new AudioContext({ sampleRate: 48_000 });
    await context.audioWorklet.addModule(
      URL.createObjectURL(new Blob([worklet], { type: 'text/javascript' })),
    );
    const node = new AudioWorkletNode(context, 'pulses', { numberOfInputs: 0, outputChannelCount: [1] });
    node.port.onmessage = ({ data }) => sent.push(data);
    return node;
  };
  const microphone = async () => {
    source ??= start();
    const node = await source;
    const end = new MediaStreamAudioDestinationNode(node.context as AudioContext, { channelCount: 1 });
    node.connect(end);
    return end.stream.getAudioTracks();
  };
  navigator.mediaDevices.getUserMedia = async (constraints) => {
    const stream = await native(constraints);
    for (const track of stream.getAudioTracks()) {
      track.stop();
      stream.removeTrack(track);
      for (const replacement of await microphone()) stream.addTrack(replacement);
    }
    return stream;
  };
  Object.assign(globalThis, { sentPulses: sent });
}

export interface PulseReadings {
  /** When each tone began, by the clock of the sound itself: milliseconds from some moment. */
  readonly onsetsMs: number[];
  /** What that clock is behind Unix time; the least that was seen, for a page hears of a sound a little late. */
  behindMs: number;
}

/** Listens to what this page's `<audio>` elements play, as it goes to the player; `heardPulses` holds what it has heard. */
export function hearPulses(): void {
  const [onset, quietMs] = [0.2, 100];
  const readings: PulseReadings = { onsetsMs: [], behindMs: Number.POSITIVE_INFINITY };
  type Block = ReadableStreamDefaultReader<AudioData>;
  type Processor = new (options: object) => { readonly readable: ReadableStream<AudioData> };
  const { MediaStreamTrackProcessor } = globalThis as unknown as { MediaStreamTrackProcessor: Processor };
  const listen = async (blocks: Block) => {
    let heardMs = Number.NEGATIVE_INFINITY;
    for (;;) {
      const { value: block } = await blocks.read();
      if (!block) return;
      const startMs = block.timestamp / 1_000;
      readings.behindMs = Math.min(readings.behindMs, Date.now() - startMs);
      const samples = new Float32Array(block.numberOfFrames);
      block.copyTo(samples, { planeIndex: 0, format: 'f32-planar' });
      for (const [index, sample] of samples.entries()) {
        if (Math.abs(sample) < onset) continue;
        const atMs = startMs + (index * 1_000) / block.sampleRate;
        if (atMs - heardMs > quietMs) readings.onsetsMs.push(atMs);
        heardMs = atMs;
      }
      block.close();
    }
  };
  const watched = new WeakSet<MediaStreamTrack>();
  const look = () => {
    for (const { srcObject } of document.querySelectorAll('audio')) {
      const [track] = srcObject instanceof MediaStream ? srcObject.getAudioTracks() : [];
      if (!track || watched.has(track)) continue;
      watched.add(track);
      void listen(new MediaStreamTrackProcessor({ track, maxBufferSize: 1_000 }).readable.getReader());
    }
  };
  setInterval(look, 50);
  Object.assign(globalThis, { heardPulses: readings });
}
