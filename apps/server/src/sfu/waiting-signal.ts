/**
 * What somebody who is no member yet may say to LiveKit: everything that negotiates, and nothing that lets media flow.
 * LiveKit reads the judged message encoded anew, never the client's bytes: two decoders may read one message differently.
 *
 * @see SPEC.md V82
 */
import { SignalRequest, UpdateTrackSettings } from '@livekit/protocol';
import { WAITING_TRACKS_MAX } from './sfu-limits.ts';

type Signal = SignalRequest['message'];

/**
 * The messages that go to LiveKit in place of one of somebody who waits.
 *
 * A subscription is wrapped in settings that switch its tracks off. LiveKit 1.13.5 keeps settings for a track that is not
 * subscribed and applies them before the track is negotiated (`subscriptionmanager.go`: `UpdateSubscribedTrackSettings`,
 * `setSubscribedTrack`), so those before are in force from the start. Its sweep every 3 s may forget settings without a
 * subscription between the two messages (`needsCleanup`): those after mend that while the track is still negotiated.
 * An unsubscription is dropped: many of them make that sweep run at will. Of tracks named, more than a limit or one
 * without a name are dropped with their message.
 *
 * @param message - a binary `SignalRequest` within the limits of `WaitingRates`, as decoding takes time; not retained
 * @returns binary `SignalRequest`s, in order; empty when the message is dropped, or is none
 */
export function passWhileWaiting(message: Uint8Array): Uint8Array[] {
  return allowed(parse(message)).map((signal) => new SignalRequest({ message: signal }).toBinary());
}

function parse(message: Uint8Array): Signal {
  try {
    return SignalRequest.fromBinary(message, { readUnknownFields: false }).message;
  } catch {
    return { case: undefined };
  }
}

function allowed(signal: Signal): Signal[] {
  switch (signal.case) {
    case 'offer':
    case 'answer':
    case 'trickle':
    case 'addTrack':
    case 'mute':
    case 'updateLayers':
    case 'updateAudioTrack':
    case 'updateVideoTrack':
    case 'ping':
    case 'pingReq':
    case 'leave':
      return [signal];
    case 'trackSetting':
      return signal.value.disabled && areTracks(signal.value.trackSids) ? [signal] : [];
    case 'subscription': {
      const { subscribe, trackSids, participantTracks } = signal.value;
      const named = [...trackSids, ...participantTracks.flatMap((one) => one.trackSids)];
      if (!subscribe || !areTracks(named) || participantTracks.length > WAITING_TRACKS_MAX) return [];
      const off = switchOff(named);
      return [off, signal, off];
    }
    default:
      return [];
  }
}

function areTracks(trackSids: readonly string[]): boolean {
  return trackSids.length <= WAITING_TRACKS_MAX && trackSids.every((sid) => sid !== '');
}

function switchOff(trackSids: string[]): Signal {
  return { case: 'trackSetting', value: new UpdateTrackSettings({ trackSids, disabled: true }) };
}
