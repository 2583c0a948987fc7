/**
 * From the two views of a call to the tiles on the screen. People, names and order come from membership alone; media is
 * only looked up by a person's key, and only for who has confirmed. SPEC P1–P5.
 */
import type { CallView, Person } from '@conclave/calling/view';
import type { MediaView } from '@conclave/client/session/call-session.types';
import { shownName } from './person-look.ts';
import { MEDIA_TROUBLE_WORDS, STANDING_WORDS } from './words.ts';

export interface Tile {
  /** Stable over the call: the person's key and the kind. */
  readonly id: string;
  readonly personKey: string;
  readonly kind: 'camera' | 'screen';
  /** Accessible name of the tile. */
  readonly name: string;
  readonly isSelf: boolean;
  /** The own tile on the way in: a picture, and nobody in a call yet. */
  readonly isComing: boolean;
  readonly isMuted: boolean;
  readonly isSpeaking: boolean;
  /** The way to this person is lost: a picture is of before, and must not look live. */
  readonly isLost: boolean;
  readonly picture?: MediaStreamTrack;
  /** Why there is nothing to see or hear, in words. */
  readonly reason?: string;
}

export interface OwnTracks {
  readonly camera: MediaStreamTrack | undefined;
  readonly isMicrophoneOn: boolean;
  readonly isSpeaking: boolean;
}

/** Shared screens first, then everybody in order of arrival. The own shared screen is not shown back. */
export function tilesOf(call: CallView, media: MediaView, own: OwnTracks): readonly Tile[] {
  const people = call.people.map((person) =>
    person.isSelf ? selfTile(person.name, person.key, own) : personTile(person, call, media),
  );
  const screens = call.people.flatMap((person) => screenTile(person, call, media) ?? []);
  return [...screens, ...people];
}

/** The own tile before anybody is in: the same one afterwards, so that nothing is built twice. */
export function comingTile(name: string, own: OwnTracks): Tile {
  return { ...selfTile(name, '', own), isComing: true };
}

function selfTile(name: string, personKey: string, own: OwnTracks): Tile {
  return {
    id: 'own camera',
    personKey,
    kind: 'camera',
    name: shownName(name),
    isSelf: true,
    isComing: false,
    isMuted: !own.isMicrophoneOn,
    isSpeaking: own.isSpeaking,
    isLost: false,
    ...(own.camera && { picture: own.camera }),
  };
}

function personTile(person: Person, call: CallView, media: MediaView): Tile {
  const isConfirmed = person.standing === 'confirmed';
  const picture = isConfirmed && person.flags.camera ? media.people.get(person.key)?.camera : undefined;
  const reason = reasonOf(person, call, media);
  const isLost = isWayLost(person, call, media);
  return {
    id: `${person.key} camera`,
    personKey: person.key,
    kind: 'camera',
    name: shownName(person.name),
    isSelf: false,
    isComing: false,
    isMuted: isConfirmed && !person.flags.microphone,
    isSpeaking: isConfirmed && !isLost && (media.people.get(person.key)?.isSpeaking ?? false),
    isLost,
    ...(picture && { picture }),
    ...(reason !== undefined && { reason }),
  };
}

function screenTile(person: Person, call: CallView, media: MediaView): Tile | undefined {
  if (person.isSelf || person.standing !== 'confirmed' || !person.flags.screen) return undefined;
  const picture = media.people.get(person.key)?.screen;
  const isLost = isWayLost(person, call, media);
  const reason = isLost ? RECONNECTING : picture ? undefined : 'The shared screen is on its way';
  return {
    id: `${person.key} screen`,
    personKey: person.key,
    kind: 'screen',
    name: `${shownName(person.name)}’s screen`,
    isSelf: false,
    isComing: false,
    isMuted: false,
    isSpeaking: false,
    isLost,
    ...(picture && { picture }),
    ...(reason !== undefined && { reason }),
  };
}

const RECONNECTING = 'Reconnecting…';

/** By this device's connections, or by the server's word about the person's own. */
function isWayLost(person: Person, call: CallView, media: MediaView): boolean {
  if (person.isReconnecting || call.phase === 'reconnecting') return true;
  // Before the first connection there is nothing to lose; another one is made while the old pictures still stand.
  return media.connection === 'connecting' ? media.people.has(person.key) : media.connection !== 'connected';
}

/** The word of membership first, then the connections', then what happened to the frames. */
export function reasonOf(person: Person, call: CallView, media: MediaView): string | undefined {
  if (person.isSelf) return undefined;
  if (person.standing !== 'confirmed') return STANDING_WORDS[person.standing];
  if (isWayLost(person, call, media)) return RECONNECTING;
  const trouble = media.people.get(person.key)?.trouble;
  return trouble && MEDIA_TROUBLE_WORDS[trouble];
}

/** What is heard: sound of confirmed people, by a stable id. */
export function soundsOf(
  call: CallView,
  media: MediaView,
): readonly { readonly id: string; readonly track: MediaStreamTrack }[] {
  return call.people.flatMap((person) => {
    if (person.isSelf || person.standing !== 'confirmed') return [];
    const { microphone, screenAudio } = media.people.get(person.key) ?? {};
    return [
      ...(microphone ? [{ id: `${person.key} microphone`, track: microphone }] : []),
      ...(screenAudio ? [{ id: `${person.key} screen-audio`, track: screenAudio }] : []),
    ];
  });
}
