/**
 * Which screen is shown, and the moves between screens: start, open, join, leave, fail, come back. Everything that
 * touches the browser comes in through `AppPorts`. SPEC P16–P19, P29, P30.
 */
import { formatLinkPath, isExpired, type Link } from '@conclave/crypto/link';
import { type Bytes, toBase64Url } from '@conclave/protocol/bytes';
import { type ReadonlySignal, signal } from '@preact/signals';
import type { AppPorts } from './app-ports.ts';
import { type CallEnd, CallModel } from './call-model.ts';
import { Habits } from './habits.ts';
import { LOOK_TIMEOUT_MS } from './limits.ts';
import { Lookout } from './lookout.ts';
import { OwnMedia } from './own-media.ts';
import { rememberedName, rememberName } from './own-name.ts';
import { pastedLink, placeOf } from './place.ts';
import { PreviewModel } from './preview-model.ts';
import { FRESH_TAB, readTabState, type TabState, writeTabState } from './tab-state.ts';
import type { Problem } from './words.ts';

export type Screen =
  | { readonly at: 'home'; readonly problem?: Problem }
  | { readonly at: 'opening'; readonly step: string }
  | { readonly at: 'preview'; readonly preview: PreviewModel }
  /** From the click on Join, or the reload that comes back, to the end. */
  | { readonly at: 'call'; readonly call: CallModel }
  | { readonly at: 'left' }
  | {
      readonly at: 'problem';
      readonly problem: Problem;
      /** Given where the page looks again by itself: whether it still does. */
      readonly isLooking?: ReadonlySignal<boolean>;
    };

export class AppModel {
  readonly screen = signal<Screen>({ at: 'opening', step: '' });
  readonly #ports: AppPorts;
  #link: Link | undefined;
  #operatorToken: string | undefined;
  #call: CallModel | undefined;
  #lookout: Lookout | undefined;
  /** Counts what the person or the lookout set about: whatever was begun before and still waits is over. */
  #turn = 0;
  #tab: TabState = FRESH_TAB;
  /** The page's media workers have served a call: the next one gets a page of its own, and fresh ones. */
  #hasServed = false;
  readonly #habits: Habits;

  constructor(ports: AppPorts) {
    this.#ports = ports;
    this.#habits = new Habits(ports.deviceStorage);
  }

  /** Reads the address that the page was opened with; the fragment has left the address bar by then. */
  async open(pathname: string, fragment: string): Promise<void> {
    if (!this.#ports.canEncrypt()) return this.#fail('BROWSER_TOO_OLD');
    const place = placeOf(pathname, fragment, (roomId) => this.#ports.rememberedLinks(roomId));
    if (place.at === 'home') {
      this.screen.value = { at: 'home' };
    } else if (place.at === 'problem') {
      if (place.problem === 'SECRET_SENT') this.#ports.showPath('/');
      this.#fail(place.problem);
    } else {
      await this.#enter(place.link);
    }
  }

  async startCall(suite: 1 | 2): Promise<void> {
    this.#drop();
    this.screen.value = { at: 'opening', step: 'Making a link…' };
    try {
      await this.#enter(await this.#ports.createRoomLink(suite), { isNew: true });
    } catch {
      this.#fail('CANNOT_LOAD');
    }
  }

  async openPasted(text: string): Promise<void> {
    const link = pastedLink(text);
    if (link.ok) await this.#enter(link.value);
    else this.screen.value = { at: 'home', problem: link.error };
  }

  /** The same room anew: after leaving, or after something failed. */
  async joinAgain(operatorToken?: string): Promise<void> {
    this.#operatorToken = operatorToken ?? this.#operatorToken;
    if (this.#link) await this.#enter(this.#link);
    else this.#ports.reload();
  }

  goHome(): void {
    this.#drop();
    this.#ports.showPath('/');
    this.screen.value = { at: 'home' };
  }

  /** The page goes away; a reload finds what it needs in the tab's memory. */
  pageHides(): void {
    this.#call?.dispose();
    this.#lookout?.stop();
  }

  /** @param options.wantsIn joins without another click */
  async #enter(link: Link, { isNew = false, wantsIn = false } = {}): Promise<void> {
    this.#drop();
    const turn = this.#turn;
    // On its way while the link is looked at; what goes wrong is said when it is needed.
    this.#ports.loadCall().catch(() => undefined);
    this.#link = link;
    this.#ports.rememberLink(link);
    this.#ports.showPath(formatLinkPath(link).split('#')[0] ?? '/');
    if (this.#hasServed && (!isNew || (await this.#ports.holdsHostKey(link)))) return this.#ports.reload();
    const nowUnixMs = isNew ? undefined : await this.#ports.serverNowUnixMs();
    if (turn !== this.#turn) return;
    if (nowUnixMs !== undefined && isExpired(link, nowUnixMs)) return this.#fail('EXPIRED');
    const tab = readTabState(this.#ports.tabStorage, idOf(link.roomId));
    const isDuplicate = tab.wasIn && !(await this.#ports.isOnlyTab());
    if (turn !== this.#turn) return;
    this.#tab = isDuplicate ? { ...tab, wasIn: false } : tab;
    const call = this.#createCall(link);
    void call.own.start();
    const isFounder = isNew || (await this.#ports.holdsHostKey(link));
    if (turn !== this.#turn) return;
    if (this.#tab.wasIn) this.#rejoin(call);
    else this.#preview(call, { isFounder, wantsIn });
    await this.#openSession(link, call, isFounder);
  }

  #preview(call: CallModel, { isFounder, wantsIn }: { isFounder: boolean; wantsIn: boolean }): void {
    const preview = new PreviewModel({
      call,
      name: this.#tab.name || rememberedName(this.#ports.deviceStorage),
      isFounder,
      onJoin: (name) => {
        // It may have waited for a device while the call ended.
        if (this.#call !== call) return;
        rememberName(this.#ports.deviceStorage, name);
        this.#remember({ name });
        this.screen.value = { at: 'call', call };
      },
    });
    this.screen.value = { at: 'preview', preview };
    if (wantsIn) preview.join();
  }

  #rejoin(call: CallModel): void {
    call.enter({ name: this.#tab.name, way: 'return' });
    this.screen.value = { at: 'call', call };
  }

  async #openSession(link: Link, call: CallModel, isFounder: boolean): Promise<void> {
    try {
      const openCallSession = await this.#ports.loadCall();
      if (this.#call !== call) return;
      call.attach(
        openCallSession({
          link,
          isFounder,
          ...(this.#operatorToken !== undefined && { operatorToken: this.#operatorToken }),
          onCall: (view) => call.onCall(view),
          onMedia: (view) => call.onMedia(view),
        }),
      );
    } catch {
      if (this.#call === call) this.#fail('CANNOT_LOAD');
    }
  }

  #createCall(link: Link): CallModel {
    const own = new OwnMedia(this.#ports.devices, this.#tab.choice);
    const call = new CallModel({
      link,
      own,
      devices: this.#ports.devices,
      origin: this.#ports.origin,
      habits: this.#habits,
      copyText: (text) => this.#ports.copyText(text),
      sendLink: this.#ports.sendLink,
      playChime: (chime) => this.#ports.playChime(chime),
      onEnd: (end) => this.#ended(end),
      onLink: (changed) => {
        this.#link = changed;
        this.#ports.rememberLink(changed);
      },
      onIn: () => {
        this.#hasServed = true;
        this.#remember({ wasIn: true });
      },
    });
    own.choice.subscribe((choice) => this.#remember({ choice }));
    this.#call = call;
    return call;
  }

  #ended(end: CallEnd): void {
    this.#call = undefined;
    this.#hasServed ||= end.problem === 'WORKER_FAILED' || end.problem === 'UNENCRYPTED_MEDIA';
    const { wasIn } = this.#tab;
    this.#remember({ wasIn: false });
    if (end.problem === undefined) {
      this.screen.value = { at: 'left' };
      // The tab has forgotten the link with the call: a reload starts anew instead of missing half of an address.
      this.#ports.showPath('/');
      return;
    }
    if (end.problem === 'LINK_CHANGED' || end.problem === 'REMOVED_BY_HOST') this.#forgetLink();
    if (end.problem === 'NO_SUCH_ROOM' && this.#link) this.#waitForCall(this.#link, !wasIn);
    else this.screen.value = { at: 'problem', problem: end.problem };
  }

  /** Whoever came too early is taken to the call when it starts, and into it who had asked for that. */
  #waitForCall(link: Link, isNew: boolean): void {
    const wantsIn = isNew && this.screen.value.at === 'call';
    this.#lookout = new Lookout({
      look: (signal) => this.#hasStarted(link, signal),
      isPageVisible: () => this.#ports.isPageVisible(),
      onFound: () => void this.#enter(link, { wantsIn }),
    });
    this.screen.value = { at: 'problem', problem: 'NO_SUCH_ROOM', isLooking: this.#lookout.isLooking };
  }

  /** Knocks at the server's door alone: no device is opened, and nobody in the call is asked. */
  async #hasStarted(link: Link, signal: AbortSignal): Promise<boolean> {
    const openCallSession = await this.#ports.loadCall();
    if (signal.aborted) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    for (const end of [signal, AbortSignal.timeout(LOOK_TIMEOUT_MS)]) {
      end.addEventListener('abort', () => resolve(false));
    }
    const session = openCallSession({
      link,
      isFounder: false,
      onCall: ({ phase, reason }) => {
        // Anything else that is wrong has a page of its own, which entering leads to.
        if (phase !== 'connecting') resolve(reason !== 'NO_SUCH_ROOM' && reason !== 'TOO_MANY');
      },
      onMedia: ({ stopped }) => {
        if (stopped) resolve(false);
      },
    });
    return await promise.finally(() => session.dispose());
  }

  #fail(problem: Problem): void {
    this.#drop();
    this.screen.value = { at: 'problem', problem };
  }

  #drop(): void {
    this.#turn += 1;
    this.#call?.dispose();
    this.#call = undefined;
    this.#lookout?.stop();
    this.#lookout = undefined;
  }

  /** A link that no longer lets anybody in is not kept. */
  #forgetLink(): void {
    if (this.#link) this.#ports.forgetLinks(this.#link.roomId);
    this.#link = undefined;
    this.#ports.showPath('/');
  }

  #remember(change: Partial<TabState>): void {
    this.#tab = { ...this.#tab, ...change };
    if (this.#link) writeTabState(this.#ports.tabStorage, idOf(this.#link.roomId), this.#tab);
  }
}

function idOf(roomId: Bytes): string {
  return toBase64Url(roomId);
}
