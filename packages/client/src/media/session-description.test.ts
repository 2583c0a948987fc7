import { expect, test } from 'vitest';
import { withoutLoudness } from './session-description.ts';

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
