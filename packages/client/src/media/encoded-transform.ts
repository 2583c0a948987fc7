/**
 * Encoded transforms as a worker sees them (W3C WebRTC Encoded Transform): the few members that are used, because the
 * page's library types know nothing of a worker's scope.
 */

export type EncodedRtcFrame = {
  /** 'key', 'delta' or 'empty' for video; absent for audio. */
  readonly type?: string;
  data: ArrayBuffer;
  readonly getMetadata: () => { readonly mimeType?: string };
};

export type Transformer = {
  readonly readable: ReadableStream<EncodedRtcFrame>;
  readonly writable: WritableStream<EncodedRtcFrame>;
  readonly options: unknown;
  /** Absent in Chromium. */
  readonly generateKeyFrame?: (rid?: string) => Promise<unknown>;
  readonly sendKeyFrameRequest?: () => Promise<void>;
};

export type TransformEvent = { readonly transformer: Transformer };

export type MediaWorkerScope = {
  onrtctransform: ((event: TransformEvent) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
  readonly postMessage: (message: unknown) => void;
};
