/** Every screen of the product as a still: what designers and axe look at. */
import type { CallView } from '@conclave/calling/view';
import type { MediaView } from '@conclave/client/session/call-session.types';
import type { Screen } from '@conclave/web/app-model';
import type { CallModel } from '@conclave/web/call-model';
import { Lookout } from '@conclave/web/lookout';
import { PreviewModel } from '@conclave/web/preview-model';
import type { Problem } from '@conclave/web/words';
import { fakeCallModel, mediaOf, type Sketch, viewOf } from './fake-call.ts';
import { fakeDevices } from './fake-media.ts';

export type Scene = () => Promise<Screen>;

const ADA: Sketch = { name: 'Ada' };
const BEN: Sketch = { name: 'Ben', isSpeaking: true };
const FIVE: readonly Sketch[] = [
  ADA,
  BEN,
  { name: 'Chioma Adeyemi', isMuted: true },
  { name: 'Dora', hasCamera: false, isMuted: true },
  { name: 'Émile' },
];
const NINE: readonly Sketch[] = [
  ADA,
  BEN,
  { name: 'Maximiliana von und zu Hohenstein-Wittelsbach', isHost: true },
  { name: 'Dora', hasCamera: false, isMuted: true },
  { name: 'Émile', standing: 'unconfirmed' },
  { name: 'Fatima', standing: 'unreachable' },
  { name: 'Giuseppe', trouble: 'WAITING_FOR_KEY' },
  { name: '陳美玲', isReconnecting: true, hasCamera: false },
  { name: 'Ingrid', isMuted: true },
];

const NAMES: readonly Sketch[] = [
  { name: 'Ada', hasCamera: false },
  { name: 'ليلى بنت عبد الرحمن', hasCamera: false, isHost: true },
  { name: 'נועם כהן', isMuted: true },
  { name: '山田 太郎', hasCamera: false, isMuted: true },
  { name: '🎈 Zoë 🎈', hasCamera: false },
  { name: 'Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch', hasCamera: false, isMuted: true },
  { name: '', hasCamera: false, standing: 'unconfirmed' },
];
const MANY: readonly Sketch[] = Array.from({ length: 25 }, (_, index) => ({
  name: `Guest ${index + 1}`,
  hasCamera: index % 6 === 0,
  isMuted: index % 3 !== 0,
}));

export const SCENES: Readonly<Record<string, Scene>> = {
  home: async () => ({ at: 'home' }),
  'home-bad-link': async () => ({ at: 'home', problem: 'MISTYPED' }),
  preview: () => preview({}),
  'preview-denied': () => preview({ isDenied: true }),
  joining: () => coming('ask'),
  alone: () => inCall([ADA]),
  'alone-local': () => inCall([ADA], {}, {}, () => undefined, LOCAL),
  'alone-again': () =>
    inCall([ADA, BEN], {}, {}, (call) => {
      const [, ben = raise()] = call.call.value?.people ?? [];
      call.askToRemove(ben);
      call.remove();
      call.onCall(viewOf([ADA], { departures: [{ key: ben.key, name: 'Ben', by: 'host', epoch: 5 }] }));
      return call.copyLink();
    }),
  two: () => inCall([ADA, BEN]),
  'two-no-camera': () => inCall([ADA, { ...BEN, hasCamera: false }]),
  three: () => inCall(FIVE.slice(0, 3)),
  five: () => inCall(FIVE),
  nine: () => inCall(NINE),
  names: () => inCall(NAMES),
  many: () => inCall(MANY),
  unreachable: () =>
    inCall([ADA, { ...BEN, standing: 'unreachable' }, { name: 'Chioma', trouble: 'DELAYED' }]),
  'invite-local': () => inCall([ADA, BEN], {}, {}, (call) => call.invite(), LOCAL),
  invite: () => inCall([ADA, BEN], {}, {}, (call) => call.invite()),
  'muted-speaking': () =>
    inCall(FIVE, {}, {}, async (call) => {
      await call.own.setMicrophoneOn(false);
      call.mutedHint.isShown.value = true;
    }),
  people: () => inCall(NINE, {}, {}, (call) => call.togglePanel('people')),
  security: () => inCall(FIVE, { code: CODE }, {}, (call) => call.togglePanel('security')),
  devices: () => inCall([ADA, BEN], {}, {}, (call) => call.togglePanel('devices')),
  'remove-question': () =>
    inCall(FIVE, {}, {}, (call) => call.askToRemove(call.call.value?.people[1] ?? raise())),
  'link-changed-by-me': () =>
    inCall([ADA, BEN], {}, {}, (call) => {
      call.newLink.value = { removedName: 'Mallory' };
    }),
  'share-question': () => inCall(FIVE, {}, {}, (call) => call.share.choose()),
  sharing: () =>
    inCall(FIVE, {}, {}, async (call) => {
      await call.share.choose();
      call.share.confirm();
    }),
  'shared-screen': () => inCall([ADA, { ...BEN, hasScreen: true }, ...FIVE.slice(2)]),
  stalled: () => inCall([ADA, { ...BEN, isStalled: true }, { name: 'Chioma', isReconnecting: true }]),
  'two-shared-screen': () => inCall([ADA, { ...BEN, hasScreen: true }]),
  four: () => inCall(FIVE.slice(0, 4)),
  reconnecting: () => inCall(FIVE, { phase: 'reconnecting' }, { connection: 'reconnecting' }),
  'nobody-confirmed': () => inCall([ADA, { ...BEN, standing: 'unreachable' }], { pause: 'NOBODY_CONFIRMED' }),
  'no-host': () => inCall([{ ...ADA, isHost: false }, BEN]),
  'kick-withheld': () =>
    inCall(FIVE, { pause: 'KICK_WITHHELD', linkTrouble: 'CANNOT_CHANGE', oldLinkCount: 2 }),
  forked: () => inCall(FIVE, { pause: 'FORKED' }),
  'host-question': () =>
    inCall(
      [
        { ...ADA, isHost: false },
        { name: 'Ben', isHost: true, standing: 'unconfirmed' },
        { name: 'Mallory' },
      ],
      {
        pause: 'ASK_ABOUT_HOST',
      },
    ),
  rejoining: () => coming('return'),
  left: async () => ({ at: 'left' }),
  'problem-link-changed': () => problem('LINK_CHANGED'),
  'problem-removed': () => problem('REMOVED_BY_HOST'),
  'problem-ended': async () => ({ at: 'problem', problem: 'NO_SUCH_ROOM', isLooking: lookout().isLooking }),
  'problem-full': () => problem('ROOM_FULL'),
  'problem-token': () => problem('ROOMS_NEED_TOKEN'),
};

const LOCAL = 'http://127.0.0.1:8123';
const CODE = { digits: '048291775530192846610375924483', atUnixMs: Date.UTC(2026, 10, 24, 9, 41), epoch: 4 };

/** Looks for ever, and at nothing. */
function lookout(): Lookout {
  return new Lookout({
    look: async () => false,
    isPageVisible: () => false,
    onFound: () => undefined,
  });
}

async function problem(code: Problem): Promise<Screen> {
  return { at: 'problem', problem: code };
}

async function coming(way: 'ask' | 'return'): Promise<Screen> {
  const call = await fakeCallModel();
  call.enter({ name: 'Ada', way });
  call.onCall(viewOf([], { phase: 'asking' }));
  return { at: 'call', call };
}

async function preview({ isDenied = false }): Promise<Screen> {
  const call = await fakeCallModel({ devices: fakeDevices({ isDenied }) });
  const model = new PreviewModel({ call, name: 'Ada', isFounder: false, onJoin: () => undefined });
  return { at: 'preview', preview: model };
}

async function inCall(
  people: readonly Sketch[],
  view: Partial<CallView> = {},
  media: Partial<MediaView> = {},
  then: (call: CallModel) => void | Promise<void> = () => undefined,
  origin?: string,
): Promise<Screen> {
  const call = await fakeCallModel({ ...(origin !== undefined && { origin }) });
  call.onCall(viewOf(people, view));
  call.onMedia(mediaOf(people, media));
  await then(call);
  return { at: 'call', call };
}

function raise(): never {
  throw new Error('the scene has no such person');
}
