/**
 * How somebody who is no member yet may open a connection to LiveKit: subscribed to nothing, and not as the continuation
 * of an earlier one. LiveKit is given what was judged, encoded anew.
 *
 * @see SPEC.md V82
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import {
  ConnectionSettings,
  JoinRequest,
  WrappedJoinRequest,
  WrappedJoinRequest_Compression,
} from '@livekit/protocol';
import { JOIN_REQUEST_BYTES_MAX } from './sfu-limits.ts';

/** Of a query without a join request: what says something of the device alone. */
const HARMLESS_PARAMETERS = new Set([
  'auto_subscribe',
  'sdk',
  'version',
  'protocol',
  'client_protocol',
  'device_model',
  'os',
  'os_version',
  'browser',
  'browser_version',
  'network',
  'disable_ice_lite',
  'subscriber_allow_pause',
]);

/**
 * The query that LiveKit is given in place of `query`.
 *
 * With adaptive stream LiveKit switches each picture on when it is negotiated, whatever it was told before
 * (`subscribedtrack.go`: `Bound`), so that is refused, too.
 *
 * @returns undefined when it asks for more than somebody who waits may have, or cannot be read
 */
export function connectWhileWaiting(query: URLSearchParams): URLSearchParams | undefined {
  const [text, ...others] = query.getAll('join_request');
  if (text === undefined) return isHarmless(query) ? new URLSearchParams(query) : undefined;
  if (others.length > 0) return undefined;
  const joinRequest = readJoinRequest(text);
  if (joinRequest === undefined || !negotiatesOnly(joinRequest)) return undefined;
  return new URLSearchParams({ join_request: writeJoinRequest(joinRequest) });
}

function isHarmless(query: URLSearchParams): boolean {
  const names = [...query.keys()];
  const areKnown = names.every((name) => HARMLESS_PARAMETERS.has(name));
  // LiveKit subscribes to everything unless it is told not to
  return areKnown && new Set(names).size === names.length && query.get('auto_subscribe') === '0';
}

function negotiatesOnly({ connectionSettings, reconnect, participantSid, syncState }: JoinRequest): boolean {
  const { autoSubscribe, autoSubscribeDataTrack, adaptiveStream } =
    connectionSettings ?? new ConnectionSettings();
  const receives = autoSubscribe || autoSubscribeDataTrack === true || adaptiveStream;
  const continues = reconnect || participantSid !== '' || syncState !== undefined;
  return !receives && !continues;
}

function readJoinRequest(text: string): JoinRequest | undefined {
  try {
    const { compression, joinRequest } = WrappedJoinRequest.fromBinary(Buffer.from(text, 'base64url'));
    const isPlain = compression === WrappedJoinRequest_Compression.NONE;
    const bytes = isPlain
      ? joinRequest
      : gunzipSync(joinRequest, { maxOutputLength: JOIN_REQUEST_BYTES_MAX });
    return JoinRequest.fromBinary(bytes, { readUnknownFields: false });
  } catch {
    return undefined;
  }
}

/** Copies by name, so that whatever a later LiveKit lets a join request ask for stays out. */
function writeJoinRequest({ clientInfo, connectionSettings, publisherOffer }: JoinRequest): string {
  const { disableIceLite = false, subscriberAllowPause } = connectionSettings ?? {};
  const settings = new ConnectionSettings({ disableIceLite });
  if (subscriberAllowPause !== undefined) settings.subscriberAllowPause = subscriberAllowPause;
  const joinRequest = new JoinRequest({ connectionSettings: settings });
  if (clientInfo !== undefined) joinRequest.clientInfo = clientInfo;
  if (publisherOffer !== undefined) joinRequest.publisherOffer = publisherOffer;
  const wrapped = new WrappedJoinRequest({
    compression: WrappedJoinRequest_Compression.GZIP,
    joinRequest: new Uint8Array(gzipSync(joinRequest.toBinary())),
  });
  // LiveKit's decoder wants the padding that Node's `base64url` leaves out
  return Buffer.from(wrapped.toBinary()).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}
