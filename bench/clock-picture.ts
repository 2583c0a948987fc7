/**
 * A picture that carries its own time, and its reader. Both go into pages before their own code, as text: they may use
 * nothing from outside themselves. One browser process, so one clock.
 *
 * 24 bars: 20 bits of Unix milliseconds, then 4 that count the ones among them.
 */

/**
 * Every camera of this page is a canvas with the time of its drawing on it, every 53 ms: slower than the 20 a second of
 * LiveKit's preset, which drops none then, and out of step with compositors. At 25 a second and steps of 33 ms, every
 * call would keep the wait for the compositor with which it happened to begin.
 */
export function sendClock(): void {
  const [barCount, timeBits, width, height, intervalMs] = [24, 20, 640, 360, 53];
  const native = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  const tracks: CanvasCaptureMediaStreamTrack[] = [];
  let canvas: HTMLCanvasElement | undefined;
  const draw = (context: CanvasRenderingContext2D) => {
    const time = Math.floor(performance.timeOrigin + performance.now()) % 2 ** timeBits;
    const ones = [...time.toString(2)].filter((bit) => bit === '1').length;
    const bits = time * 2 ** (barCount - timeBits) + (ones % 16);
    for (let bar = 0; bar < barCount; bar++) {
      context.fillStyle = Math.floor(bits / 2 ** bar) % 2 === 1 ? 'white' : 'black';
      context.fillRect((bar * width) / barCount, 0, width / barCount + 1, height);
    }
    for (const track of tracks) track.requestFrame();
  };
  const camera = (): MediaStreamTrack | undefined => {
    if (!canvas) {
      canvas = Object.assign(document.createElement('canvas'), { width, height });
      const context = canvas.getContext('2d');
      if (context) setInterval(() => draw(context), intervalMs);
    }
    const [track] = canvas.captureStream(0).getVideoTracks();
    if (track) tracks.push(track as CanvasCaptureMediaStreamTrack);
    return track;
  };
  navigator.mediaDevices.getUserMedia = async (constraints) => {
    const stream = await native(constraints);
    for (const track of stream.getVideoTracks()) {
      track.stop();
      stream.removeTrack(track);
      const replacement = camera();
      if (replacement) stream.addTrack(replacement);
    }
    return stream;
  };
}

/** One picture that the page could read; times in Unix milliseconds. */
export interface ReadFrame {
  /** As the picture says. */
  readonly drawnMs: number;
  /** When the browser submitted what it tells to be the newest picture for composition. */
  readonly composedMs: number;
  readonly calledMs: number;
  /** Of what it tells to be the newest picture; 90 000 a second. */
  readonly rtpTimestamp: number;
  /** Counts all pictures that were submitted for composition, also those that the page heard nothing of. */
  readonly composedCount: number;
  readonly widthPx: number;
}

export interface ClockReadings {
  readonly frames: ReadFrame[];
  /** Frames whose bars could not be read. */
  unread: number;
}

/** Reads the time off the picture in the tile of this name; `clockReadings` holds what it has read. */
export function readClock(tileName: string): void {
  const [barCount, timeBits, barPx] = [24, 20, 8];
  const readings: ClockReadings = { frames: [], unread: 0 };
  const canvas = new OffscreenCanvas(barCount * barPx, barPx);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const read = (video: HTMLVideoElement, metadata: VideoFrameCallbackMetadata) => {
    const calledMs = performance.timeOrigin + performance.now();
    context?.drawImage(video, 0, 0, canvas.width, canvas.height);
    const { data } = context?.getImageData(0, barPx / 2, canvas.width, 1) ?? { data: [] };
    let bits = 0;
    for (let bar = 0; bar < barCount; bar++) {
      if ((data[(bar * barPx + barPx / 2) * 4] ?? 0) > 127) bits += 2 ** bar;
    }
    const time = Math.floor(bits / 2 ** (barCount - timeBits));
    const ones = [...time.toString(2)].filter((bit) => bit === '1').length;
    const ageMs = ((Math.floor(calledMs) % 2 ** timeBits) - time + 2 ** timeBits) % 2 ** timeBits;
    if (ones % 16 === bits % 16) {
      readings.frames.push({
        drawnMs: Math.floor(calledMs) - ageMs,
        composedMs: performance.timeOrigin + metadata.presentationTime,
        calledMs,
        rtpTimestamp: metadata.rtpTimestamp ?? Number.NaN,
        composedCount: metadata.presentedFrames,
        widthPx: metadata.width,
      });
    } else readings.unread += 1;
    next(video);
  };
  const next = (video: HTMLVideoElement) =>
    video.requestVideoFrameCallback((_, metadata) => read(video, metadata));
  const watched = new WeakSet<HTMLVideoElement>();
  const look = () => {
    const tiles = [...document.querySelectorAll('[role=group]')];
    const video = tiles.find((one) => one.getAttribute('aria-label') === tileName)?.querySelector('video');
    if (!video || watched.has(video)) return;
    watched.add(video);
    next(video);
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true, attributes: true });
  Object.assign(globalThis, { clockReadings: readings });
}
