import type { CallSessionOptions } from '@conclave/client/session/call-session.types';
import { formatLinkPath, type Link } from '@conclave/crypto/link';
import { toBase64Url } from '@conclave/protocol/bytes';
import { ok } from '@conclave/protocol/result';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  callView,
  devices,
  type FakeTrack,
  LINK,
  ME,
  memoryStorage,
  person,
  ScriptedSession,
  track,
} from '../test/sketches.ts';
import { AppModel } from './app-model.ts';
import type { AppPorts } from './app-ports.ts';
import { LOOK_AGAIN_MS } from './limits.ts';
import { FIRST_CHOICE } from './own-media.ts';
import { readTabState, writeTabState } from './tab-state.ts';

const [PATH = '', SECRET = ''] = formatLinkPath(LINK).split('#');
const ROOM = toBase64Url(LINK.roomId);
const LINK_MADE = LINK.createdHour * 3_600_000;

/** The browser as one object: what the pages left in it can be looked at. */
function browser(more: Partial<AppPorts> = {}) {
  const sessions: ScriptedSession[] = [];
  const links: Link[] = [];
  const paths: string[] = [];
  const reloads: string[] = [];
  const tab = memoryStorage();
  const device = memoryStorage();
  const ports: AppPorts = {
    origin: 'https://a.example',
    devices: devices(),
    tabStorage: tab,
    deviceStorage: device,
    canEncrypt: () => true,
    isOnlyTab: async () => true,
    isPageVisible: () => true,
    serverNowUnixMs: async () => LINK_MADE,
    createRoomLink: async () => LINK,
    holdsHostKey: async () => false,
    loadCall: async () => (options: CallSessionOptions) => {
      const session = new ScriptedSession(options);
      sessions.push(session);
      return session;
    },
    rememberedLinks: () => links,
    rememberLink: (link) => void links.unshift(link),
    forgetLinks: () => void links.splice(0),
    copyText: async () => true,
    sendLink: undefined,
    playChime: () => undefined,
    showPath: (path) => void paths.push(path),
    reload: () => void reloads.push('reload'),
    ...more,
  };
  return { app: new AppModel(ports), sessions, links, paths, reloads, tab, device };
}

function preview(app: AppModel) {
  const screen = app.screen.value;
  if (screen.at !== 'preview') throw new Error(`the screen is ${screen.at}`);
  return screen.preview;
}

describe('coming in', () => {
  test('[P16] a link opens the preview; its secret is in no address that is shown, and in no storage of the device', async () => {
    const { app, links, paths, device } = browser();
    await app.open(PATH, `#${SECRET}`);
    expect(app.screen.value.at).toBe('preview');
    expect(links).toEqual([LINK]);
    expect(paths).toEqual([PATH]);
    expect(device.values.size).toBe(0);
  });

  test('[P10] a click on Join before the call is loaded joins when it is', async () => {
    let loaded: (open: Awaited<ReturnType<AppPorts['loadCall']>>) => void = () => undefined;
    const session = new ScriptedSession();
    const { app } = browser({ loadCall: () => new Promise((resolve) => (loaded = resolve)) });
    const opened = app.open(PATH, `#${SECRET}`);
    await expect.poll(() => app.screen.value.at).toBe('preview');
    preview(app).name.value = ' Ada ';
    preview(app).join();
    expect(session.told).toEqual([]);
    loaded(() => session);
    await opened;
    expect(session.told).toEqual([['join', 'Ada']]);
  });

  test('[P11] without a name nothing is joined, and the field says so', async () => {
    const { app, sessions } = browser();
    await app.open(PATH, `#${SECRET}`);
    preview(app).join();
    expect(preview(app).isNameMissing.value).toBe(true);
    expect(sessions[0]?.told).toEqual([]);
  });

  test('[P29] every step of joining has a name', async () => {
    const { app, sessions } = browser();
    await app.open(PATH, `#${SECRET}`);
    const { call, ...model } = preview(app);
    expect(call.step.value).toBeUndefined();
    model.name.value = 'Ada';
    preview(app).join();
    const steps = (['connecting', 'ready', 'asking', 'waiting'] as const).map((phase) => {
      sessions[0]?.options?.onCall(callView([], { phase }));
      return call.step.value;
    });
    expect(steps).toEqual(['Connecting…', 'Asking to join…', 'Asking to join…', 'Waiting to be let in…']);
  });

  test('[P16] a link whose secret went to the server joins nothing, and leaves the address bar', async () => {
    const { app, sessions, paths } = browser();
    await app.open(`${PATH}%23${SECRET}`, '');
    expect(app.screen.value).toEqual({ at: 'problem', problem: 'SECRET_SENT' });
    expect(paths).toEqual(['/']);
    expect(sessions).toEqual([]);
  });

  test('[P21] an expired link is refused by the server’s clock, and nothing is opened', async () => {
    const { app, sessions } = browser({ serverNowUnixMs: async () => LINK_MADE + 48 * 3_600_000 });
    await app.open(PATH, `#${SECRET}`);
    expect(app.screen.value).toEqual({ at: 'problem', problem: 'EXPIRED' });
    expect(sessions).toEqual([]);
  });

  test('[P20] a call that cannot be loaded, and a browser that cannot encrypt, each have their page', async () => {
    const offline = browser({ loadCall: () => Promise.reject(new Error('offline')) });
    await offline.app.open(PATH, `#${SECRET}`);
    expect(offline.app.screen.value).toEqual({ at: 'problem', problem: 'CANNOT_LOAD' });
    const old = browser({ canEncrypt: () => false });
    await old.app.open(PATH, `#${SECRET}`);
    expect(old.app.screen.value).toEqual({ at: 'problem', problem: 'BROWSER_TOO_OLD' });
  });
});

describe('coming too early', () => {
  afterEach(() => void vi.useRealTimers());
  const tooEarly = { phase: 'closed', reason: 'NO_SUCH_ROOM' } as const;

  /** Before the host, with the clock stopped; `look` gives the session of the next look. */
  async function waiting(name: string | undefined, more: Partial<AppPorts> = {}) {
    const { app, sessions } = browser(more);
    await app.open(PATH, `#${SECRET}`);
    if (name !== undefined) {
      preview(app).name.value = name;
      preview(app).join();
    }
    vi.useFakeTimers();
    sessions[0]?.options?.onCall(callView([], tooEarly));
    const look = async () => {
      await vi.advanceTimersByTimeAsync(LOOK_AGAIN_MS);
      return sessions.at(-1);
    };
    return { app, sessions, look };
  }

  test('[P74] the page looks again by itself, and goes to the preview when the call has started', async () => {
    const { app, sessions, look } = await waiting(undefined);
    expect(app.screen.value).toMatchObject({ at: 'problem', problem: 'NO_SUCH_ROOM' });
    const first = await look();
    first?.options?.onCall(callView([], tooEarly));
    await vi.advanceTimersByTimeAsync(0);
    expect(first?.names()).toEqual(['dispose']);
    expect(app.screen.value.at).toBe('problem');

    const second = await look();
    second?.options?.onCall(callView([], { phase: 'ready' }));
    await vi.advanceTimersByTimeAsync(0);
    expect(second?.names()).toEqual(['dispose']);
    expect(app.screen.value.at).toBe('preview');
    expect(sessions).toHaveLength(4);
  });

  test('[P74] whoever had asked to join is in without another click', async () => {
    const { sessions, look } = await waiting('Bob');
    (await look())?.options?.onCall(callView([], { phase: 'ready' }));
    await vi.advanceTimersByTimeAsync(0);
    expect(sessions.at(-1)?.told).toEqual([['join', 'Bob']]);
  });

  test('[P74] whoever goes elsewhere is not fetched back', async () => {
    const { app, sessions, look } = await waiting('Bob');
    const asking = await look();
    app.goHome();
    asking?.options?.onCall(callView([], { phase: 'ready' }));
    await vi.advanceTimersByTimeAsync(10 * LOOK_AGAIN_MS);
    expect(app.screen.value).toEqual({ at: 'home' });
    expect(asking?.names()).toEqual(['dispose']);
    expect(sessions).toHaveLength(2);
  });

  test('[P74] whoever starts another call while the found one is entered joins neither without a click', async () => {
    let tellTime: (unixMs: number) => void = () => undefined;
    const { app, sessions, look } = await waiting('Bob', {
      // The clock answers the first visit, and is slow for the second.
      serverNowUnixMs: vi
        .fn(() => new Promise<number>((resolve) => (tellTime = resolve)))
        .mockResolvedValueOnce(LINK_MADE),
    });
    (await look())?.options?.onCall(callView([], { phase: 'ready' }));
    await vi.advanceTimersByTimeAsync(0);
    await app.startCall(2);
    tellTime(LINK_MADE);
    await vi.advanceTimersByTimeAsync(0);
    expect(app.screen.value.at).toBe('preview');
    expect(sessions).toHaveLength(3);
    expect(sessions.at(-1)?.told).toEqual([]);
  });
});

describe('one thing at a time', () => {
  test('[P12] of two tries at once one goes on: every camera that was opened is let go with the call', async () => {
    const opened: FakeTrack[] = [];
    const openBoth = async () => {
      const [camera, microphone] = [track('camera'), track('microphone')];
      opened.push(camera, microphone);
      return { camera: ok(camera), microphone: ok(microphone) };
    };
    const { app, sessions } = browser({ devices: devices({ openBoth }) });
    await app.open(PATH, `#${SECRET}`);
    sessions[0]?.options?.onCall(callView([], { phase: 'closed', reason: 'ROOM_FULL' }));
    await Promise.all([app.joinAgain(), app.joinAgain()]);
    expect(sessions).toHaveLength(2);
    app.goHome();
    expect(opened.map(({ isStopped }) => isStopped)).toEqual([true, true, true, true]);
  });

  test('[P20] a join that waited for a device does not cover the page of a call that has ended meanwhile', async () => {
    const { app, sessions } = browser();
    await app.open(PATH, `#${SECRET}`);
    const model = preview(app);
    model.name.value = 'Ada';
    const joined = model.joinWithoutCamera();
    sessions[0]?.options?.onCall(callView([], { phase: 'closed', reason: 'ROOM_FULL' }));
    await joined;
    expect(app.screen.value).toEqual({ at: 'problem', problem: 'ROOM_FULL' });
    expect(sessions[0]?.names()).toEqual(['dispose']);
  });
});

describe('coming back', () => {
  const WAS_IN = { name: 'Ada', wasIn: true, choice: { ...FIRST_CHOICE, isMicrophoneOn: false } };

  test('[P17] a reload joins without a click, under the same name, still muted', async () => {
    const { app, sessions, links, tab } = browser();
    links.push(LINK);
    writeTabState(tab, ROOM, WAS_IN);
    await app.open(PATH, '');
    expect(app.screen.value.at).toBe('call');
    expect(sessions[0]?.told).toEqual([['join', 'Ada']]);
    expect(sessions[0]?.devices).toContainEqual(['microphone', undefined]);
    expect(sessions[0]?.devices.at(-1)?.[0]).toBe('camera');
  });

  test('[P18] a duplicated tab shows the preview', async () => {
    const { app, links, tab } = browser({ isOnlyTab: async () => false });
    links.push(LINK);
    writeTabState(tab, ROOM, WAS_IN);
    await app.open(PATH, '');
    expect(preview(app).name.value).toBe('Ada');
  });

  test('[P17] being in is remembered, and forgotten on leaving', async () => {
    const { app, sessions, tab } = browser();
    await app.open(PATH, `#${SECRET}`);
    preview(app).name.value = 'Ada';
    preview(app).join();
    expect(readTabState(tab, ROOM).wasIn).toBe(false);
    sessions[0]?.options?.onCall(callView([ME, person('ben')]));
    expect(readTabState(tab, ROOM)).toMatchObject({ name: 'Ada', wasIn: true });
    const screen = app.screen.value;
    if (screen.at === 'call') await screen.call.leave();
    expect(app.screen.value).toEqual({ at: 'left' });
    expect(readTabState(tab, ROOM).wasIn).toBe(false);
  });

  test('[P69] whoever left stands at the first page’s address, and joins again with a click', async () => {
    const { app, sessions, links, paths, device, tab, reloads } = browser();
    await app.open(PATH, `#${SECRET}`);
    preview(app).name.value = 'Ada';
    preview(app).join();
    sessions[0]?.options?.onCall(callView([ME]));
    sessions[0]?.options?.onCall(callView([], { phase: 'left', reason: 'LEFT' }));
    links.splice(0);
    expect(paths.at(-1)).toBe('/');
    expect([...device.values.keys()]).toEqual(['conclave.name']);
    await app.joinAgain();
    expect({ reloads, links, path: paths.at(-1) }).toEqual({
      reloads: ['reload'],
      links: [LINK],
      path: PATH,
    });
    expect(readTabState(tab, ROOM)).toMatchObject({ name: 'Ada', wasIn: false });
  });

  test('[P69] after the workers failed, joining again starts them anew with the page', async () => {
    const { app, sessions, reloads } = browser();
    await app.open(PATH, `#${SECRET}`);
    sessions[0]?.options?.onMedia({ people: new Map(), connection: 'connected', stopped: 'WORKER_FAILED' });
    await app.joinAgain();
    expect(reloads).toEqual(['reload']);
  });

  test('[P69] a link that lets nobody in any more leaves the address bar, too', async () => {
    const { app, sessions, paths } = browser();
    await app.open(PATH, `#${SECRET}`);
    sessions[0]?.options?.onCall(callView([], { phase: 'closed', reason: 'LINK_CHANGED' }));
    expect(paths.at(-1)).toBe('/');
  });

  test('[P17] a page that goes away keeps its place, and says nothing to others', async () => {
    const { app, sessions, tab } = browser();
    await app.open(PATH, `#${SECRET}`);
    preview(app).name.value = 'Ada';
    preview(app).join();
    sessions[0]?.options?.onCall(callView([ME]));
    app.pageHides();
    expect(sessions[0]?.names()).toEqual(['join', 'dispose']);
    expect(readTabState(tab, ROOM).wasIn).toBe(true);
  });

  test('[P22] a link that was changed is forgotten, one of a full call is kept for another try', async () => {
    for (const [reason, kept] of [
      ['LINK_CHANGED', 0],
      ['ROOM_FULL', 1],
    ] as const) {
      const { app, sessions, links } = browser();
      await app.open(PATH, `#${SECRET}`);
      sessions[0]?.options?.onCall(callView([], { phase: 'closed', reason }));
      expect(app.screen.value).toEqual({ at: 'problem', problem: reason });
      expect(links.length > 0 ? 1 : 0).toBe(kept);
    }
  });

  test('[P20] the operator’s token goes to the session with the next try', async () => {
    const { app, sessions } = browser();
    await app.startCall(2);
    expect(sessions[0]?.options?.isFounder).toBe(true);
    sessions[0]?.options?.onCall(callView([], { phase: 'closed', reason: 'ROOMS_NEED_TOKEN' }));
    await app.joinAgain('let me in');
    expect(sessions[1]?.options?.operatorToken).toBe('let me in');
  });
});
