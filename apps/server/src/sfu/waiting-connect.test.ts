import { gunzipSync, gzipSync } from 'node:zlib';
import {
  AddTrackRequest,
  ClientInfo,
  ConnectionSettings,
  JoinRequest,
  SessionDescription,
  SyncState,
  WrappedJoinRequest,
  WrappedJoinRequest_Compression,
} from '@livekit/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JOIN_REQUEST_BYTES_MAX } from './sfu-limits.ts';
import { connectWhileWaiting } from './waiting-connect.ts';

const { GZIP, NONE } = WrappedJoinRequest_Compression;

/** As livekit-client 2.23.0 writes it (`createJoinRequestConnectionParams`). */
function queryOf(bytes: Uint8Array, compression = GZIP): URLSearchParams {
  const joinRequest = new Uint8Array(compression === GZIP ? gzipSync(bytes) : bytes);
  const wrapped = new WrappedJoinRequest({ joinRequest, compression }).toBinary();
  const text = Buffer.from(wrapped).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
  return new URLSearchParams({ join_request: text });
}

function judge(fields: ConstructorParameters<typeof JoinRequest>[0]): URLSearchParams | undefined {
  return connectWhileWaiting(queryOf(new JoinRequest(fields).toBinary()));
}

/** As LiveKit reads it: the padding must be there. */
function read(query: URLSearchParams | undefined): JoinRequest {
  const text = query?.get('join_request') ?? '';
  expect(text.length % 4).toBe(0);
  expect([...(query?.keys() ?? [])]).toEqual(['join_request']);
  const wrapped = WrappedJoinRequest.fromBinary(Buffer.from(text, 'base64url'));
  expect(wrapped.compression).toBe(GZIP);
  return JoinRequest.fromBinary(gunzipSync(wrapped.joinRequest));
}

const settings = (fields: ConstructorParameters<typeof ConnectionSettings>[0]) => ({
  connectionSettings: new ConnectionSettings(fields),
});
const ours = {
  clientInfo: new ClientInfo({ version: '2.23.0', protocol: 17 }),
  publisherOffer: new SessionDescription({ type: 'offer', sdp: 'v=0' }),
  ...settings({ subscriberAllowPause: true }),
};

describe('how somebody who waits may open a connection to LiveKit', () => {
  test('[V82] with an offer and subscribed to nothing, as livekit-client asks', () => {
    expect(read(judge(ours))).toEqual(new JoinRequest(ours));
    const plain = queryOf(new JoinRequest(ours).toBinary(), NONE);
    expect(read(connectWhileWaiting(plain))).toEqual(new JoinRequest(ours));
  });

  test('[V82] not subscribed to everything, nor with adaptive stream, which switches pictures on', () => {
    expect(judge(settings({ autoSubscribe: true }))).toBeUndefined();
    expect(judge(settings({ adaptiveStream: true }))).toBeUndefined();
    expect(judge(settings({ autoSubscribeDataTrack: true }))).toBeUndefined();
  });

  test('[V82] not as the continuation of a connection', () => {
    expect(judge({ ...ours, reconnect: true })).toBeUndefined();
    expect(judge({ ...ours, participantSid: 'PA_x' })).toBeUndefined();
    expect(judge({ ...ours, syncState: new SyncState() })).toBeUndefined();
  });

  test('[V82] name, attributes and tracks not in the offer stay here, and so does what this version does not know', () => {
    const unknown = Uint8Array.of(0x9a, 0x06, 0x00);
    const more = {
      metadata: 'a',
      participantAttributes: { b: 'c' },
      addTrackRequests: [new AddTrackRequest()],
    };
    const named = new JoinRequest({ ...ours, ...more }).toBinary();
    const query = connectWhileWaiting(queryOf(Buffer.concat([named, unknown])));
    expect(read(query)).toEqual(new JoinRequest(ours));
  });

  test('[V82] what cannot be read, is there twice or grows too large is refused', () => {
    const bytes = new JoinRequest(ours).toBinary();
    const twice = queryOf(bytes);
    twice.append('join_request', twice.get('join_request') ?? '');
    expect(connectWhileWaiting(twice)).toBeUndefined();
    expect(connectWhileWaiting(new URLSearchParams('join_request=_w'))).toBeUndefined();
    const sdp = 'a'.repeat(JOIN_REQUEST_BYTES_MAX);
    expect(judge({ publisherOffer: new SessionDescription({ sdp }) })).toBeUndefined();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.constantFrom(GZIP, NONE), (noise, compression) => {
        const query = connectWhileWaiting(queryOf(noise, compression));
        if (query !== undefined) expect(read(query).reconnect).toBe(false);
      }),
    );
  });

  test('[V82] a query without a join request says that it subscribes to nothing, and nothing unknown', () => {
    const judged = (query: string) => connectWhileWaiting(new URLSearchParams(query))?.toString();
    expect(judged('auto_subscribe=0&sdk=js&protocol=16')).toBe('auto_subscribe=0&sdk=js&protocol=16');
    for (const query of [
      '',
      'sdk=js',
      'auto_subscribe=1',
      'auto_subscribe=',
      'auto_subscribe=0&auto_subscribe=1',
      'auto_subscribe=0&adaptive_stream=1',
      'auto_subscribe=0&reconnect=1&sid=PA_x',
      'auto_subscribe=0&publish=x',
    ]) {
      expect(judged(query), query).toBeUndefined();
    }
  });
});
