/** A call that stands still: views made from a few words, and a session that does nothing. */
import type { CallView, Person } from '@conclave/calling/view';
import type { CallSession, MediaView, PersonMedia } from '@conclave/client/session/call-session.types';
import { createLink } from '@conclave/crypto/link';
import { CallModel } from '@conclave/web/call-model';
import type { DevicePorts } from '@conclave/web/device-ports';
import { Habits } from '@conclave/web/habits';
import { OwnMedia } from '@conclave/web/own-media';
import { drawnCamera, drawnScreen, fakeDevices } from './fake-media.ts';

const GALLERY_LINK = createLink({
  hostPublicKey: new Uint8Array(32).fill(7),
  suite: 2,
  kind: 'e2ee',
  flags: { kept: false, lobby: false },
  nowUnixMs: Date.UTC(2026, 10, 24),
});

export interface Sketch {
  readonly name: string;
  readonly isHost?: boolean;
  readonly standing?: Person['standing'];
  readonly isReconnecting?: boolean;
  readonly isMuted?: boolean;
  readonly hasCamera?: boolean;
  readonly hasScreen?: boolean;
  readonly isSpeaking?: boolean;
  /** The picture came, and then no other frame of it. */
  readonly isStalled?: boolean;
  readonly trouble?: PersonMedia['trouble'];
}

const SILENT_SESSION: CallSession = {
  join: () => undefined,
  setMicrophone: () => undefined,
  setCamera: () => undefined,
  setScreen: () => undefined,
  setHand: () => undefined,
  setVisible: () => undefined,
  kick: () => undefined,
  makeHost: () => undefined,
  changeLink: () => undefined,
  showCode: () => undefined,
  goOn: () => undefined,
  leave: async () => undefined,
  dispose: () => undefined,
};

/** The first of `people` is oneself. */
export function viewOf(people: readonly Sketch[], more: Partial<CallView> = {}): CallView {
  const persons = people.map(
    (sketch, index): Person => ({
      key: keyOf(index),
      participantId: `participant-${index}`,
      name: sketch.name,
      isSelf: index === 0,
      isHost: sketch.isHost ?? index === 0,
      standing: sketch.standing ?? 'confirmed',
      isReconnecting: sketch.isReconnecting ?? false,
      flags: {
        microphone: !(sketch.isMuted ?? false),
        camera: sketch.hasCamera ?? true,
        screen: sketch.hasScreen ?? false,
        hand: false,
      },
      arrivedEpoch: index,
    }),
  );
  return {
    phase: 'in',
    epoch: 4,
    people: persons,
    departures: [],
    isHost: persons[0]?.isHost ?? false,
    hasHostPresent: persons.some((person) => person.isHost),
    suite: 2,
    lobby: false,
    isFrozen: false,
    waitingCount: 0,
    oldLinkCount: 0,
    link: GALLERY_LINK,
    ...more,
  };
}

export function mediaOf(people: readonly Sketch[], more: Partial<MediaView> = {}): MediaView {
  const media = people.slice(1).map((sketch, index): [string, PersonMedia] => [
    keyOf(index + 1),
    {
      isSpeaking: sketch.isSpeaking ?? false,
      ...((sketch.hasCamera ?? true) && !sketch.trouble && { camera: cameraOf(sketch, index) }),
      ...(sketch.hasScreen && { screen: drawnScreen() }),
      ...(sketch.trouble && { trouble: sketch.trouble }),
    },
  ]);
  return { people: new Map(media), connection: 'connected', ...more };
}

function cameraOf({ isStalled = false }: Sketch, index: number): MediaStreamTrack {
  return drawnCamera((index * 47 + 200) % 360, { isStalled });
}

export interface FakeCallOptions {
  readonly devices?: DevicePorts;
  readonly origin?: string;
}

export async function fakeCallModel({
  devices = fakeDevices(),
  origin = 'https://conclave.example',
}: FakeCallOptions = {}): Promise<CallModel> {
  const own = new OwnMedia(devices);
  const habits = new Habits({ getItem: () => null, setItem: () => undefined });
  const call = new CallModel({
    link: GALLERY_LINK,
    own,
    devices,
    habits,
    origin,
    copyText: async () => true,
    // As on a phone.
    sendLink: innerWidth < 700 ? async () => undefined : undefined,
    playChime: () => undefined,
    onEnd: () => undefined,
    onLink: () => undefined,
    onIn: () => undefined,
  });
  call.attach(SILENT_SESSION);
  await own.start();
  return call;
}

/** Even and odd keys far apart, as real ones are. */
function keyOf(index: number): string {
  return `${index}${'9e3779b97f4a7c15'.slice(index % 7)}${index * 7919}`;
}
