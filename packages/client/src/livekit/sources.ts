/** Kinds of media as LiveKit names them. LiveKit's word steers subscription only; a tile's kind comes from the KID. */

import type { MediaKind } from '@conclave/crypto/kid';
import { Track } from 'livekit-client';

const SOURCES: Readonly<Record<MediaKind, Track.Source>> = {
  microphone: Track.Source.Microphone,
  camera: Track.Source.Camera,
  screenVideo: Track.Source.ScreenShare,
  screenAudio: Track.Source.ScreenShareAudio,
};

export function sourceOfKind(kind: MediaKind): Track.Source {
  return SOURCES[kind];
}

/** Undefined for a source that Conclave does not use. */
export function kindOfSource(source: string): MediaKind | undefined {
  switch (source) {
    case Track.Source.Microphone:
      return 'microphone';
    case Track.Source.Camera:
      return 'camera';
    case Track.Source.ScreenShare:
      return 'screenVideo';
    case Track.Source.ScreenShareAudio:
      return 'screenAudio';
    default:
      return undefined;
  }
}
