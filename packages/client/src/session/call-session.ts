/**
 * A call on this device: wires the MLS worker, the media worker, the SFU and this tab's storage to the two views and the
 * commands of `CallSession`. Decides nothing: membership is judged in `@conclave/calling`, frames in the media worker.
 */

import type { CallView, ClosedReason, Flags } from '@conclave/calling/view';
import type { Link } from '@conclave/crypto/link';
import { equalBytes } from '@conclave/protocol/bytes';
import { LEAVE_TIMEOUT_MS } from '../limits.ts';
import { createSfuConnection } from '../livekit/sfu-connection.ts';
import type { MediaSession } from '../media/media-session.ts';
import { BoundMedia } from './bound-media.ts';
import type { CallSession, CallSessionOptions, MediaView, VisibleTile } from './call-session.types.ts';
import { claimLeafKey, type LeafKey } from './leaf-key.ts';
import type { FromMlsWorker, PersonEvent, ToMlsWorker } from './mls-worker.types.ts';
import { borrowMedia, isMediaOf, type MediaListener, returnMedia } from './page-media.ts';
import { takeMlsWorker } from './prepared-worker.ts';
import { SfuLink } from './sfu-link.ts';
import { Speaking } from './speaking.ts';
import { forgetTabLinks, type StoredLink, storeTabLink, tabKickedKeys, tabLinks } from './tab-links.ts';
import { hexToBytes, wishesOf } from './wishes.ts';

const NO_FLAGS: Flags = { microphone: false, camera: false, screen: false, hand: false };

/** Opens the call's machinery while the person looks at the preview. */
export function openCallSession(options: CallSessionOptions): CallSession {
  return new BrowserCallSession(options);
}

class BrowserCallSession implements CallSession {
  readonly #options: CallSessionOptions;
  readonly #worker: Worker;
  readonly #media: MediaSession;
  readonly #mediaListener: MediaListener;
  readonly #sfu: SfuLink;
  readonly #bound = new BoundMedia();
  readonly #speaking: Speaking;
  readonly #onOnline = () => this.#post({ t: 'online' });
  #leafKey: LeafKey | undefined;
  #view: CallView | undefined;
  #visible: readonly VisibleTile[] | undefined;
  #flags = NO_FLAGS;
  #connection: MediaView['connection'] = 'connecting';
  #stopped: MediaView['stopped'];
  #isDisposed = false;
  #isTelling = false;
  /** What the person did before the worker had its key: a reload joins at once. Undefined from then on. */
  #early: PersonEvent[] | undefined = [];
  /** Resolves `leave` when the machine says that it is over. */
  #onClosed: () => void = () => undefined;

  constructor(options: CallSessionOptions) {
    this.#options = options;
    this.#mediaListener = {
      onBound: (receiverId, binding, track) => {
        this.#bound.bind(receiverId, binding, track);
        this.#mediaChanged();
      },
      onUnbound: (receiverId) => {
        this.#bound.unbind(receiverId);
        this.#mediaChanged();
      },
      onTrouble: (reports) => {
        this.#bound.note(reports);
        this.#mediaChanged();
      },
      onLeak: () => this.#stop('UNENCRYPTED_MEDIA'),
      onFailed: () => this.#stop('WORKER_FAILED'),
    };
    this.#media = borrowMedia(this.#mediaListener);
    this.#speaking = new Speaking((key, isSpeaking) => {
      if (this.#bound.setSpeaking(key, isSpeaking)) this.#tellMedia();
    });
    this.#worker = takeMlsWorker();
    this.#worker.onmessage = ({ data }: MessageEvent<FromMlsWorker>) => this.#hear(data);
    this.#worker.onerror = () => this.#stop('WORKER_FAILED');
    this.#sfu = new SfuLink({
      createConnection: (ports) => createSfuConnection({ media: this.#media, ...ports }),
      requestTicket: () => this.#post({ t: 'sfu' }),
      onState: (state) => this.#connectionChanged(state === 'disconnected' ? 'reconnecting' : state),
    });
    addEventListener('online', this.#onOnline);
    void this.#open();
  }

  join(name: string): void {
    this.#sfu.start();
    this.#person({ t: 'join', name });
  }

  setMicrophone(track: MediaStreamTrack | undefined): void {
    this.#sfu.setTrack('microphone', track);
    this.#setFlags({ microphone: track !== undefined });
  }

  setCamera(track: MediaStreamTrack | undefined): void {
    this.#sfu.setTrack('camera', track);
    this.#setFlags({ camera: track !== undefined });
  }

  setScreen(
    tracks: { readonly video: MediaStreamTrack; readonly audio?: MediaStreamTrack } | undefined,
  ): void {
    if (tracks === undefined) {
      this.#sfu.unpublish('screenVideo');
      this.#sfu.unpublish('screenAudio');
    } else {
      this.#sfu.setTrack('screenVideo', tracks.video);
      if (tracks.audio) this.#sfu.setTrack('screenAudio', tracks.audio);
    }
    this.#setFlags({ screen: tracks !== undefined });
  }

  setHand(isRaised: boolean): void {
    this.#setFlags({ hand: isRaised });
  }

  setVisible(tiles: readonly VisibleTile[]): void {
    this.#visible = tiles;
    this.#wish();
  }

  kick(personKey: string): void {
    this.#person({ t: 'kick', leafKey: hexToBytes(personKey) });
  }

  makeHost(personKey: string): void {
    this.#person({ t: 'make-host', leafKey: hexToBytes(personKey) });
  }

  changeLink(): void {
    this.#person({ t: 'change-link' });
  }

  showCode(): void {
    this.#person({ t: 'show-code' });
  }

  goOn(): void {
    this.#person({ t: 'go-on' });
  }

  async leave(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#onClosed = resolve;
      setTimeout(resolve, LEAVE_TIMEOUT_MS);
    });
    this.#person({ t: 'leave' });
    await closed;
    forgetTabLinks(this.#options.link.roomId);
    await this.#leafKey?.forget();
    this.dispose();
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    removeEventListener('online', this.#onOnline);
    this.#worker.terminate();
    this.#endMedia();
    this.#speaking.dispose();
    returnMedia(this.#mediaListener);
    this.#leafKey?.release();
    void this.#sfu.close();
  }

  async #open(): Promise<void> {
    const { link, operatorToken } = this.#options;
    const leafKey = await claimLeafKey(link);
    if (this.#isDisposed) return leafKey.release();
    this.#leafKey = leafKey;
    const { port1, port2 } = new MessageChannel();
    this.#media.usePort(port1);
    const stored = tabLinks(link.roomId);
    const isStored = stored.some((other) => equalBytes(other.secret, link.secret));
    this.#post(
      {
        t: 'open',
        links: isStored ? stored : [link, ...stored],
        kickedKeys: tabKickedKeys(link.roomId),
        key: leafKey.key,
        isFounder: leafKey.isFounder,
        ...(operatorToken !== undefined && { operatorToken }),
        origin: location.origin,
        mediaPort: port2,
      },
      [port2],
    );
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const event of early) this.#person(event);
  }

  #hear(message: FromMlsWorker): void {
    if (this.#isDisposed) return;
    if (message.t === 'view') this.#show(message.view);
    else if (message.t === 'store-link') this.#storeLink(message.stored);
    else if (message.t === 'sfu') void this.#sfu.useTicket(this.#sfuUrl(message.ticket), message.token);
    else if (message.t === 'failed') this.#stop('WORKER_FAILED');
    else this.#closed(message.reason);
  }

  #storeLink(stored: StoredLink): void {
    storeTabLink(stored);
    this.#post({ t: 'link-stored' });
  }

  #sfuUrl(ticket: string): string {
    return `${location.origin.replace(/^http/, 'ws')}/sfu/${ticket}/`;
  }

  #show(view: CallView): void {
    this.#view = view;
    if (view.phase === 'closed' || view.phase === 'left') this.#endMedia();
    else this.#media.setPeople(new Map(view.people.map(({ key, participantId }) => [key, participantId])));
    this.#wish();
    this.#options.onCall(view);
  }

  /** The socket may be refused before the machine has ever shown anything. */
  #closed(reason: ClosedReason): void {
    this.#endMedia();
    const isShown = this.#view?.phase === 'closed' || this.#view?.phase === 'left';
    if (!isShown) this.#options.onCall(closedView(this.#view, this.#options.link, reason));
    this.#onClosed();
  }

  #setFlags(change: Partial<Flags>): void {
    this.#flags = { ...this.#flags, ...change };
    this.#person({ t: 'set-flags', flags: this.#flags });
  }

  #person(event: PersonEvent): void {
    if (this.#early) this.#early.push(event);
    else this.#post({ t: 'person', event });
  }

  #post(message: ToMlsWorker, transfer: Transferable[] = []): void {
    if (!this.#isDisposed) this.#worker.postMessage(message, transfer);
  }

  #wish(): void {
    if (this.#visible === undefined) return;
    this.#sfu.wish(wishesOf(this.#view?.people ?? [], this.#visible, devicePixelRatio));
  }

  #mediaChanged(): void {
    this.#speaking.follow(this.#bound.microphones());
    this.#tellMedia();
  }

  #connectionChanged(connection: MediaView['connection']): void {
    this.#connection = connection;
    this.#tellMedia();
  }

  /** The MLS worker says nothing any more, so the media worker would go on for ever with what it said last. */
  #endMedia(): void {
    if (isMediaOf(this.#mediaListener)) this.#media.endCall();
    void this.#sfu.close();
    this.#bound.clear();
    this.#mediaChanged();
  }

  /** A check that protects the person failed: nothing goes on that could still leave or be shown. */
  #stop(reason: NonNullable<MediaView['stopped']>): void {
    this.#stopped = reason;
    this.#media.stop();
    void this.#sfu.close();
    this.#tellMedia();
  }

  /** Once for all that changes in one task. */
  #tellMedia(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    queueMicrotask(() => {
      this.#isTelling = false;
      if (this.#isDisposed) return;
      this.#options.onMedia({
        people: this.#bound.people(),
        connection: this.#connection,
        ...(this.#stopped !== undefined && { stopped: this.#stopped }),
      });
    });
  }
}

function closedView(last: CallView | undefined, link: Link, reason: ClosedReason): CallView {
  const empty: CallView = {
    phase: 'closed',
    people: [],
    departures: [],
    isHost: false,
    hasHostPresent: false,
    suite: link.suite,
    lobby: link.flags.lobby,
    isFrozen: false,
    waitingCount: 0,
    oldLinkCount: 0,
    link,
  };
  return { ...(last ?? empty), phase: 'closed', reason };
}
