import {
  AddTrackRequest,
  LeaveRequest,
  MuteTrackRequest,
  ParticipantTracks,
  Ping,
  SessionDescription,
  SignalRequest,
  SimulateScenario,
  StoreDataBlobRequest,
  SubscriptionPermission,
  SyncState,
  TrickleRequest,
  UpdateDataSubscription,
  UpdateLocalAudioTrack,
  UpdateLocalVideoTrack,
  UpdateParticipantMetadata,
  UpdateSubscription,
  UpdateTrackSettings,
  UpdateVideoLayers,
} from '@livekit/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WAITING_TRACKS_MAX } from './sfu-limits.ts';
import { passWhileWaiting } from './waiting-signal.ts';

type Signal = SignalRequest['message'];

const encode = (message: Signal): Uint8Array => new SignalRequest({ message }).toBinary();
const pass = (message: Signal): Signal[] => decode(passWhileWaiting(encode(message)));
const decode = (messages: Uint8Array[]): Signal[] =>
  messages.map((bytes) => SignalRequest.fromBinary(bytes).message);

const subscription = (subscribe: boolean, trackSids: string[], ofOthers: string[][] = []): Signal => ({
  case: 'subscription',
  value: new UpdateSubscription({
    subscribe,
    trackSids,
    participantTracks: ofOthers.map(
      (sids) => new ParticipantTracks({ participantSid: 'PA', trackSids: sids }),
    ),
  }),
});
const setting = (trackSids: string[], disabled: boolean): Signal => ({
  case: 'trackSetting',
  value: new UpdateTrackSettings({ trackSids, disabled }),
});

/** LiveKit as far as this matters: true when a track would be subscribed or switched on. */
function letsMediaFlow(signals: readonly Signal[]): boolean {
  const isOff = new Set<string>();
  return signals.some((signal) => {
    if (signal.case === 'trackSetting') {
      for (const sid of signal.value.trackSids) isOff.add(sid);
      return !signal.value.disabled;
    }
    if (signal.case !== 'subscription' || !signal.value.subscribe) return false;
    const others = signal.value.participantTracks.flatMap(({ trackSids }) => trackSids);
    return [...signal.value.trackSids, ...others].some((sid) => !isOff.has(sid));
  });
}

describe('what somebody who waits may say to LiveKit', () => {
  test.each<Signal>([
    { case: 'offer', value: new SessionDescription({ type: 'offer', sdp: 'v=0', id: 3 }) },
    { case: 'answer', value: new SessionDescription({ type: 'answer', sdp: 'v=0' }) },
    { case: 'trickle', value: new TrickleRequest({ candidateInit: '{}' }) },
    { case: 'addTrack', value: new AddTrackRequest({ cid: 'camera' }) },
    { case: 'mute', value: new MuteTrackRequest({ sid: 'TR', muted: true }) },
    { case: 'updateLayers', value: new UpdateVideoLayers({ trackSid: 'TR' }) },
    { case: 'updateAudioTrack', value: new UpdateLocalAudioTrack({ trackSid: 'TR' }) },
    { case: 'updateVideoTrack', value: new UpdateLocalVideoTrack({ trackSid: 'TR', width: 7 }) },
    { case: 'ping', value: 9n },
    { case: 'pingReq', value: new Ping({ timestamp: 9n }) },
    { case: 'leave', value: new LeaveRequest() },
  ])('[V82] $case passes as it is', (signal) => {
    expect(pass(signal)).toEqual([signal]);
  });

  test('[V82] a subscription goes between settings that switch off every track it names', () => {
    const wish = subscription(true, ['A', 'B'], [['C'], [], ['D']]);
    const off = setting(['A', 'B', 'C', 'D'], true);
    expect(pass(wish)).toEqual([off, wish, off]);
    expect(letsMediaFlow([wish])).toBe(true);
  });

  test('[V82] what names too many tracks, or one without a name, is dropped', () => {
    const many = Array.from({ length: WAITING_TRACKS_MAX }, (_, index) => `TR_${index}`);
    const off = setting(many, true);
    expect(pass(subscription(true, many))).toHaveLength(3);
    expect(pass(off)).toEqual([off]);
    expect(pass(setting([...many, 'A'], true))).toEqual([]);
    expect(pass(setting([''], true))).toEqual([]);
    expect(pass(subscription(true, many, [['A']]))).toEqual([]);
    expect(pass(subscription(true, ['A', '']))).toEqual([]);
    const nobodies = Array.from({ length: WAITING_TRACKS_MAX + 1 }, () => []);
    expect(pass(subscription(true, ['A'], nobodies))).toEqual([]);
  });

  test('[V82] an unsubscription is dropped: it would let LiveKit forget settings at will', () => {
    expect(pass(subscription(false, ['A']))).toEqual([]);
  });

  test('[V82] of settings only those pass that switch off', () => {
    expect(pass(setting(['A'], true))).toEqual([setting(['A'], true)]);
    expect(pass(setting(['A'], false))).toEqual([]);
    expect(letsMediaFlow([setting(['A'], false)])).toBe(true);
  });

  test.each<Signal>([
    { case: 'syncState', value: new SyncState({ subscription: { subscribe: true, trackSids: ['A'] } }) },
    { case: 'subscriptionPermission', value: new SubscriptionPermission() },
    { case: 'simulate', value: new SimulateScenario() },
    { case: 'updateMetadata', value: new UpdateParticipantMetadata({ name: 'x' }) },
    { case: 'updateDataSubscription', value: new UpdateDataSubscription() },
    { case: 'storeDataBlobRequest', value: new StoreDataBlobRequest() },
  ])('[V82] $case is dropped', (signal) => {
    expect(pass(signal)).toEqual([]);
  });

  test('[V82] what is no message, of a kind unknown, or in two readings is dropped or written anew', () => {
    expect(passWhileWaiting(new Uint8Array())).toEqual([]);
    expect(passWhileWaiting(Buffer.from('{"ping":"1"}'))).toEqual([]);
    // Field 99, of a later version
    expect(passWhileWaiting(Uint8Array.of(0x9a, 0x06, 0x00))).toEqual([]);
    // Two kinds in one message: the last one counts, and it alone goes on
    const both = Buffer.concat([encode(subscription(true, ['A'])), encode({ case: 'ping', value: 9n })]);
    expect(decode(passWhileWaiting(both))).toEqual([{ case: 'ping', value: 9n }]);
    // One kind twice: another decoder would take both lists together
    const twice = Buffer.concat([encode(subscription(true, ['A'])), encode(subscription(true, ['B']))]);
    expect(letsMediaFlow(decode(passWhileWaiting(twice)))).toBe(false);
    // Groups in groups, as deep as a message may be long
    expect(passWhileWaiting(new Uint8Array(4 * 1024 * 1024).fill(0x9b))).toEqual([]);
  });

  test('[V82] whatever the bytes are, nothing is thrown, and nothing that lets media flow goes on', () => {
    const sids = fc.array(fc.string({ maxLength: 4 }), { maxLength: 4 });
    const signals = fc.oneof(
      fc.tuple(fc.boolean(), sids, fc.array(sids, { maxLength: 3 })).map((parts) => subscription(...parts)),
      fc.tuple(sids, fc.boolean()).map((parts) => setting(...parts)),
    );
    const parts = fc.oneof(fc.uint8Array({ maxLength: 40 }), signals.map(encode));
    const whole = fc.array(parts, { maxLength: 4 }).map((each) => Buffer.concat(each));
    const bent = fc.tuple(signals.map(encode), fc.nat(), fc.nat(255)).map(([bytes, at, byte]) => {
      const copy = Uint8Array.from(bytes);
      copy[at % Math.max(1, copy.length)] = byte;
      return copy;
    });
    fc.assert(
      fc.property(fc.array(fc.oneof(whole, bent), { maxLength: 6 }), (messages) => {
        const passed = messages.flatMap((message) => decode(passWhileWaiting(message)));
        expect(letsMediaFlow(passed)).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });
});
