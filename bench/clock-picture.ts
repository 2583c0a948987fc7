/**
 * A picture that carries its own time, and its reader. Both go into pages before their own code, as text: they may use
 * nothing from outside themselves. One browser process, so one clock.
 *
 * 24 bars: 20 bits of Unix milliseconds, then 4 that count the ones among them.
 */

/** Every camera of this page is a canvas with the time of its drawing on it, 25 times a second. */
export function sendClock(): void {
  const [barCount, timeBits, width, height, intervalMs] = [24, 20, 640, 360, 40];
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

export interface ClockReadings {
  /** Milliseconds from drawing to the frame's callback, one for each frame. */
  readonly delaysMs: number[];
  /** Frames whose bars could not be read. */
  unread: number;
}

/** Reads the time off the picture in the tile of this name; `clockReadings` holds what it has read. */
export function readClock(tileName: string): void {
  const [barCount, timeBits, barPx] = [24, 20, 8];
  const readings = { delaysMs: [] as number[], unread: 0 };
  const canvas = new OffscreenCanvas(barCount * barPx, barPx);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const read = (video: HTMLVideoElement) => {
    const now = Math.floor(performance.timeOrigin + performance.now()) % 2 ** timeBits;
    context?.drawImage(video, 0, 0, canvas.width, canvas.height);
    const { data } = context?.getImageData(0, barPx / 2, canvas.width, 1) ?? { data: [] };
    let bits = 0;
    for (let bar = 0; bar < barCount; bar++) {
      if ((data[(bar * barPx + barPx / 2) * 4] ?? 0) > 127) bits += 2 ** bar;
    }
    const time = Math.floor(bits / 2 ** (barCount - timeBits));
    const ones = [...time.toString(2)].filter((bit) => bit === '1').length;
    if (ones % 16 === bits % 16) readings.delaysMs.push((now - time + 2 ** timeBits) % 2 ** timeBits);
    else readings.unread += 1;
    video.requestVideoFrameCallback(() => read(video));
  };
  const watched = new WeakSet<HTMLVideoElement>();
  const look = () => {
    const tiles = [...document.querySelectorAll('[role=group]')];
    const video = tiles.find((one) => one.getAttribute('aria-label') === tileName)?.querySelector('video');
    if (!video || watched.has(video)) return;
    watched.add(video);
    video.requestVideoFrameCallback(() => read(video));
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true, attributes: true });
  Object.assign(globalThis, { clockReadings: readings });
}
