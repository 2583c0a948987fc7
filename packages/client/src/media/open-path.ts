/**
 * The way in: a received frame becomes the frame that its sender's encoder made, or nothing. What decides is the KID,
 * the tree and the beats; what the SFU says can only forbid (D16).
 *
 * Order: envelope → key (held ≤ 1 s if its epoch is one of the next) → confirmed (held ≤ 1 s) → not vetoed → not stale →
 * not seen → authentic → mark as seen → admitted. What fails to authenticate changes nothing.
 *
 * @see SPEC.md S6–S19
 */

import type { ParsedMediaFrame } from '@conclave/crypto/frame-crypto';
import { openMediaFrame, parseMediaFrame } from '@conclave/crypto/frame-crypto';
import type { Bytes } from '@conclave/protocol/bytes';
import type { AdmissionPorts, Refusal } from './admission.ts';
import { createAdmission } from './admission.ts';
import type { Binding } from './binding.ts';
import type { Carriers } from './carriers.ts';
import type { Changes } from './changes.ts';
import type { KeyLookup, KeyStore } from './key-store.ts';
import { HOLD_MS, KEY_FRAME_REQUEST_MS } from './media-limits.ts';
import type { EncodedFrame, Medium } from './seal-path.ts';
import { mediumOf } from './seal-path.ts';
import type { FrameOrigin, Staleness } from './staleness.ts';
import type { Troubles } from './troubles.ts';

export type DropReason =
  | 'empty'
  | 'codec'
  | 'malformed'
  | 'own'
  | 'unknown-key'
  | 'no-key'
  | 'wrong-medium'
  | 'unconfirmed'
  | 'stale'
  | 'replayed'
  | 'unauthentic'
  | 'other-sender'
  | 'too-many'
  | Refusal;

export type OpenPorts = AdmissionPorts & {
  readonly keys: KeyStore;
  readonly changes: Changes;
  readonly staleness: Staleness;
  readonly troubles: Troubles;
  readonly carriers: Carriers;
  readonly isConfirmed: (leafKey: string) => boolean;
};

export type Receiver = {
  readonly receiverId: number;
  /** The original frame, or undefined: then nothing may be shown. `arrivedMs` by the clock; frames come in order. */
  readonly open: (frame: EncodedFrame, arrivedMs: number) => Promise<Bytes | undefined>;
  readonly rebind: (binding: Binding) => void;
  readonly release: () => void;
  /** Whose frames it shows now. */
  readonly bound: () => Binding | undefined;
  readonly drops: ReadonlyMap<DropReason, number>;
  readonly countDrop: (reason: DropReason) => void;
  readonly framesOpened: () => number;
  /** The newest frame that was shown of whom the receiver shows; undefined before the first. */
  readonly newest: () => (FrameOrigin & Binding) | undefined;
};

type Found = Extract<KeyLookup, { t: 'found' }>;

export function createReceiver(
  receiverId: number,
  medium: Medium,
  ports: OpenPorts & { readonly requestKeyFrame: () => void },
): Receiver {
  const { clock, keys, troubles } = ports;
  const drops = new Map<DropReason, number>();
  const admission = createAdmission(receiverId, medium, ports);
  /** Of a receiver that shows somebody anew as well: its first key frame may have come under a key that it never had. */
  let isKeyFrameNeeded = true;
  let keyFrameAskedMs = Number.NEGATIVE_INFINITY;
  let opened = 0;
  let newest: (FrameOrigin & Binding) | undefined;

  const countDrop = (reason: DropReason): void => {
    drops.set(reason, (drops.get(reason) ?? 0) + 1);
  };
  const drop = (reason: DropReason): undefined => countDrop(reason) as undefined;

  const askForKeyFrame = (): void => {
    isKeyFrameNeeded = false;
    if (medium !== 'video' || clock.nowMs() - keyFrameAskedMs < KEY_FRAME_REQUEST_MS) return;
    keyFrameAskedMs = clock.nowMs();
    ports.requestKeyFrame();
  };

  /** The key of the KID, once there is one that may be used. */
  const awaitKey = async (kid: number, deadlineMs: number): Promise<Found | DropReason> => {
    for (;;) {
      const found = keys.lookup(kid);
      if (found.t === 'own') return 'own';
      if (found.t === 'unknown') return 'unknown-key';
      if (found.t === 'found' && mediumOf(found.kind) !== medium) return 'wrong-medium';
      if (found.t === 'found' && ports.isConfirmed(found.leafKey)) return found;
      if (clock.nowMs() >= deadlineMs) return outOfTime(found);
      await ports.changes.next(deadlineMs);
    }
  };

  const outOfTime = (found: Exclude<KeyLookup, { t: 'own' | 'unknown' }>): DropReason => {
    const trouble = found.t === 'ahead' ? 'waiting-for-key' : 'unconfirmed';
    if (found.leafKey !== undefined) troubles.dropped(found.leafKey, found.kind, trouble);
    isKeyFrameNeeded = true;
    return found.t === 'ahead' ? 'no-key' : 'unconfirmed';
  };

  const open = async (frame: EncodedFrame, arrivedMs: number): Promise<Bytes | undefined> => {
    if (frame.data.length === 0) return drop('empty');
    if (frame.codec === undefined) return drop('codec');
    const parsed = parseMediaFrame(frame.codec, frame.data);
    if (!parsed.ok) return drop('malformed');
    const found = await awaitKey(parsed.value.header.kid, arrivedMs + HOLD_MS);
    if (typeof found === 'string') return drop(found);
    return openUnder(found, parsed.value);
  };

  const openUnder = async (found: Found, parsed: ParsedMediaFrame): Promise<Bytes | undefined> => {
    const { kid, counter } = parsed.header;
    const { leafKey, kind, key } = found;
    if (ports.carriers.contradict(receiverId, leafKey)) return drop('other-sender');
    if (ports.staleness.isStale({ leafKey, epoch: found.epoch, context: found.context, counter })) {
      troubles.dropped(leafKey, kind, 'delayed');
      return drop('stale');
    }
    if (!key.window.isFresh(counter)) return drop('replayed');
    const plain = await openMediaFrame(parsed, await key.frameKey);
    if (!plain) {
      troubles.dropped(leafKey, kind, 'unverifiable');
      return drop('unauthentic');
    }
    const still = keys.lookup(kid);
    if (still.t !== 'found' || still.key !== key || !ports.isConfirmed(leafKey)) return drop('unknown-key');
    if (!key.window.commit(counter)) return drop('replayed');
    if (ports.carriers.contradict(receiverId, leafKey)) return drop('other-sender');
    const refusal = admission.admit(found, parsed.isKey);
    if (refusal) return refuse(refusal);
    shown(found, counter, parsed.isKey);
    return plain;
  };

  /** What is missing now is missing in the picture that comes next. */
  const refuse = (refusal: Refusal): undefined => {
    isKeyFrameNeeded = true;
    if (refusal === 'no-key-frame') askForKeyFrame();
    return drop(refusal);
  };

  const shown = ({ leafKey, kind, epoch, context }: Found, counter: number, isKey: boolean): void => {
    opened++;
    newest = { leafKey, kind, epoch, context, counter };
    troubles.shown(leafKey, kind);
    if (isKey) isKeyFrameNeeded = false;
    else if (isKeyFrameNeeded) askForKeyFrame();
  };

  const rebind = (binding: Binding): void => {
    newest = undefined;
    admission.rebind(binding);
  };

  const release = (): void => {
    isKeyFrameNeeded = true;
    newest = undefined;
    admission.release();
  };

  return {
    receiverId,
    open,
    rebind,
    release,
    bound: admission.bound,
    drops,
    countDrop,
    framesOpened: () => opened,
    newest: () => newest,
  };
}
