/**
 * Keeps a LiveKit server running: first start on ports that are free, restart with growing pauses, one way to stop.
 *
 * @see SPEC.md V13–V16
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { OwnLiveKit } from '../config.ts';
import { LIVEKIT_FIRST_STARTS_MAX } from '../server-limits.ts';
import { restartPauseMs } from './backoff.ts';
import type { FoundLiveKit } from './find.ts';
import { freeMediaPort, freeTcpPort } from './free-port.ts';
import type { LiveKitSettings } from './livekit-config.ts';
import { type LiveKitProcess, runLiveKit } from './livekit-process.ts';

/** A LiveKit server in use: our child, or somebody else's. */
export interface LiveKit {
  /** Base address of signalling and API. It can change with a restart: ask for it at each use. */
  readonly url: string;
  readonly apiKey: string;
  readonly apiSecret: string;
  /** Version of our own server; undefined for somebody else's. */
  readonly version: string | undefined;
  /** UDP port of media of our own server; undefined for somebody else's. */
  readonly udpPort: number | undefined;
  /**
   * Calls the listener each time a new process has taken over, in which every room is gone.
   *
   * @returns how to end that
   */
  onRestart(listener: () => void): () => void;
  /** Ends our own server and waits for its end; calling it again waits, too. */
  stop(): Promise<void>;
}

/** What LiveKit knows us by. */
export interface LiveKitKeys {
  readonly apiKey: string;
  readonly apiSecret: string;
}

/** Our own LiveKit server. Make it, then `start` it once. */
export class Supervisor implements LiveKit {
  readonly version: string;
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly #path: string;
  readonly #wanted: OwnLiveKit;
  readonly #report: (line: string) => void;
  readonly #listeners = new Set<() => void>();
  readonly #stopping = new AbortController();
  #settings: LiveKitSettings | undefined;
  #current: LiveKitProcess | undefined;
  #supervision: Promise<void> = Promise.resolve();

  constructor(found: FoundLiveKit, wanted: OwnLiveKit, keys: LiveKitKeys, report: (line: string) => void) {
    this.version = found.version;
    this.#path = found.path;
    this.#wanted = wanted;
    this.apiKey = keys.apiKey;
    this.apiSecret = keys.apiSecret;
    this.#report = report;
  }

  get url(): string {
    return this.#current?.url ?? '';
  }

  get udpPort(): number | undefined {
    return this.#current?.udpPort;
  }

  onRestart(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @returns undefined once it answers, else why it does not */
  async start(): Promise<string | undefined> {
    let reason: string | undefined;
    for (let attempt = 0; attempt < LIVEKIT_FIRST_STARTS_MAX; attempt++) {
      const isUp = await this.#run();
      if (isUp) {
        this.#supervision = this.#supervise();
        return undefined;
      }
      reason = this.#current?.reason();
    }
    return `LiveKit ${this.version} does not start: ${reason ?? 'it does not answer'}`;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#current?.stop();
    await this.#supervision;
  }

  /** One run, on the ports of the last sound one if there was one. True once it answers. */
  async #run(): Promise<boolean> {
    const settings = this.#settings ?? (await this.#choosePorts());
    if (this.#stopping.signal.aborted) return false;
    this.#current = runLiveKit(this.#path, settings, this.#report);
    const isUp = await this.#current.started;
    // Ports that could not be used are not asked for again: somebody else took them in between.
    this.#settings = isUp ? settings : undefined;
    return isUp;
  }

  async #choosePorts(): Promise<LiveKitSettings> {
    const hasTcp = !this.#wanted.loopbackOnly;
    // With none free, LiveKit itself says which port it could not have.
    const mediaPort = (await freeMediaPort(this.#wanted.udpPort, hasTcp)) ?? this.#wanted.udpPort;
    return {
      port: await freeTcpPort(),
      udpPort: mediaPort,
      tcpPort: hasTcp ? mediaPort : undefined,
      loopbackOnly: this.#wanted.loopbackOnly,
      nodeIp: this.#wanted.nodeIp,
      apiKey: this.apiKey,
      apiSecret: this.apiSecret,
    };
  }

  async #supervise(): Promise<void> {
    let pauseMs = 0;
    while (true) {
      const startedAtMs = performance.now();
      await this.#current?.ended;
      if (this.#stopping.signal.aborted) return;
      pauseMs = restartPauseMs(pauseMs, performance.now() - startedAtMs);
      this.#report(`LiveKit ended unexpectedly; it starts again in ${pauseMs} ms`);
      await delay(pauseMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      if (this.#stopping.signal.aborted) return;
      const isUp = await this.#run();
      if (isUp) for (const listener of this.#listeners) listener();
    }
  }
}
