/**
 * What goes into the pages of the call with nine tiles, as text: it may use nothing from outside itself.
 */

/** A camera that costs little: a small canvas with a moving bar. There is no microphone. */
export interface SmallCamera {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly framesPerSecond: number;
  /** Degrees; of the picture's ground. */
  readonly hue: number;
  /** Nobody is in front of this page: it says that it is hidden, asks for nobody's picture and plays nothing. */
  readonly isUnwatched: boolean;
}

export function sendSmallPicture({
  widthPx,
  heightPx,
  framesPerSecond,
  hue,
  isUnwatched,
}: SmallCamera): void {
  if (isUnwatched) {
    Object.defineProperty(document, 'visibilityState', { value: 'hidden' });
    Object.defineProperty(HTMLMediaElement.prototype, 'srcObject', { set: () => undefined });
  }
  navigator.mediaDevices.getUserMedia = async ({ video } = {}) => {
    if (!video) throw new DOMException('no microphone', 'NotFoundError');
    const canvas = Object.assign(document.createElement('canvas'), { width: widthPx, height: heightPx });
    const context = canvas.getContext('2d');
    let drawn = 0;
    setInterval(() => {
      if (!context) return;
      context.fillStyle = `hsl(${hue} 50% 45%)`;
      context.fillRect(0, 0, widthPx, heightPx);
      context.fillStyle = 'white';
      context.fillRect((drawn++ * 4) % widthPx, 0, widthPx / 8, heightPx);
    }, 1_000 / framesPerSecond);
    return canvas.captureStream(framesPerSecond);
  };
}

/** What the watching page shows. */
export type Shown = 'interface' | 'pictures' | 'nothing';

/**
 * The page as it is; or, with the page invisible, the same pictures in the same places alone, or nothing. The call goes on
 * in each, with connections, decoders, workers and the page's script, and nobody's picture is given up.
 */
export function show(shown: Shown): void {
  const app = document.querySelector<HTMLElement>('#app');
  if (!app) throw new Error('this is no page of the app');
  document.querySelector('#bare')?.remove();
  app.style.visibility = shown === 'interface' ? '' : 'hidden';
  const videos = [...app.querySelectorAll('video')];
  for (const video of videos) {
    if (shown === 'interface') void video.play();
    else video.pause();
  }
  if (shown !== 'pictures') return;
  const bare = Object.assign(document.createElement('div'), { id: 'bare' });
  for (const video of videos) {
    const { x, y, width, height } = video.getBoundingClientRect();
    const copy = Object.assign(document.createElement('video'), { muted: true, autoplay: true });
    copy.srcObject = video.srcObject;
    Object.assign(copy.style, { position: 'fixed', objectFit: 'cover', left: `${x}px`, top: `${y}px` });
    Object.assign(copy.style, { width: `${width}px`, height: `${height}px` });
    bare.append(copy);
  }
  document.body.append(bare);
}

/**
 * A picture of 8 × 8 px in a corner, new 60 times a second, until the function given back is called. Chromium on desktops
 * halves the frames of the whole page while two or more pictures play and none has more than 30 a second; with this one
 * beside them it does not.
 *
 * @see https://chromium.googlesource.com/chromium/src/+/main/components/viz/service/display/frame_interval_matchers.cc
 */
export function keepFullRate(): void {
  interface Generator extends MediaStreamTrack {
    readonly writable: WritableStream<VideoFrame>;
  }
  // Chromium's own, and the only way to frames at a rate that does not hang on the page's.
  const { MediaStreamTrackGenerator } = globalThis as unknown as {
    MediaStreamTrackGenerator: new (init: { kind: 'video' }) => Generator;
  };
  const generator = new MediaStreamTrackGenerator({ kind: 'video' });
  const writer = generator.writable.getWriter();
  const canvas = new OffscreenCanvas(8, 8);
  const context = canvas.getContext('2d');
  const video = Object.assign(document.createElement('video'), { id: 'beat', muted: true, autoplay: true });
  Object.assign(video.style, { position: 'fixed', inset: '0 auto auto 0', width: '8px', height: '8px' });
  video.srcObject = new MediaStream([generator]);
  document.body.append(video);
  let drawn = 0;
  const timer = setInterval(() => {
    if (!video.isConnected) {
      generator.stop();
      clearInterval(timer);
      return;
    }
    if (context) context.fillStyle = drawn++ % 2 === 0 ? 'black' : 'white';
    context?.fillRect(0, 0, 8, 8);
    void writer.write(new VideoFrame(canvas, { timestamp: performance.now() * 1_000 }));
  }, 1_000 / 60);
}

export interface CountedFrames {
  /** From one callback of `requestAnimationFrame` to the next. */
  readonly intervalsMs: readonly number[];
  /** Tasks of 50 ms or more on the page's thread. */
  readonly longTasksMs: readonly number[];
  /** Of each picture that plays: how many frames of it were shown in a second. */
  readonly picturesPerSecond: readonly number[];
}

export async function countFrames(forMs: number): Promise<CountedFrames> {
  const videos = [...document.querySelectorAll<HTMLVideoElement>('video:not(#beat)')];
  const playing = videos.filter((video) => !video.paused);
  const shownFrames = () =>
    playing.map((video) => {
      const { totalVideoFrames, droppedVideoFrames } = video.getVideoPlaybackQuality();
      return totalVideoFrames - droppedVideoFrames;
    });
  const longTasksMs: number[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longTasksMs.push(duration);
  });
  observer.observe({ entryTypes: ['longtask'] });
  const before = shownFrames();
  const intervalsMs: number[] = [];
  const startMs = performance.now();
  let lastMs = startMs;
  while (lastMs - startMs < forMs) {
    const nowMs = await new Promise<number>((resolve) =>
      requestAnimationFrame(() => resolve(performance.now())),
    );
    intervalsMs.push(nowMs - lastMs);
    lastMs = nowMs;
  }
  observer.disconnect();
  const picturesPerSecond = shownFrames().map(
    (frames, index) => ((frames - (before[index] ?? 0)) * 1_000) / (lastMs - startMs),
  );
  return { intervalsMs, longTasksMs, picturesPerSecond };
}
