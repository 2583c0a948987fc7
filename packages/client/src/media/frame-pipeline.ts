/**
 * The media worker without WebRTC: keys, senders and receivers over plain frames. Owns everything that the paths share
 * and applies `MediaInstruction`s in the order in which they come.
 *
 * @see SPEC.md S1–S25
 */

import { BEAT_CONTEXTS_MAX } from '@conclave/calling/limits';
import type { MediaInstruction } from '@conclave/calling/media-instruction';
import { toHex } from '@conclave/protocol/bytes';
import { createCarriers } from './carriers.ts';
import { createChanges } from './changes.ts';
import { createHolders } from './holders.ts';
import { createKeyStore } from './key-store.ts';
import type { LiveContexts } from './live-contexts.ts';
import { RECEIVE_WINDOW_MS } from './media-limits.ts';
import { createNamedContexts } from './named-contexts.ts';
import type { OpenPorts, Receiver } from './open-path.ts';
import { createReceiver } from './open-path.ts';
import type { Medium, Sender } from './seal-path.ts';
import { createSender } from './seal-path.ts';
import { createStaleness } from './staleness.ts';
import type { TroubleReport } from './troubles.ts';
import { createTroubles } from './troubles.ts';

export type PipelinePorts = Pick<OpenPorts, 'clock' | 'onBound' | 'onForeign'> & {
  /** This receiver shows nobody now: it may not show whom it showed, or another receiver does. */
  readonly onUnbound: (receiverId: number) => void;
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
  /** Whose track the SFU says that the receiver carries (LiveKit identity): what it contradicts is shown no more. */
  readonly setCarrier: (receiverId: number, participantId: string | undefined) => void;
  /** LiveKit identities by leaf key (hexadecimal). */
  readonly setPeople: (participantIds: ReadonlyMap<string, string>) => void;
  readonly removeSender: (senderId: number) => void;
  /** Asks for the key frames that withheld frames make necessary; to be called after an unmute. */
  readonly askForKeyFrames: () => void;
  /** Epoch and live contexts for the next beat: ascending, and the last that sealed if there are too many for one. */
  readonly sendContexts: () => LiveContexts;
  readonly troubleChanges: () => readonly TroubleReport[];
};

export function createFramePipeline(ports: PipelinePorts): FramePipeline {
  const { clock } = ports;
  const keys = createKeyStore(clock);
  const changes = createChanges(clock);
  const staleness = createStaleness(clock);
  const named = createNamedContexts(clock);
  const holders = createHolders(clock);
  const carriers = createCarriers();
  const troubles = createTroubles(clock);
  const senders = new Map<number, Sender>();
  const receivers = new Map<number, Receiver>();
  let confirmed: ReadonlySet<string> = new Set();
  let isGateOpen = false;
  let contextCounter = 0;
  let turn = 0;
  let queue: Promise<void> = Promise.resolve();

  const apply = async (instruction: MediaInstruction): Promise<void> => {
    switch (instruction.t) {
      case 'epoch':
        await keys.install(instruction);
        keepOnly(keys.present());
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
    const ageMs = clamp(clock.unixMs() - beat.receivedAtMs, 0, RECEIVE_WINDOW_MS);
    staleness.note(leafKey, beat, ageMs);
    named.note(leafKey, beat, ageMs);
  };

  const keepOnly = (leafKeys: ReadonlySet<string>): void => {
    for (const memory of [staleness, named, holders]) memory.keepOnly(leafKeys);
  };

  const unbind = (receiver: Receiver | undefined): void => {
    if (!receiver?.bound()) return;
    receiver.release();
    ports.onUnbound(receiver.receiverId);
  };

  const applyVetoes = (): void => {
    for (const receiver of receivers.values()) {
      const leafKey = receiver.bound()?.leafKey;
      if (leafKey !== undefined && carriers.contradict(receiver.receiverId, leafKey)) unbind(receiver);
    }
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
    keepOnly(confirmed);
    changes.announce();
  };

  return {
    instruct: (instruction) => inTurn(() => apply(instruction)),
    reset: () => inTurn(reset),
    createSender: (senderId, medium) => {
      const sender = createSender(senderId, medium, {
        sending: keys.sending,
        isGateOpen: () => isGateOpen,
        isAlone: () => keys.present().size === 1,
        nextContextCounter: () => contextCounter++,
        nextTurn: () => turn++,
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
        named,
        holders,
        carriers,
        troubles,
        onSuperseded: (silentId) => unbind(receivers.get(silentId)),
        isConfirmed: (leafKey) => confirmed.has(leafKey),
        requestKeyFrame,
      });
      receivers.set(receiverId, receiver);
      return receiver;
    },
    removeReceiver: (receiver) => {
      receiver.release();
      receivers.delete(receiver.receiverId);
      carriers.setCarrier(receiver.receiverId, undefined);
    },
    setCarrier: (receiverId, participantId) => {
      carriers.setCarrier(receiverId, participantId);
      applyVetoes();
    },
    setPeople: (participantIds) => {
      carriers.setPeople(participantIds);
      applyVetoes();
    },
    removeSender: (senderId) => {
      senders.delete(senderId);
    },
    askForKeyFrames,
    sendContexts: () => ({
      epoch: keys.sending()?.epoch,
      contexts: [...senders.values()]
        .sort((a, b) => b.lastTurn() - a.lastTurn())
        .flatMap((sender) => sender.context() ?? [])
        .slice(0, BEAT_CONTEXTS_MAX)
        .sort((a, b) => a.context - b.context),
    }),
    troubleChanges: () => {
      for (const receiver of receivers.values()) {
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
