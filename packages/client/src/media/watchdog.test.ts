import { describe, expect, test } from 'vitest';
import { hasLeaked, sentOf } from './watchdog.ts';

const NOTHING = { framesSealed: 0, framesDropped: 0, bytesSealed: 0 };

describe('[S37] the watchdog', () => {
  test.each([
    ['nothing was sent', 'video', { packets: 0, payloadBytes: 0, framesEncoded: 90 }, NOTHING, false],
    ['only padding', 'video', { packets: 400, payloadBytes: 0, framesEncoded: 0 }, NOTHING, false],
    [
      'video that no worker saw',
      'video',
      { packets: 60, payloadBytes: 90_000, framesEncoded: 50 },
      NOTHING,
      true,
    ],
    [
      'sound that no worker saw',
      'audio',
      { packets: 12, payloadBytes: 900, framesEncoded: undefined },
      NOTHING,
      true,
    ],
    [
      'all was sealed',
      'audio',
      { packets: 353, payloadBytes: 26_914, framesEncoded: undefined },
      { framesSealed: 353, framesDropped: 0, bytesSealed: 26_914 },
      false,
    ],
    [
      'probes that repeat media, all frames seen',
      'video',
      { packets: 866, payloadBytes: 227_727, framesEncoded: 291 },
      { framesSealed: 291, framesDropped: 0, bytesSealed: 101_898 },
      false,
    ],
    [
      'a second in the clear, then sealed',
      'video',
      { packets: 260, payloadBytes: 190_000, framesEncoded: 220 },
      { framesSealed: 180, framesDropped: 0, bytesSealed: 150_000 },
      true,
    ],
    [
      'the worker drops everything, and nothing leaves',
      'video',
      { packets: 40, payloadBytes: 2_000, framesEncoded: 100 },
      { framesSealed: 3, framesDropped: 97, bytesSealed: 2_000 },
      false,
    ],
  ] as const)('%s', (_, medium, sent, sealed, alarm) => {
    expect(hasLeaked(medium, sent, sealed)).toBe(alarm);
  });

  test('adds up the layers of a sender, without retransmissions', () => {
    const layer = { type: 'outbound-rtp', packetsSent: 10, bytesSent: 900, framesEncoded: 5 };
    const report = [
      layer,
      { ...layer, retransmittedPacketsSent: 2, retransmittedBytesSent: 100 },
      { type: 'codec' },
    ];
    expect(sentOf(report)).toEqual({ packets: 18, payloadBytes: 1_700, framesEncoded: 10 });
    expect(sentOf([]).framesEncoded).toBeUndefined();
  });
});
