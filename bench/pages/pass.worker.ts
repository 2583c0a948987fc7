/** A transform that does nothing: what any encoded transform costs. */
import type { MediaWorkerScope } from '@conclave/client/media/encoded-transform';

const scope = globalThis as unknown as MediaWorkerScope;
scope.onrtctransform = ({ transformer: { readable, writable } }) => {
  readable.pipeTo(writable).catch(() => undefined);
};
