/**
 * Goes into a page before its own code, as text: clicks Join when told to, and notes when what came. It may use nothing
 * from outside itself.
 */

/** Unix milliseconds with fractions, of one clock on one machine. */
export interface JoinTimes {
  /** Navigation started. */
  readonly opened: number;
  /** The Join button could be clicked. */
  readonly form?: number;
  readonly clicked?: number;
  /** The other's tile was on the page. */
  readonly tile?: number;
  /** A video stood in the tile: for Conclave, its track had been bound to a person. */
  readonly video?: number;
  /** The first frame of it was handed to the compositor. */
  readonly frame?: number;
}

export interface JoinWish {
  /** `aria-label` of the tile whose picture is waited for. */
  readonly tileName: string;
  readonly name: string;
  /** Clicks as soon as it can; otherwise when `clickJoin` is called. */
  readonly isImmediate: boolean;
}

/**
 * Notes, besides `JoinTimes`, `joinNotes`: what its connections tell, as [what, Unix milliseconds].
 */
export function watchJoin({ tileName, name, isImmediate }: JoinWish): void {
  const times: Record<string, number> = { opened: performance.timeOrigin };
  const now = () => performance.timeOrigin + performance.now();
  const note = (what: string) => {
    times[what] ??= now();
  };
  const joinButton = () =>
    [...document.querySelectorAll('button')].find((one) => one.textContent?.trim() === 'Join');
  const clickJoin = () => {
    const button = joinButton();
    const field = document.querySelector<HTMLInputElement>('input[type=text]');
    if (!button || !field) throw new Error('no Join on this page');
    field.value = name;
    field.dispatchEvent(new Event('input', { bubbles: true }));
    note('clicked');
    button.click();
  };
  const look = () => {
    const button = joinButton();
    if (times['form'] === undefined && button && !button.disabled) {
      note('form');
      if (isImmediate) clickJoin();
    }
    const tiles = [...document.querySelectorAll('[role=group]')];
    const tile = tiles.find((one) => one.getAttribute('aria-label') === tileName);
    if (!tile) return;
    note('tile');
    const video = tile.querySelector('video');
    if (!video || times['video'] !== undefined) return;
    note('video');
    // One that was decoded before its element came onto the page is there with the next painting.
    if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && video.videoWidth > 0) {
      requestAnimationFrame(() => note('frame'));
    } else video.requestVideoFrameCallback(() => note('frame'));
  };
  const notes: [string, number][] = [];
  const Native = RTCPeerConnection;
  for (const name of ['createOffer', 'setLocalDescription', 'setRemoteDescription'] as const) {
    const native = Native.prototype[name] as (...values: unknown[]) => Promise<unknown>;
    const noted = async function (this: RTCPeerConnection, ...values: unknown[]) {
      notes.push([`guest begins ${name}`, now()]);
      const result = await native.apply(this, values);
      notes.push([`guest has done ${name}`, now()]);
      return result;
    };
    Object.defineProperty(Native.prototype, name, { value: noted, configurable: true, writable: true });
  }
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) {
      notes.push([`long task of ${duration.toFixed(0)} ms`, performance.timeOrigin + startTime]);
    }
  }).observe({ entryTypes: ['longtask'] });
  globalThis.RTCPeerConnection = class extends Native {
    constructor(...options: ConstructorParameters<typeof RTCPeerConnection>) {
      super(...options);
      this.addEventListener('connectionstatechange', () => {
        notes.push([`guest's connection ${this.connectionState}`, now()]);
      });
      this.addEventListener('track', ({ track }) => {
        if (track.kind !== 'video') return;
        notes.push(['guest has a video receiver', now()]);
        track.addEventListener('unmute', () => notes.push(['first packet', now()]));
      });
    }
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true, attributes: true });
  Object.assign(globalThis, { joinTimes: times, joinNotes: notes, clickJoin });
}
