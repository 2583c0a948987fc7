/**
 * LiveKit's API: what is asked of it is tried again for a while, as LiveKit may be restarting, and never fails loudly.
 *
 * @see SPEC.md V58, V59
 */
import { RoomServiceClient, ServerError } from 'livekit-server-sdk';
import type { Clock } from '../clock.ts';
import { SFU_REQUEST_TIMEOUT_S, SFU_RETRY_DELAYS_MS } from '../delivery-limits.ts';
import type { LiveKit } from '../livekit/supervisor.ts';
import type { Log } from '../log.ts';

type LiveKitAddress = Pick<LiveKit, 'url' | 'apiKey' | 'apiSecret'>;

export class RoomService {
  readonly #livekit: LiveKitAddress;
  readonly #clock: Clock;
  readonly #log: Log;
  #client: { readonly url: string; readonly service: RoomServiceClient } | undefined;

  constructor(livekit: LiveKitAddress, clock: Clock, log: Log) {
    this.#livekit = livekit;
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * Runs `request` until it succeeds, `isWanted` says no, or the last pause is over.
   *
   * @param whenMissing - what an answer 'not found' means: done, or try again
   * @returns true when it succeeded
   */
  async insist(
    request: (service: RoomServiceClient) => Promise<unknown>,
    whenMissing: 'done' | 'retry',
    isWanted: () => boolean,
  ): Promise<boolean> {
    for (const delayMs of [0, ...SFU_RETRY_DELAYS_MS]) {
      if (delayMs > 0) await this.#pause(delayMs);
      if (!isWanted()) return false;
      try {
        await request(this.#service());
        return true;
      } catch (error) {
        if (isMissing(error) && whenMissing === 'done') return true;
      }
    }
    this.#log.info('LiveKit did not take a request; it was given up');
    return false;
  }

  /** The address changes when LiveKit restarts on other ports. */
  #service(): RoomServiceClient {
    const { url, apiKey, apiSecret } = this.#livekit;
    if (this.#client?.url !== url) {
      const options = { requestTimeout: SFU_REQUEST_TIMEOUT_S, failover: false };
      this.#client = { url, service: new RoomServiceClient(url, apiKey, apiSecret, options) };
    }
    return this.#client.service;
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.#clock.after(delayMs, resolve));
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof ServerError && (error.code === 'not_found' || error.status === 404);
}
