/**
 * The way to the SFU over a call's life, SPEC S74–S76: one connection at a time, made anew with each ticket, carrying what
 * this device wants published and seen. A ticket lives as long as its session (D26), so a new session means a new ticket.
 */
import type { MediaKind } from '@conclave/crypto/kid';
import { SFU_RETRY_DELAY_MAX_MS, SFU_RETRY_DELAY_MIN_MS, SFU_TICKET_SPACING_MS } from '../limits.ts';
import type { SfuConnection, SfuPorts, SfuState, Wish } from '../livekit/sfu-connection.ts';

export interface SfuLinkPorts {
  createConnection(ports: Pick<SfuPorts, 'onState' | 'onPublications' | 'onPublishFailed'>): SfuConnection;
  /** Asks the server for another ticket; `useTicket` answers. */
  requestTicket(): void;
  onState(state: SfuState | 'connecting'): void;
}

export class SfuLink {
  readonly #ports: SfuLinkPorts;
  readonly #published = new Map<MediaKind, MediaStreamTrack>();
  readonly #muted = new Set<MediaKind>();
  /** Undefined until the page has said what is on the screen. */
  #wishes: readonly Wish[] | undefined;
  #connection: SfuConnection | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #isStarted = false;
  #attempt = 0;
  #connectedAtMs = 0;
  #isClosed = false;

  constructor(ports: SfuLinkPorts) {
    this.#ports = ports;
  }

  /** Connects with a fresh ticket, in place of the connection before: nobody waits for that one to end. */
  async useTicket(url: string, token: string): Promise<void> {
    if (this.#isClosed || this.#isFresh()) return;
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#connectedAtMs = performance.now();
    const former = this.#connection;
    const connection = this.#create();
    void former?.close();
    this.#connection = connection;
    this.#ports.onState('connecting');
    if (this.#isStarted) connection.start();
    for (const kind of this.#muted) connection.setMuted(kind, true);
    for (const [kind, track] of this.#published) connection.publish(kind, track);
    if (this.#wishes) connection.wish(this.#wishes);
    const connected = await connection.connect({ url, token });
    if (this.#connection !== connection) return;
    if (connected.ok) this.#attempt = 0;
    else this.#tryAgain(connection);
  }

  /** A second answer to one wish would only tear down what has just been made. */
  #isFresh(): boolean {
    const isTried = this.#connection !== undefined && this.#retry === undefined;
    return isTried && performance.now() - this.#connectedAtMs < SFU_TICKET_SPACING_MS;
  }

  /** The person joins: what was only negotiated before is sent from now on. */
  start(): void {
    this.#isStarted = true;
    this.#connection?.start();
  }

  /** Publishes the track; undefined mutes what is published: the sender stays, and no frame of it leaves. */
  setTrack(kind: MediaKind, track: MediaStreamTrack | undefined): void {
    if (track === undefined) {
      this.#muted.add(kind);
      this.#connection?.setMuted(kind, true);
      return;
    }
    this.#published.set(kind, track);
    this.#connection?.publish(kind, track);
    this.#muted.delete(kind);
    this.#connection?.setMuted(kind, false);
  }

  unpublish(kind: MediaKind): void {
    this.#published.delete(kind);
    this.#connection?.unpublish(kind);
  }

  wish(wishes: readonly Wish[]): void {
    this.#wishes = wishes;
    this.#connection?.wish(wishes);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    await this.#connection?.close();
  }

  #create(): SfuConnection {
    const connection = this.#ports.createConnection({
      onState: (state) => {
        if (this.#connection !== connection || this.#isClosed) return;
        this.#ports.onState(state);
        if (state === 'disconnected') this.#tryAgain(connection);
      },
      onPublications: () => undefined,
      onPublishFailed: () => undefined,
    });
    return connection;
  }

  #tryAgain(connection: SfuConnection): void {
    if (this.#isClosed || this.#connection !== connection) return;
    this.#ports.onState('reconnecting');
    const delayMs = Math.min(SFU_RETRY_DELAY_MAX_MS, SFU_RETRY_DELAY_MIN_MS * 2 ** this.#attempt);
    this.#attempt += 1;
    clearTimeout(this.#retry);
    // Until a ticket has come: the request may be lost with its socket, or be one too many for the server.
    this.#retry = setTimeout(() => {
      this.#ports.requestTicket();
      this.#tryAgain(connection);
    }, delayMs);
  }
}
