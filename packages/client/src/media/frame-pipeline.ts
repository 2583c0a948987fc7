/**
 * The media worker without WebRTC: keys, senders and receivers over plain frames. Owns everything that the paths share
 * and applies `MediaInstruction`s in the order in which they come.
 *
 * @see SPEC.md S1–S25
 */

import { BEAT_CONTEXTS_MAX } from '@conclave/calling/limits';
import type { MediaInstruction } from '@conclave/calling/media-instruction';
import { toHex } from '@conclave/protocol/bytes';
import { createChanges } from './changes.ts';
import { createKeyStore } from './key-store.ts';
import type { LiveContexts } from './live-contexts.ts';
import { RECEIVE_WINDOW_MS } from './media-limits.ts';
import type { OpenPorts, Receiver } from './open-path.ts';
import { createReceiver } from './open-path.ts';
import type { Medium, Sender } from './seal-path.ts';
import { createSender } from './seal-path.ts';
import { createStaleness } from './staleness.ts';
import type { TroubleReport } from './troubles.ts';
import { createTroubles } from './troubles.ts';

export type PipelinePorts = Pick<OpenPorts, 'clock' | 'onBound' | 'onForeign'> & {
  /** Frames of this sender were withheld and may now leave: its encoder must start with a key frame. */
  readonly onKeyFrameWish: (senderId: number) => void;
};

export type FramePipeline = {
  /** Applies one instruction; instructions are applied in the order of the calls. Takes over `baseKey` and erases it. */
  readonly instruct: (instruction: MediaInstruction) => Promise<void>;
  /** Ends one call's keys and its word on whom to show, after the instructions before: the next call starts shut. */
  readonly reset: () => Promise<void>;
  readonly createSender: (senderId: number, medium: Medium) => Sender;
  readonly createReceiver: (receiverId: number, medium: Medium, requestKeyFrame: () => void) => Receiver;
  readonly removeReceiver: (receiver: Receiver) => void;
  readonly removeSender: (senderId: number) => void;
  /** Asks for the key frames that withheld frames make necessary; to be called after an unmute. */
  readonly askForKeyFrames: () => void;
  /** Epoch and live contexts for the next beat: ascending, and the newest if there are too many for one. */
  readonly sendContexts: () => LiveContexts;
  readonly troubleChanges: () => readonly TroubleReport[];
};

export function createFramePipeline(ports: PipelinePorts): FramePipeline {
  const { clock } = ports;
  const keys = createKeyStore(clock);
  const changes = createChanges(clock);
  const staleness = createStaleness(clock);
  const troubles = createTroubles(clock);
  const senders = new Map<number, Sender>();
  const receivers = new Set<Receiver>();
  let confirmed: ReadonlySet<string> = new Set();
  let isGateOpen = false;
  let contextCounter = 0;
  let queue: Promise<void> = Promise.resolve();

  const apply = async (instruction: MediaInstruction): Promise<void> => {
    switch (instruction.t) {
      case 'epoch':
        await keys.install(instruction);
        staleness.keepOnly(keys.present());
        break;
      case 'send':
        keys.grantSend(instruction.epoch);
        break;
      case 'retire':
        keys.retire(instruction.epoch, clamp(instruction.atMs - clock.unixMs(), 0, RECEIVE_WINDOW_MS));
        break;
      case 'confirmed':
        confirmed = new Set(instruction.leafKeys.map(toHex));
        break;
      case 'gate':
        isGateOpen = instruction.isOpen;
        break;
      case 'counters':
        noteCounters(instruction);
        break;
    }
    changes.announce();
    askForKeyFrames();
  };

  const noteCounters = (beat: Extract<MediaInstruction, { t: 'counters' }>): void => {
    const leafKey = toHex(beat.leafKey);
    if (!keys.present().has(leafKey)) return;
    staleness.note(leafKey, beat, clamp(clock.unixMs() - beat.receivedAtMs, 0, RECEIVE_WINDOW_MS));
  };

  const askForKeyFrames = (): void => {
    for (const sender of senders.values()) {
      if (sender.takeKeyFrameWish()) ports.onKeyFrameWish(sender.senderId);
    }
  };

  const inTurn = (work: () => Promise<void> | void): Promise<void> => {
    const done = queue.then(work);
    queue = done.catch(() => undefined);
    return done;
  };

  const reset = (): void => {
    keys.forget();
    confirmed = new Set();
    isGateOpen = false;
    staleness.keepOnly(confirmed);
    changes.announce();
  };

  return {
    instruct: (instruction) => inTurn(() => apply(instruction)),
    reset: () => inTurn(reset),
    createSender: (senderId, medium) => {
      const sender = createSender(senderId, medium, {
        sending: keys.sending,
        isGateOpen: () => isGateOpen,
        nextContextCounter: () => contextCounter++,
      });
      senders.set(senderId, sender);
      return sender;
    },
    createReceiver: (receiverId, medium, requestKeyFrame) => {
      const receiver = createReceiver(receiverId, medium, {
        ...ports,
        keys,
        changes,
        staleness,
        troubles,
        isConfirmed: (leafKey) => confirmed.has(leafKey),
        requestKeyFrame,
      });
      receivers.add(receiver);
      return receiver;
    },
    removeReceiver: (receiver) => {
      receiver.release();
      receivers.delete(receiver);
    },
    removeSender: (senderId) => {
      senders.delete(senderId);
    },
    askForKeyFrames,
    sendContexts: () => ({
      epoch: keys.sending()?.epoch,
      contexts: [...senders.values()]
        .flatMap((sender) => sender.context() ?? [])
        .sort((a, b) => a.context - b.context)
        .slice(-BEAT_CONTEXTS_MAX),
    }),
    troubleChanges: () => {
      for (const receiver of receivers) {
        const newest = receiver.newest();
        if (newest && staleness.isOvertaken(newest)) troubles.dropped(newest.leafKey, newest.kind, 'delayed');
      }
      return troubles.changes();
    },
  };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
