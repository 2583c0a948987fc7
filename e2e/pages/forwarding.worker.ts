/** A transform that changes nothing and keeps a copy: what the SFU forwards, as a stranger sees it. */

import type { TransformEvent } from './frame-recorder.ts';
import { answerWithRecorded, recording } from './frame-recorder.ts';

const scope = globalThis as unknown as { onrtctransform: ((event: TransformEvent) => void) | null };
scope.onrtctransform = ({ transformer }) => {
  recording(transformer.readable)
    .pipeTo(transformer.writable)
    .catch(() => undefined);
};
answerWithRecorded();
