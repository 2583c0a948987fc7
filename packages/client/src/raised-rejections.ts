/**
 * A rejection that nobody handles is a fault of ours that would go unnoticed in a worker: only what is thrown reaches the
 * page that made it, as the worker's `error` event.
 *
 * @see SPEC.md S121
 */

/** To be called once, first thing in a worker. What was rejected is not repeated: it may say a secret. */
export function raiseRejections(scope: Pick<EventTarget, 'addEventListener'>): void {
  scope.addEventListener('unhandledrejection', () => {
    setTimeout(() => {
      throw new Error('a worker has failed');
    });
  });
}
