/**
 * A call on livekit-client alone, as quick as it can be made: hidden early connection while the preview is looked at, the
 * permission raised on Join, tracks made before. What Conclave is measured against; never part of the app.
 *
 * Address: `/#<room>`, or `/#<room>&<passphrase>` for livekit-client's own encryption.
 */
import type { RemoteTrack, RemoteTrackPublication, RoomOptions } from 'livekit-client';
import { ExternalE2EEKeyProvider, Room, RoomEvent, setLogLevel, Track } from 'livekit-client';

setLogLevel('silent');
/** The size at which Conclave shows, and so asks for, the other one of two in the window of the measurements. */
const TILE = { width: 1152, height: 648 };
const [roomName = '', passphrase] = location.hash.slice(1).split('&');
const identity = crypto.randomUUID();
const field = document.querySelector('input') ?? document.createElement('input');
const button = document.querySelector('button') ?? document.createElement('button');
// Names are this page's own business, as Conclave's are no business of LiveKit: tiles are numbered in order.
let others = 0;

interface Access {
  readonly url: string;
  readonly token: string;
}

async function ask<T>(path: string): Promise<T> {
  const query = new URLSearchParams({ room: roomName, identity });
  return (await (await fetch(`${path}?${query}`, { method: 'POST' })).json()) as T;
}

async function roomOptions(): Promise<RoomOptions> {
  const options: RoomOptions = {
    adaptiveStream: false,
    dynacast: true,
    disconnectOnPageLeave: false,
    publishDefaults: { red: false, dtx: false, backupCodec: false, videoCodec: 'vp8', simulcast: true },
  };
  if (passphrase === undefined) return options;
  const keyProvider = new ExternalE2EEKeyProvider();
  await keyProvider.setKey(passphrase);
  const worker = new Worker(new URL('./e2ee.worker.ts', import.meta.url), { type: 'module' });
  return { ...options, encryption: { keyProvider, worker } };
}

function show(name: string, track: MediaStreamTrack): void {
  const tile = document.createElement('div');
  tile.setAttribute('role', 'group');
  tile.setAttribute('aria-label', name);
  const element = document.createElement(track.kind === 'video' ? 'video' : 'audio');
  element.autoplay = true;
  element.muted = track.kind === 'video';
  element.srcObject = new MediaStream([track]);
  if (element instanceof HTMLVideoElement) element.playsInline = true;
  tile.append(element);
  document.body.append(tile);
}

function subscribed(track: RemoteTrack, publication: RemoteTrackPublication): void {
  if (track.kind === Track.Kind.Video) {
    publication.setVideoDimensions(TILE);
    others += 1;
    show(`Person ${others}`, track.mediaStreamTrack);
  } else show('Sound', track.mediaStreamTrack);
}

async function openDevices(): Promise<readonly MediaStreamTrack[]> {
  const stream = await navigator.mediaDevices.getUserMedia({
    video: { width: { ideal: 1280 }, height: { ideal: 720 } },
    audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  });
  const [video] = stream.getVideoTracks();
  if (video) show('Preview', video);
  return stream.getTracks();
}

async function connect(): Promise<Room> {
  const room = new Room(await roomOptions());
  room.on(RoomEvent.TrackSubscribed, subscribed);
  if (passphrase !== undefined) await room.setE2EEEnabled(true);
  const { url, token } = await ask<Access>('/token');
  await room.connect(url, token, { autoSubscribe: true, rtcConfig: { iceServers: [] } });
  return room;
}

async function publish(room: Room, opened: Promise<readonly MediaStreamTrack[]>): Promise<void> {
  for (const track of await opened) {
    const source = track.kind === 'video' ? Track.Source.Camera : Track.Source.Microphone;
    void room.localParticipant.publishTrack(track, { source });
  }
}

const tracks = openDevices();
const connected = connect();
button.addEventListener('click', async () => {
  if (field.value === '') return;
  button.disabled = true;
  const room = await connected;
  room.on(RoomEvent.ParticipantPermissionsChanged, (_, participant) => {
    if (participant === room.localParticipant && participant.permissions?.canPublish) {
      document.body.dataset['joined'] = 'yes';
      void publish(room, tracks);
    }
  });
  await ask('/admit');
});
button.disabled = false;
