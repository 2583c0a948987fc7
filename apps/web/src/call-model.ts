/**
 * One call as a page sees it: the two views of the session, the own media, and the commands of a person. It wires; the
 * rules are in `tiles`, `trust-mark`, `banners` and in the session itself. SPEC P1–P30.
 */
import type { CallView, Departure, Person } from '@conclave/calling/view';
import type { CallSession, MediaView, VisibleTile } from '@conclave/client/session/call-session.types';
import { formatLinkPath, type Link } from '@conclave/crypto/link';
import { computed, effect, signal } from '@preact/signals';
import { type Arrivals, noteArrivals } from './arrivals.ts';
import { bannersOf } from './banners.ts';
import { type Chime, chimeOf } from './chimes.ts';
import { type Corner, cornerByKey } from './corner.ts';
import type { DevicePorts } from './device-ports.ts';
import type { Habits } from './habits.ts';
import { MUTED_CHIME_PAUSE_MS } from './limits.ts';
import { MutedHint } from './muted-hint.ts';
import { Notices } from './notices.ts';
import type { OwnMedia } from './own-media.ts';
import { nameInSentence } from './person-look.ts';
import { isLoopback } from './place.ts';
import { ScreenShare } from './screen-share.ts';
import { comingTile, soundsOf, tilesOf } from './tiles.ts';
import { trustMarkOf } from './trust-mark.ts';
import { entryWords, type Problem } from './words.ts';

export type Panel = 'people' | 'security' | 'devices' | 'invite';

/** How a person comes in. */
export interface Entry {
  readonly name: string;
  /** Founds the call, asks to be let in, or comes back after a reload. */
  readonly way: 'start' | 'ask' | 'return';
}

export interface CallEnd {
  readonly problem: Problem | undefined;
}

export interface CallModelOptions {
  readonly link: Link;
  readonly own: OwnMedia;
  readonly devices: Pick<DevicePorts, 'openScreen' | 'canShareScreen'>;
  /** `https://host`, before the link's path. */
  readonly origin: string;
  readonly habits: Habits;
  copyText(text: string): Promise<boolean>;
  readonly sendLink: ((url: string) => Promise<void>) | undefined;
  playChime(chime: Chime): void;
  /** Called once, when the call is over for this page. */
  onEnd(end: CallEnd): void;
  /** The link in force, whenever it changes. */
  onLink(link: Link): void;
  onIn(): void;
}

const NO_MEDIA: MediaView = { people: new Map(), connection: 'connecting' };

export class CallModel {
  readonly call = signal<CallView | undefined>(undefined);
  /** Since the click on Join, or the reload that comes back. */
  readonly entry = signal<Entry | undefined>(undefined);
  readonly media = signal<MediaView>(NO_MEDIA);
  readonly panel = signal<Panel | undefined>(undefined);
  /** Who the person is being asked about: 'Remove Mallory?' */
  readonly removing = signal<Person | undefined>(undefined);
  /** The link was changed by this device: it is shown until closed. */
  readonly newLink = signal<{ readonly removedName: string | undefined } | undefined>(undefined);
  /** False once a browser refused to play sound before a click. */
  readonly isSoundBlocked = signal(false);
  readonly isLeaving = signal(false);
  /** Where the own picture lies in a call of two. */
  readonly corner = signal<Corner>('bottom-right');
  readonly arrivals = signal<Arrivals>(new Map());
  readonly mutedHint = new MutedHint();
  readonly notices = new Notices();
  readonly own: OwnMedia;
  readonly share: ScreenShare;
  readonly canShareScreen: boolean;
  readonly canSendLink: boolean;
  /** The link opens nowhere else. */
  readonly isLinkLocal: boolean;
  readonly habits: Habits;

  readonly isIn = computed(() => ['in', 'reconnecting'].includes(this.call.value?.phase ?? ''));
  readonly isAlone = computed(() => this.isIn.value && (this.call.value?.people.length ?? 0) <= 1);
  readonly linkText = computed(() => {
    return this.#options.origin + formatLinkPath(this.call.value?.link ?? this.#options.link);
  });
  readonly tiles = computed(() => {
    const own = {
      camera: this.own.camera.value,
      isMicrophoneOn: this.own.isMicrophoneOn.value,
      isSpeaking: this.own.isSpeaking.value,
    };
    if (this.call.value && this.isIn.value) return tilesOf(this.call.value, this.media.value, own);
    return this.entry.value ? [comingTile(this.entry.value.name, own)] : [];
  });
  readonly sounds = computed(() => (this.call.value ? soundsOf(this.call.value, this.media.value) : []));
  readonly mark = computed(() => this.call.value && trustMarkOf(this.call.value));
  readonly banners = computed(() =>
    this.call.value ? bannersOf(this.call.value, this.media.value, this.#removedName.value) : [],
  );
  /** What is waited for between the click and the call; undefined when there is nothing to wait for. */
  readonly step = computed(() => {
    const way = this.isIn.value ? undefined : this.entry.value?.way;
    return way && entryWords(way, this.call.value?.phase);
  });
  /** How many see what this person shows, without themselves. */
  readonly audienceCount = computed(() => Math.max(0, (this.call.value?.people.length ?? 1) - 1));
  /** 'Copy link' stands once on the page: here, or in the bar. */
  readonly isLinkShown = computed(() => this.isAlone.value || this.newLink.value !== undefined);

  readonly #options: CallModelOptions;
  readonly #removedName = signal<string | undefined>(undefined);
  #session: CallSession | undefined;
  #isEnded = false;
  #hasAskedForLink = false;
  /** Keys of whom this device asked to remove. */
  readonly #removed = new Set<string>();
  #stopEffects: () => void = () => undefined;

  constructor(options: CallModelOptions) {
    this.#options = options;
    this.own = options.own;
    this.habits = options.habits;
    this.canShareScreen = options.devices.canShareScreen();
    this.canSendLink = options.sendLink !== undefined;
    this.isLinkLocal = isLoopback(options.origin);
    this.share = new ScreenShare(options.devices, (tracks) => this.#session?.setScreen(tracks));
  }

  /**
   * The session is opened with `onCall` and `onMedia` of this model, then given here: whoever wanted in joins now. It
   * follows the own devices from the preview on, so that nothing is left to negotiate after the click.
   */
  attach(session: CallSession): void {
    this.#session = session;
    this.#followOwnMedia(session);
    if (this.entry.peek()) this.#join(session);
  }

  onCall(view: CallView): void {
    if (this.#isEnded) return;
    const before = this.call.value;
    this.call.value = view;
    this.arrivals.value = noteArrivals(this.arrivals.peek(), view, Date.now());
    this.#noteLink(before, view);
    this.#notePeople(before, view);
    const chime = chimeOf(before, view);
    if (chime) this.#chime(chime);
    if (view.phase === 'in' && before?.phase !== 'in') this.#options.onIn();
    if (view.phase === 'left' || view.phase === 'closed') {
      const reason = view.reason ?? 'LEFT';
      this.#end(reason === 'LEFT' ? undefined : reason);
    }
  }

  onMedia(view: MediaView): void {
    if (this.#isEnded) return;
    this.media.value = view;
    if (view.stopped) this.#end(view.stopped);
  }

  /** Joins, now or as soon as there is a session. */
  enter(entry: Entry): void {
    if (this.entry.peek() || this.#isEnded) return;
    this.entry.value = entry;
    if (this.#session) this.#join(this.#session);
  }

  toggleMicrophone(): void {
    void this.own.setMicrophoneOn(!this.own.isMicrophoneOn.value);
  }

  toggleCamera(): void {
    void this.own.setCameraOn(!this.own.isCameraOn.value);
  }

  /** Not on the way in: nobody knows yet who would see it. */
  toggleShare(): void {
    if (!this.isIn.peek()) return;
    if (this.share.state.value.at === 'off') void this.share.choose();
    else this.share.stop();
  }

  /** Opens a panel, or closes it when it is the one that is open. On the way in there is nothing to say of the group. */
  togglePanel(panel: Panel): void {
    if ((panel === 'people' || panel === 'security') && !this.isIn.peek()) return;
    this.panel.value = this.panel.value === panel ? undefined : panel;
    if (this.panel.value === 'security') this.#session?.showCode();
  }

  showCode(): void {
    this.#session?.showCode();
  }

  askToRemove(person: Person): void {
    this.removing.value = person;
  }

  remove(): void {
    const person = this.removing.value;
    this.removing.value = undefined;
    if (!person) return;
    this.#removedName.value = nameInSentence(person.name);
    this.#hasAskedForLink = true;
    this.#removed.add(person.key);
    this.#session?.kick(person.key);
  }

  makeHost(person: Person): void {
    this.#session?.makeHost(person.key);
    this.notices.say(`${nameInSentence(person.name)} becomes a host.`);
  }

  changeLink(): void {
    this.#removedName.value = undefined;
    this.#hasAskedForLink = true;
    this.#session?.changeLink();
  }

  async copyLink(): Promise<void> {
    const isCopied = await this.#options.copyText(this.linkText.value);
    this.notices.say(
      isCopied ? 'Link copied.' : 'The browser did not allow copying. Select the link and copy it.',
    );
  }

  /** The bar's way to invite: the link is copied at once, and the other ways are shown. */
  async invite(): Promise<void> {
    this.panel.value = 'invite';
    await this.copyLink();
  }

  /** Opens the device's own sheet. */
  async sendLink(): Promise<void> {
    await this.#options.sendLink?.(this.linkText.value);
  }

  /** @returns false for a key that moves nothing */
  moveCorner(key: string): boolean {
    const moved = cornerByKey(this.corner.value, key);
    if (moved) this.corner.value = moved;
    return moved !== undefined;
  }

  goOn(): void {
    this.#session?.goOn();
  }

  setVisible(tiles: readonly VisibleTile[]): void {
    if (this.isIn.peek()) this.#session?.setVisible(tiles);
  }

  async leave(): Promise<void> {
    if (this.isLeaving.value || this.#isEnded) return;
    this.isLeaving.value = true;
    this.share.stop();
    await this.#session?.leave();
    this.#end(undefined);
  }

  /** The page goes away: nothing is said to others. */
  dispose(): void {
    this.#isEnded = true;
    this.#release();
  }

  #join(session: CallSession): void {
    session.join(this.entry.peek()?.name ?? '');
  }

  #followOwnMedia(session: CallSession): void {
    const stops = [
      effect(() => session.setMicrophone(this.own.sending.value)),
      effect(() => session.setCamera(this.own.camera.value)),
      effect(() => {
        if (this.entry.value) this.#hearOwn();
      }),
    ];
    this.#stopEffects = () => {
      for (const stop of stops) stop();
    };
  }

  #hearOwn(): void {
    const isMuted = !this.own.choice.value.isMicrophoneOn && this.own.microphone.value !== undefined;
    const before = this.mutedHint.shownMs;
    const nowMs = performance.now();
    if (!this.mutedHint.hear(this.own.level.value, isMuted, nowMs)) return;
    if (before === undefined || nowMs - before > MUTED_CHIME_PAUSE_MS) this.#chime('muted');
  }

  #chime(chime: Chime): void {
    if (this.habits.areSoundsOn.peek()) this.#options.playChime(chime);
  }

  #noteLink(before: CallView | undefined, view: CallView): void {
    if (before && formatLinkPath(before.link) === formatLinkPath(view.link)) return;
    this.#options.onLink(view.link);
    if (before?.phase !== 'in') return;
    if (this.#hasAskedForLink) {
      this.#hasAskedForLink = false;
      this.newLink.value = { removedName: this.#removedName.peek() };
    } else {
      this.notices.say('The link was changed. Copy it again before you invite somebody.');
    }
  }

  #notePeople(before: CallView | undefined, view: CallView): void {
    if (before?.phase !== 'in' || view.phase !== 'in') return;
    const keysBefore = new Set(before.people.map((person) => person.key));
    const keysNow = new Set(view.people.map((person) => person.key));
    for (const person of view.people) {
      if (!keysBefore.has(person.key)) this.notices.say(`${nameInSentence(person.name)} came in.`);
    }
    for (const person of before.people) {
      if (!keysNow.has(person.key)) this.notices.say(goneWords(person, view, this.#removed));
    }
  }

  #end(problem: Problem | undefined): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#release();
    this.#options.onEnd({ problem });
  }

  #release(): void {
    this.#stopEffects();
    this.share.stop();
    this.own.dispose();
    this.notices.dispose();
    this.#session?.dispose();
  }
}

/** The server removes who lost the connection (D8): that is its act, not a leave. */
function goneWords(person: Person, { departures }: CallView, removed: ReadonlySet<string>): string {
  const name = nameInSentence(person.name);
  const words: Readonly<Record<Departure['by'], string>> = {
    themselves: `${name} left.`,
    host: removed.has(person.key) ? `You removed ${name}.` : `${name} was removed by a host.`,
    server: `${name} was removed by the server (connection lost).`,
    unknown: `${name} is gone.`,
  };
  return words[departures.findLast(({ key }) => key === person.key)?.by ?? 'unknown'];
}
