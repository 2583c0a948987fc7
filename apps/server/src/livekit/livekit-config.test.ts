import { expect, test } from 'vitest';
import { type LiveKitSettings, livekitConfig } from './livekit-config.ts';

const SETTINGS: LiveKitSettings = {
  port: 40001,
  udpPort: 7883,
  tcpPort: undefined,
  loopbackOnly: true,
  nodeIp: undefined,
  apiKey: 'key',
  apiSecret: 'secret',
};

test('[V10] signalling is on loopback alone, media on one UDP port, with a short key-frame throttle and room for 100', () => {
  expect(JSON.parse(livekitConfig(SETTINGS))).toMatchObject({
    port: 40001,
    bind_addresses: ['127.0.0.1'],
    keys: { key: 'secret' },
    rtc: {
      udp_port: 7883,
      use_external_ip: false,
      pli_throttle: { low_quality: '100ms', mid_quality: '150ms', high_quality: '200ms' },
    },
    limit: { num_tracks: 20_000 },
  });
});

test('[V11] on loopback: its address and interface only, no TCP', () => {
  expect(JSON.parse(livekitConfig(SETTINGS)).rtc).toMatchObject({
    tcp_port: 0,
    node_ip: '127.0.0.1',
    enable_loopback_candidate: true,
    interfaces: { includes: [expect.stringMatching(/^lo/)] },
  });
});

test('[V11] reachable from outside: TCP too, the address that was given, every interface', () => {
  const config = livekitConfig({ ...SETTINGS, loopbackOnly: false, tcpPort: 7883, nodeIp: '192.0.2.7' });
  const { rtc } = JSON.parse(config);
  expect(rtc).toMatchObject({ tcp_port: 7883, node_ip: '192.0.2.7' });
  expect(rtc).not.toHaveProperty('interfaces');
  expect(JSON.parse(livekitConfig({ ...SETTINGS, loopbackOnly: false })).rtc).not.toHaveProperty('node_ip');
});
