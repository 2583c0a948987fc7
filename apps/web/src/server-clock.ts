/** The server's clock, for a link's age alone (D4): a wrong clock on this device must not refuse a good link. */
import { SERVER_CLOCK_TIMEOUT_MS } from './limits.ts';

/** Unix milliseconds; the own clock when the server does not answer in time. */
export async function serverNowUnixMs(): Promise<number> {
  try {
    const signal = AbortSignal.timeout(SERVER_CLOCK_TIMEOUT_MS);
    const response = await fetch('/', { method: 'HEAD', cache: 'no-store', signal });
    const date = Date.parse(response.headers.get('date') ?? '');
    return Number.isNaN(date) ? Date.now() : date;
  } catch {
    return Date.now();
  }
}
