import { describe, expect, test } from 'vitest';
import { withConstantRate, withoutLoudness } from './session-description.ts';

const KEPT = [
  'v=0',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'a=extmap:2 http://www.webrtc.org/experiments/abs-send-time',
];

test.each([
  'a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level',
  'a=extmap:14/sendonly urn:ietf:params:rtp-hdrext:ssrc-audio-level vad=on',
  'a=extmap:3 urn:ietf:params:rtp-hdrext:csrc-audio-level',
])('[S35] %s is taken out, and nothing else', (line) => {
  const sdp = [...KEPT, line, 'a=sendrecv', ''].join('\r\n');
  const expected = [...KEPT, 'a=sendrecv', ''].join('\r\n');
  expect(withoutLoudness({ type: 'offer', sdp })).toEqual({ type: 'offer', sdp: expected });
});

test('[S35] a description without text stays as it is', () => {
  expect(withoutLoudness({ type: 'rollback' })).toEqual({ type: 'rollback' });
});

describe('the wishes of the other side', () => {
  const answer = (...lines: readonly string[]) => [...KEPT, ...lines, 'a=sendrecv', ''].join('\r\n');
  const formatsOf = (sdp: string) =>
    withConstantRate({ type: 'answer', sdp })
      .sdp?.match(/^a=fmtp:.*$/gm)
      ?.map((line) => line.trim());

  test.each([
    ['DTX', 'minptime=10;usedtx=1;useinbandfec=1', 'minptime=10;useinbandfec=1;cbr=1'],
    ['a variable rate', 'cbr=0', 'cbr=1'],
    ['written otherwise', ' UseDTX=1 ; stereo=1', 'stereo=1;cbr=1'],
    ['a huge rate', 'maxaveragebitrate=510000', 'maxaveragebitrate=128000;cbr=1'],
    ['no rate', 'maxaveragebitrate=x', 'maxaveragebitrate=128000;cbr=1'],
    ['a usual rate', 'maxaveragebitrate=48000', 'maxaveragebitrate=48000;cbr=1'],
  ])('[S118] %s for Opus: constant packets all the same', (_, asked, constant) => {
    const sdp = answer('a=rtpmap:111 opus/48000/2', `a=fmtp:111 ${asked}`);
    expect(formatsOf(sdp)).toEqual([`a=fmtp:111 ${constant}`]);
  });

  test('[S118] who says nothing, or says it twice, gets constant packets, too; other codecs keep their format', () => {
    const opus = 'a=rtpmap:111 opus/48000/2';
    expect(formatsOf(answer(opus))).toEqual(['a=fmtp:111 cbr=1']);
    const twice = answer('a=fmtp:111 cbr=0', opus, 'a=fmtp:111 usedtx=1');
    expect(formatsOf(twice)).toEqual(['a=fmtp:111 cbr=1']);
    const others = answer('a=rtpmap:98 VP9/90000', 'a=fmtp:98 profile-id=0');
    expect(withConstantRate({ type: 'answer', sdp: others }).sdp).toBe(others);
  });
});
