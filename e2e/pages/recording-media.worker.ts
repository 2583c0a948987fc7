/** The app's media worker, with a copy of every frame that enters it. */

import '@conclave/client/media/media.worker';
import type { TransformEvent } from './frame-recorder.ts';
import { answerWithRecorded, recording } from './frame-recorder.ts';

const scope = globalThis as unknown as { onrtctransform: ((event: TransformEvent) => void) | null };
const app = scope.onrtctransform;
scope.onrtctransform = ({ transformer }) => {
  const { writable, options } = transformer;
  app?.({ transformer: { readable: recording(transformer.readable), writable, options } });
};
answerWithRecorded();
