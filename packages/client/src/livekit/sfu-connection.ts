/**
 * The connection to the SFU. Everything that comes over it is untrusted: identities and sources steer what is
 * subscribed, and can forbid that a track is shown as somebody else's; whose picture it shows is the media worker's word
 * alone.
 *
 * Connects while the person still looks at the preview, hidden: what will be published and received is negotiated then,
 * and nothing flows. Senders get their tracks with `start`; what is received is switched on when the server has made this
 * participant visible, as a member. Tracks are made by the caller and stay the caller's: nothing here opens or stops a
 * device.
 *
 * @see SPEC.md S38–S44
 */

import type { MediaKind } from '@conclave/crypto/kid';
import type { Result } from '@conclave/protocol/result';
import { err, ok } from '@conclave/protocol/result';
import type { RemoteTrackPublication } from 'livekit-client';
import { Room, RoomEvent, setLogLevel } from 'livekit-client';
import { FIRST_PICTURE_HEIGHT_PX, FIRST_PICTURE_WIDTH_PX, FIRST_PICTURES_MAX } from '../limits.ts';
import type { MediaSession } from '../media/media-session.ts';
import { EncryptionManager } from './encryption-manager.ts';
import type { PublishOptions } from './publishing.ts';
import { createPublishing } from './publishing.ts';
import { kindOfSource } from './sources.ts';

export type SfuState = 'connected' | 'reconnecting' | 'disconnected';

export type SfuPorts = {
  readonly media: Pick<MediaSession, 'nameSender' | 'setMuted' | 'releaseReceiver' | 'setCarrier'>;
  readonly onState: (state: SfuState) => void;
  /** Somebody's publications came or went: `wish` again. */
  readonly onPublications: () => void;
  /** Something could not be published or switched; it is tried again at the next change. */
  readonly onPublishFailed: (kind: MediaKind) => void;
};

/** What is visible or audible, and how large. */
export type Wish = {
  /** The LiveKit identity (D7). */
  readonly participantId: string;
  readonly kind: MediaKind;
  /** Of the tile, in physical pixels; ignored for sound. */
  readonly width: number;
  readonly height: number;
};

export type ConnectRequest = {
  /** `wss://host/sfu/<ticket>`. */
  readonly url: string;
  readonly token: string;
  /** Of TURN servers; none unless given. */
  readonly iceServers?: readonly RTCIceServer[];
};

export type SfuConnection = {
  readonly connect: (request: ConnectRequest) => Promise<Result<void, 'UNREACHABLE'>>;
  /** Negotiates, and sends from `start` on; in place of what is published of this kind, without a new sender. */
  readonly publish: (kind: MediaKind, track: MediaStreamTrack, options?: PublishOptions) => void;
  /** The person joins: what is published is sent, as far as the media worker lets it. */
  readonly start: () => void;
  readonly unpublish: (kind: MediaKind) => void;
  /** Stops the frames at once, in the worker, and tells the SFU. */
  readonly setMuted: (kind: MediaKind, isMuted: boolean) => void;
  /** Subscribes to this, at this size, and to nothing else. Until the first wish the first pictures are subscribed. */
  readonly wish: (wishes: readonly Wish[]) => void;
  readonly close: () => Promise<void>;
};

/** To be made after `createMediaSession`: the guard comes first. */
export function createSfuConnection(ports: SfuPorts): SfuConnection {
  const { media } = ports;
  setLogLevel('silent');
  const manager = new EncryptionManager((sender, source) => {
    const kind = kindOfSource(source);
    if (kind) media.nameSender(sender, kind);
  });
  const room = new Room({
    encryption: { e2eeManager: manager },
    adaptiveStream: false,
    dynacast: true,
    disconnectOnPageLeave: false,
    stopLocalTrackOnUnpublish: false,
    publishDefaults: { red: false, dtx: false, backupCodec: false, stopMicTrackOnMute: false },
  });
  const publishing = createPublishing(room, media, ports.onPublishFailed);
  let wishes: readonly Wish[] | undefined;

  const subscribe = (): void => {
    const wanted = wishes ?? firstWishes(room);
    for (const participant of room.remoteParticipants.values()) {
      for (const publication of participant.trackPublications.values()) {
        const wish = wishFor(publication, wanted, participant.identity);
        subscribeTo(publication, wish, isMember(room));
      }
    }
  };
  const onPublications = (): void => {
    subscribe();
    ports.onPublications();
  };

  room.on(RoomEvent.ParticipantPermissionsChanged, (_, participant) => {
    if (participant !== room.localParticipant) return;
    publishing.reconcile();
    subscribe();
  });
  room.on(RoomEvent.TrackPublished, onPublications);
  room.on(RoomEvent.TrackUnpublished, onPublications);
  room.on(RoomEvent.ParticipantConnected, onPublications);
  room.on(RoomEvent.TrackSubscribed, ({ receiver }, _, { identity }) => {
    if (receiver) media.setCarrier(receiver, identity);
    subscribe();
  });
  room.on(RoomEvent.TrackUnsubscribed, ({ receiver }) => {
    if (receiver) media.releaseReceiver(receiver);
  });
  room.on(RoomEvent.Reconnecting, () => ports.onState('reconnecting'));
  room.on(RoomEvent.Reconnected, () => {
    ports.onState('connected');
    publishing.reconcile();
    onPublications();
  });
  room.on(RoomEvent.Disconnected, () => ports.onState('disconnected'));

  return {
    connect: async ({ url, token, iceServers = [] }) => {
      await room.setE2EEEnabled(true);
      manager.announce(room.localParticipant);
      const rtcConfig = { iceServers: [...iceServers] };
      try {
        await room.connect(url, token, { autoSubscribe: false, rtcConfig });
      } catch {
        return err('UNREACHABLE');
      }
      ports.onState('connected');
      publishing.reconcile();
      onPublications();
      return ok(undefined);
    },
    publish: publishing.publish,
    start: publishing.start,
    unpublish: publishing.unpublish,
    setMuted: publishing.setMuted,
    wish: (wished) => {
      wishes = wished;
      subscribe();
    },
    close: async () => {
      publishing.stop();
      await room.disconnect(false);
    },
  };
}

/** The server hides who is no member of the call, and keeps from it whatever it has subscribed. */
function isMember({ localParticipant }: Room): boolean {
  return localParticipant.permissions?.hidden === false;
}

/**
 * What is asked for while the person is still at the preview, so that it is negotiated when it may be sent. Nothing of it
 * is shown before its sender is confirmed.
 */
function firstWishes(room: Room): readonly Wish[] {
  const sizes = { width: FIRST_PICTURE_WIDTH_PX, height: FIRST_PICTURE_HEIGHT_PX };
  const all = [...room.remoteParticipants.values()].flatMap(({ identity, trackPublications }) =>
    [...trackPublications.values()].flatMap(({ source }): Wish[] => {
      const kind = kindOfSource(source);
      return kind === undefined ? [] : [{ participantId: identity, kind, ...sizes }];
    }),
  );
  const pictures = all.filter(({ kind }) => isPicture(kind)).slice(0, FIRST_PICTURES_MAX);
  return [...all.filter(({ kind }) => !isPicture(kind)), ...pictures];
}

function isPicture(kind: MediaKind | undefined): boolean {
  return kind === 'camera' || kind === 'screenVideo';
}

function wishFor(
  publication: RemoteTrackPublication,
  wishes: readonly Wish[],
  participantId: string,
): Wish | undefined {
  const kind = kindOfSource(publication.source);
  return wishes.find((one) => one.participantId === participantId && one.kind === kind);
}

function subscribeTo(publication: RemoteTrackPublication, wish: Wish | undefined, mayFlow: boolean): void {
  if (!wish) {
    // What nobody wants any more at the preview stays switched off: the server takes nothing back before membership.
    if (publication.isDesired && mayFlow) publication.setSubscribed(false);
    return;
  }
  if (!publication.isDesired) publication.setSubscribed(true);
  const { kind, width, height } = wish;
  // Sent earlier, the key frame with which it begins would be lost, and browsers make no second one within 300 ms.
  const canReceive = mayFlow && (!isPicture(kind) || publication.track !== undefined);
  // Before that livekit-client would not keep the size, and switch the picture on by telling it.
  if (canReceive && isPicture(kind)) publication.setVideoDimensions({ width, height });
  publication.setEnabled(canReceive);
}
