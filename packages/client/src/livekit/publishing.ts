/**
 * What I publish: brings the SFU to what is wanted, as far as it is permitted. One change of a kind at a time; kinds do not
 * wait for each other, so that all that may begin with a permission goes into one negotiation. Until the person joins,
 * what is published is only negotiated: its senders hold no track, but for a moment after each change, in which the worker
 * lets nothing through.
 *
 * @see SPEC.md S41, S42
 */

import type { MediaKind } from '@conclave/crypto/kid';
import { MEDIA_KINDS } from '@conclave/crypto/kid';
import type { LocalTrack, LocalTrackPublication, Room, TrackPublishOptions } from 'livekit-client';
import { LocalAudioTrack, LocalVideoTrack, TrackEvent } from 'livekit-client';
import type { MediaSession } from '../media/media-session.ts';
import { kindOfSource, sourceOfKind } from './sources.ts';

export type PublishOptions = {
  /** VP8 unless given (D13); the others are for tests until they are in the interface. */
  readonly videoCodec?: 'vp8' | 'vp9' | 'av1';
  /** Layers of one VP8 picture; on unless switched off. */
  readonly isSimulcast?: boolean;
};

type Wanted = { readonly track: MediaStreamTrack; readonly options: PublishOptions };

export type Publishing = {
  readonly publish: (kind: MediaKind, track: MediaStreamTrack, options?: PublishOptions) => void;
  /** The person joins: senders get their tracks. */
  readonly start: () => void;
  readonly unpublish: (kind: MediaKind) => void;
  readonly setMuted: (kind: MediaKind, isMuted: boolean) => void;
  /** Looks again at what is wanted: after a connect, and after permissions have changed. */
  readonly reconcile: () => void;
  readonly stop: () => void;
};

export function createPublishing(
  room: Room,
  media: Pick<MediaSession, 'setMuted'>,
  onFailed: (kind: MediaKind) => void,
): Publishing {
  const wanted = new Map<MediaKind, Wanted>();
  const readied = new WeakMap<MediaStreamTrack, LocalTrack>();
  const muted = new Set<MediaKind>();
  let isStarted = false;
  let isStopped = false;
  const lastChange = new Map<MediaKind, Promise<void>>();

  const bring = async (kind: MediaKind): Promise<void> => {
    if (isStopped || !mayPublish(room)) return;
    const publication = publicationOf(room, kind);
    const want = wanted.get(kind);
    if (!want) {
      if (publication?.track) await room.localParticipant.unpublishTrack(publication.track, false);
      return;
    }
    if (!publication) await publishNow(kind, want);
    else if (publication.track?.mediaStreamTrack !== want.track) {
      await publication.track?.replaceTrack(want.track, true);
    }
    await mute(publicationOf(room, kind), muted.has(kind));
    await settle(kind);
  };

  /**
   * Gives the sender what it should hold now. What is wanted counts, not what livekit-client believes: it learns of another
   * track late. Before the start it is told again each time, because livekit-client may have begun to say otherwise.
   */
  const settle = async (kind: MediaKind): Promise<void> => {
    const sender = publicationOf(room, kind)?.track?.sender;
    const due = isStarted ? wanted.get(kind)?.track : null;
    if (!sender || due === undefined) return;
    if (due === null || sender.track !== due) await sender.replaceTrack(due);
  };

  const publishNow = async (kind: MediaKind, { track, options }: Wanted): Promise<void> => {
    const local = readied.get(track) ?? track;
    readied.delete(track);
    const { track: published } = await room.localParticipant.publishTrack(
      local,
      publishOptions(kind, options),
    );
    // A device that was silenced by the system and comes back
    published?.on(TrackEvent.UpstreamResumed, () => reconcile([kind]));
  };

  const reconcile = (kinds: readonly MediaKind[] = MEDIA_KINDS): void => {
    for (const kind of kinds) {
      const before = lastChange.get(kind) ?? Promise.resolve();
      lastChange.set(
        kind,
        before.then(() => bring(kind)).catch(() => onFailed(kind)),
      );
    }
  };

  return {
    publish: (kind, track, options = {}) => {
      wanted.set(kind, { track, options });
      if (!publicationOf(room, kind) && !readied.has(track)) readied.set(track, localTrackOf(track));
      reconcile([kind]);
    },
    unpublish: (kind) => {
      wanted.delete(kind);
      reconcile([kind]);
    },
    start: () => {
      if (isStarted) return;
      isStarted = true;
      // At once, and again in its turn: a change may be under way.
      for (const kind of wanted.keys()) settle(kind).catch(() => onFailed(kind));
      reconcile();
    },
    setMuted: (kind, isMuted) => {
      media.setMuted(kind, isMuted);
      if (isMuted) muted.add(kind);
      else muted.delete(kind);
      reconcile([kind]);
    },
    reconcile: () => reconcile(),
    stop: () => {
      isStopped = true;
    },
  };
}

function mayPublish(room: Room): boolean {
  return room.state === 'connected' && room.localParticipant.permissions?.canPublish === true;
}

function publicationOf(room: Room, kind: MediaKind): LocalTrackPublication | undefined {
  return [...room.localParticipant.trackPublications.values()].find(
    ({ source }) => kindOfSource(source) === kind,
  );
}

async function mute(publication: LocalTrackPublication | undefined, isMuted: boolean): Promise<void> {
  if (!publication || publication.isMuted === isMuted) return;
  if (isMuted) await publication.mute();
  else await publication.unmute();
}

/** Made before it may be published: a new one first listens for silence and waits for the size of its picture. */
function localTrackOf(track: MediaStreamTrack): LocalTrack {
  const local =
    track.kind === 'audio'
      ? new LocalAudioTrack(track, undefined, true)
      : new LocalVideoTrack(track, undefined, true);
  // Its own types disagree about an optional property.
  return local as LocalTrack;
}

function publishOptions(kind: MediaKind, options: PublishOptions): TrackPublishOptions {
  const videoCodec = options.videoCodec ?? 'vp8';
  const isLayered = videoCodec === 'vp8' && (options.isSimulcast ?? kind === 'camera');
  return {
    source: sourceOfKind(kind),
    videoCodec,
    simulcast: isLayered,
    backupCodec: false,
    red: false,
    // With DTX the packets themselves say who speaks (D20).
    dtx: false,
  };
}
