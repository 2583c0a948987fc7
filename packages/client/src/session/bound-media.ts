/**
 * Whose picture and sound each receiver carries, as the media worker binds them, SPEC S70–S72, S112, design D16: the one source
 * of the tracks that a page may show. Nothing that LiveKit says gets in here.
 */
import type { MediaKind } from '@conclave/crypto/kid';
import type { Binding } from '../media/binding.ts';
import type { Trouble, TroubleReport } from '../media/troubles.ts';
import type { MediaTrouble, MediaView, PersonMedia } from './call-session.types.ts';

interface Bound {
  readonly binding: Binding;
  readonly track: MediaStreamTrack;
}

const FIELD_OF = {
  camera: 'camera',
  microphone: 'microphone',
  screenVideo: 'screen',
  screenAudio: 'screenAudio',
} as const satisfies Record<MediaKind, keyof PersonMedia>;

/** A person whom nobody has confirmed is named as such by `Person.standing`; it is no trouble of the media. */
const TROUBLE_OF: Record<Trouble, MediaTrouble | undefined> = {
  'waiting-for-key': 'WAITING_FOR_KEY',
  unverifiable: 'NOT_VERIFIED',
  delayed: 'DELAYED',
  unconfirmed: undefined,
};

export class BoundMedia {
  readonly #byReceiver = new Map<number, Bound>();
  /** By person, then kind. */
  readonly #troubles = new Map<string, Map<MediaKind, MediaTrouble>>();
  readonly #speaking = new Set<string>();

  bind(receiverId: number, binding: Binding, track: MediaStreamTrack): void {
    this.#byReceiver.set(receiverId, { binding, track });
  }

  unbind(receiverId: number): void {
    this.#byReceiver.delete(receiverId);
  }

  clear(): void {
    this.#byReceiver.clear();
    this.#troubles.clear();
    this.#speaking.clear();
  }

  note(reports: readonly TroubleReport[]): void {
    for (const { leafKey, kind, trouble } of reports) {
      const ofPerson = this.#troubles.get(leafKey) ?? new Map<MediaKind, MediaTrouble>();
      const said = trouble && TROUBLE_OF[trouble];
      if (said === undefined) ofPerson.delete(kind);
      else ofPerson.set(kind, said);
      if (ofPerson.size === 0) this.#troubles.delete(leafKey);
      else this.#troubles.set(leafKey, ofPerson);
    }
  }

  /** True when it changes something. */
  setSpeaking(personKey: string, isSpeaking: boolean): boolean {
    if (this.#speaking.has(personKey) === isSpeaking) return false;
    if (isSpeaking) this.#speaking.add(personKey);
    else this.#speaking.delete(personKey);
    return true;
  }

  /** The decrypted microphones, by person. */
  microphones(): ReadonlyMap<string, MediaStreamTrack> {
    const tracks = new Map<string, MediaStreamTrack>();
    for (const { binding, track } of this.#byReceiver.values()) {
      if (binding.kind === 'microphone' && !tracks.has(binding.leafKey)) tracks.set(binding.leafKey, track);
    }
    return tracks;
  }

  people(): MediaView['people'] {
    const people = new Map<string, PersonMedia>();
    const keys = [...this.#byReceiver.values()].map(({ binding }) => binding.leafKey);
    for (const key of new Set([...keys, ...this.#troubles.keys()])) people.set(key, this.#person(key));
    return people;
  }

  #person(key: string): PersonMedia {
    const tracks: { -readonly [Field in (typeof FIELD_OF)[MediaKind]]?: MediaStreamTrack } = {};
    for (const { binding, track } of this.#byReceiver.values()) {
      // Of two, the one that stands; the worker says when it does not any more.
      if (binding.leafKey === key) tracks[FIELD_OF[binding.kind]] ??= track;
    }
    const [trouble] = this.#troubles.get(key)?.values() ?? [];
    return { ...tracks, ...(trouble !== undefined && { trouble }), isSpeaking: this.#speaking.has(key) };
  }
}
