/**
 * When to stop: a signal, or the end of the process that started us (`npm start` holds a channel open for that).
 *
 * @see SPEC.md V17
 */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Resolves at the first sign to stop. From then on further signals are ignored: whoever is in a hurry sends SIGKILL,
 * which takes LiveKit along.
 */
export function shutdownRequested(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of SIGNALS) process.on(signal, () => resolve());
  process.once('disconnect', () => resolve());
  // Listening must not keep a process alive that has nothing else to do.
  process.channel?.unref();
  // The channel may have closed before anybody listened.
  if (process.channel !== undefined && !process.connected) resolve();
  return promise;
}
