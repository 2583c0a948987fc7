/**
 * The way out: an encoded frame becomes a sealed one, or nothing. A frame leaves only while the gate is open, its
 * sender is named and not muted, and a send grant is in force; there is no other branch for what an encoder made. Whoever is
 * alone says once for each VP8 sender that it is there, in two bytes that hold nothing of the picture.
 *
 * One context per sender for its whole life; its counter starts at 0 with each grant, and a counter is taken before
 * anything is awaited, so no two frames share one (D12).
 *
 * @see SPEC.md S1–S5, S126
 */

import type { MediaContext } from '@conclave/calling/media-instruction';
import { NOTHING_COUNTED } from '@conclave/calling/media-instruction';
import type { Codec } from '@conclave/crypto/envelope/envelope';
import { sealMediaFrame } from '@conclave/crypto/frame-crypto';
import type { MediaKind } from '@conclave/crypto/kid';
import { encodeContext } from '@conclave/crypto/kid';
import { FRAMES_PER_KEY_MAX } from '@conclave/crypto/limits';
import type { FrameKey } from '@conclave/crypto/sframe';
import type { Bytes } from '@conclave/protocol/bytes';
import type { SendGrant } from './key-store.ts';

export type Medium = 'audio' | 'video';

export type EncodedFrame = {
  /** Undefined for a codec without an envelope. */
  readonly codec: Codec | undefined;
  /** As the encoder or depacketizer says; false for audio. */
  readonly isKey: boolean;
  readonly data: Bytes;
};

export type SenderCount = {
  readonly senderId: number;
  /** Frames and bytes that were sealed and handed back to be sent, since birth. */
  readonly framesSealed: number;
  readonly bytesSealed: number;
  readonly framesDropped: number;
};

export type Sender = {
  readonly senderId: number;
  readonly medium: Medium;
  /** Says what the sender carries, once. False for another kind later, or one that does not fit the medium. */
  readonly name: (kind: MediaKind) => boolean;
  readonly mute: (isMuted: boolean) => void;
  readonly seal: (frame: EncodedFrame) => Promise<Bytes | undefined>;
  readonly count: () => SenderCount;
  /** With the counter of the last frame sealed under the grant in force; undefined until it is named. */
  readonly context: () => MediaContext | undefined;
  /** When it was named or last sealed a frame, as `SealPorts.nextTurn` counts. */
  readonly lastTurn: () => number;
  /** True once for every time that frames were withheld and may now leave: the next picture must be a key frame. */
  readonly takeKeyFrameWish: () => boolean;
};

export type SealPorts = {
  readonly sending: () => SendGrant | undefined;
  readonly isGateOpen: () => boolean;
  /** The newest tree holds nobody else. */
  readonly isAlone: () => boolean;
  /** Gives every context counter once in a worker's life. */
  readonly nextContextCounter: () => number;
  /** Counts up over all senders. */
  readonly nextTurn: () => number;
};

/**
 * LiveKit tells others of a layered picture when its first packet has come. Who waits for somebody who is alone can so
 * negotiate beforehand. The first byte says 'no key frame'; it is too short to be parsed as a sealed frame.
 */
const ANNOUNCING_FRAME: Bytes = Uint8Array.of(0x01, 0x00);

const MEDIUM_OF: Readonly<Record<MediaKind, Medium>> = {
  microphone: 'audio',
  camera: 'video',
  screenVideo: 'video',
  screenAudio: 'audio',
};

export function createSender(senderId: number, medium: Medium, ports: SealPorts): Sender {
  let kind: MediaKind | undefined;
  let context: number | undefined;
  let lastTurn = -1;
  let isMuted = false;
  let isKeyFrameWished = false;
  let isAnnounced = false;
  let under: { grant: SendGrant; frameKey: Promise<FrameKey>; counter: number } | undefined;
  const sealed = { frames: 0, bytes: 0, dropped: 0 };

  const grantIf = (mayLeave: boolean): SendGrant | undefined =>
    kind !== undefined && !isMuted && mayLeave ? ports.sending() : undefined;
  const usableGrant = (): SendGrant | undefined => grantIf(ports.isGateOpen());

  const take = (): { frameKey: Promise<FrameKey>; counter: number } | undefined => {
    const grant = usableGrant();
    if (!grant || context === undefined) return undefined;
    if (under?.grant !== grant) under = { grant, frameKey: grant.frameKeyOf(context), counter: 0 };
    if (under.counter >= FRAMES_PER_KEY_MAX) return undefined;
    lastTurn = ports.nextTurn();
    return { frameKey: under.frameKey, counter: under.counter++ };
  };

  const seal = async ({ codec, isKey, data }: EncodedFrame): Promise<Bytes | undefined> => {
    if (codec === undefined || data.length === 0) return drop();
    const turn = take();
    if (!turn) {
      isKeyFrameWished = medium === 'video';
      return announce(codec) ?? drop();
    }
    try {
      const { counter } = turn;
      const bytes = await sealMediaFrame({
        codec,
        isKey,
        frame: data,
        frameKey: await turn.frameKey,
        counter,
      });
      isAnnounced = true;
      return counted(bytes);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return drop();
    }
  };

  const announce = (codec: Codec): Bytes | undefined => {
    if (codec !== 'vp8' || isAnnounced || !grantIf(ports.isAlone())) return undefined;
    isAnnounced = true;
    return counted(ANNOUNCING_FRAME.slice());
  };

  const counted = (bytes: Bytes): Bytes => {
    sealed.frames++;
    sealed.bytes += bytes.length;
    return bytes;
  };

  const drop = (): undefined => {
    sealed.dropped++;
    return undefined;
  };

  return {
    senderId,
    medium,
    name: (named) => {
      if (MEDIUM_OF[named] !== medium || (kind !== undefined && kind !== named)) return false;
      kind = named;
      context ??= encodeContext(ports.nextContextCounter(), kind);
      lastTurn = ports.nextTurn();
      return true;
    },
    mute: (muted) => {
      isMuted = muted;
    },
    seal,
    count: () => ({
      senderId,
      framesSealed: sealed.frames,
      bytesSealed: sealed.bytes,
      framesDropped: sealed.dropped,
    }),
    context: () => {
      if (context === undefined) return undefined;
      const counted = under?.grant === ports.sending() ? (under?.counter ?? 0) : 0;
      return { context, counter: counted > 0 ? counted - 1 : NOTHING_COUNTED };
    },
    lastTurn: () => lastTurn,
    takeKeyFrameWish: () => {
      if (!isKeyFrameWished || !usableGrant()) return false;
      isKeyFrameWished = false;
      return true;
    },
  };
}

/** What a context of this kind carries. */
export function mediumOf(kind: MediaKind): Medium {
  return MEDIUM_OF[kind];
}
