/** Keeps copies of encoded frames as they pass, in a worker; answers `{ t: 'recorded' }` with them in base64. */

type Frame = { readonly data: ArrayBuffer };
type Transformer = { readonly readable: ReadableStream<Frame>; readonly options: unknown };
export type TransformEvent = {
  readonly transformer: Transformer & { readonly writable: WritableStream<Frame> };
};

const FRAMES_KEPT = 150;
const recorded: string[] = [];

export function recording(readable: ReadableStream<Frame>): ReadableStream<Frame> {
  return readable.pipeThrough(
    new TransformStream<Frame, Frame>({
      transform(frame, controller) {
        if (recorded.length < FRAMES_KEPT) recorded.push(base64(new Uint8Array(frame.data)));
        controller.enqueue(frame);
      },
    }),
  );
}

export function answerWithRecorded(): void {
  globalThis.addEventListener('message', ({ data }) => {
    if (data.t === 'recorded') globalThis.postMessage({ t: 'recorded', frames: recorded });
  });
}

function base64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** Asks a worker for what it has recorded. */
export function recordedBy(worker: Worker): Promise<readonly string[]> {
  return new Promise((resolve) => {
    worker.addEventListener('message', function take({ data }) {
      if (data.t !== 'recorded') return;
      worker.removeEventListener('message', take);
      resolve(data.frames);
    });
    worker.postMessage({ t: 'recorded' });
  });
}
