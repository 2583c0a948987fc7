/** Views, tracks and devices for tests, made from what a test cares about. */
import type { CallView, Person } from '@conclave/calling/view';
import type { CallSession, CallSessionOptions } from '@conclave/client/session/call-session.types';
import { createLink, type Link } from '@conclave/crypto/link';
import { ok } from '@conclave/protocol/result';
import type { DevicePorts } from '../src/device-ports.ts';

export function linkMade(at = Date.UTC(2026, 10, 24), kind: 'e2ee' | 'open' = 'e2ee'): Link {
  return createLink({
    hostPublicKey: new Uint8Array(32),
    suite: 2,
    kind,
    flags: { kept: false, lobby: false },
    nowUnixMs: at,
  });
}

export const LINK = linkMade();

export function person(key: string, more: Partial<Person> = {}): Person {
  return {
    key,
    participantId: key,
    name: key.toUpperCase(),
    isSelf: false,
    isHost: false,
    standing: 'confirmed',
    isReconnecting: false,
    flags: { microphone: true, camera: true, screen: false, hand: false },
    arrivedEpoch: 1,
    ...more,
  };
}

export const ME = person('me', { isSelf: true, isHost: true });

export function callView(people: readonly Person[], more: Partial<CallView> = {}): CallView {
  return {
    phase: 'in',
    epoch: 1,
    people,
    departures: [],
    isHost: true,
    hasHostPresent: true,
    suite: 2,
    lobby: false,
    isFrozen: false,
    waitingCount: 0,
    oldLinkCount: 0,
    link: LINK,
    ...more,
  };
}

/** Stands for a track: identity, `stop` and the `ended` event are what the pages use. */
export class FakeTrack extends EventTarget {
  isStopped = false;
  readonly label: string;

  constructor(label: string) {
    super();
    this.label = label;
  }

  stop(): void {
    this.isStopped = true;
  }

  /** As when a device is unplugged or the browser's own button ends a capture. */
  end(): void {
    this.dispatchEvent(new Event('ended'));
  }
}

export function track(label = 'track'): MediaStreamTrack & FakeTrack {
  return new FakeTrack(label) as unknown as MediaStreamTrack & FakeTrack;
}

/** What was picked in the browser's dialog. */
export function capturedScreen() {
  const screen = {
    video: track('screen'),
    audio: undefined,
    surface: 'window' as const,
    preview: track('preview'),
    isShared: false,
    isStopped: false,
    share() {
      screen.isShared = true;
    },
    stop() {
      screen.isStopped = true;
    },
  };
  return screen;
}

export function devices(more: Partial<DevicePorts> = {}): DevicePorts {
  return {
    openCamera: async (wish) => ok(track(`camera ${wish.deviceId ?? 'any'}`)),
    openMicrophone: async (wish) => ok(track(`microphone ${wish.deviceId ?? 'any'} ${wish.isOriginalSound}`)),
    openBoth: async () => ({ camera: ok(track('camera')), microphone: ok(track('microphone')) }),
    openScreen: async () => ok(capturedScreen()),
    canShareScreen: () => true,
    canChooseSpeaker: () => true,
    list: async () => [],
    onChange: () => () => undefined,
    testSpeaker: async () => undefined,
    measure: () => () => undefined,
    ...more,
  };
}

/** Writes down what it is told. */
export class ScriptedSession implements CallSession {
  readonly told: unknown[][] = [];
  /** What it was given to send; these follow the page's devices by themselves. */
  readonly devices: (readonly [string, MediaStreamTrack | undefined])[] = [];
  readonly options: CallSessionOptions | undefined;

  constructor(options?: CallSessionOptions) {
    this.options = options;
  }

  join(name: string): void {
    this.told.push(['join', name]);
  }
  setMicrophone(microphone: MediaStreamTrack | undefined): void {
    this.devices.push(['microphone', microphone]);
  }
  setCamera(camera: MediaStreamTrack | undefined): void {
    this.devices.push(['camera', camera]);
  }
  setScreen(tracks: { readonly video: MediaStreamTrack } | undefined): void {
    this.told.push(['screen', tracks?.video]);
  }
  setHand(isRaised: boolean): void {
    this.told.push(['hand', isRaised]);
  }
  setVisible(tiles: readonly unknown[]): void {
    this.told.push(['visible', tiles]);
  }
  kick(key: string): void {
    this.told.push(['kick', key]);
  }
  makeHost(key: string): void {
    this.told.push(['make-host', key]);
  }
  changeLink(): void {
    this.told.push(['change-link']);
  }
  showCode(): void {
    this.told.push(['show-code']);
  }
  goOn(): void {
    this.told.push(['go-on']);
  }
  async leave(): Promise<void> {
    this.told.push(['leave']);
  }
  dispose(): void {
    this.told.push(['dispose']);
  }

  names(): readonly unknown[] {
    return this.told.map(([name]) => name);
  }
}

export function memoryStorage(): Pick<Storage, 'getItem' | 'setItem'> & {
  readonly values: Map<string, string>;
} {
  const values = new Map<string, string>();
  return {
    values,
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
  };
}
