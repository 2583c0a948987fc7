/**
 * LiveKit's configuration. It is handed over in the environment of the child, so that the keys are in no file of their
 * own and on no command line. JSON is YAML, which LiveKit reads.
 *
 * @see SPEC.md V10–V12
 */
import { loopbackInterface } from '../loopback.ts';

export interface LiveKitSettings {
  /** Loopback TCP port of LiveKit's signalling and API. */
  readonly port: number;
  /** UDP port of all media. */
  readonly udpPort: number;
  /** TCP port of media where UDP is blocked; undefined: none. LiveKit opens it on every address. */
  readonly tcpPort: number | undefined;
  /** True keeps media on the loopback interface. */
  readonly loopbackOnly: boolean;
  /** Address that browsers are told; undefined lets LiveKit find the machine's own. */
  readonly nodeIp: string | undefined;
  readonly apiKey: string;
  readonly apiSecret: string;
}

/** Text for the variable `LIVEKIT_CONFIG`. It holds the secret: never log it. */
export function livekitConfig(settings: LiveKitSettings): string {
  return JSON.stringify({
    port: settings.port,
    bind_addresses: ['127.0.0.1'],
    keys: { [settings.apiKey]: settings.apiSecret },
    rtc: {
      udp_port: settings.udpPort,
      tcp_port: settings.tcpPort ?? 0,
      use_external_ip: false,
      ...reach(settings),
      // The largest lever on the time to a joiner's first picture: 961 ms with LiveKit's defaults, 202 ms with these.
      pli_throttle: { low_quality: '100ms', mid_quality: '150ms', high_quality: '200ms' },
    },
    // A hundred people with camera, microphone and screen, each sent to everybody else, in and out.
    limit: { num_tracks: 20_000 },
    room: { empty_timeout: 30, departure_timeout: 5 },
    // Only level and message of a line are ever shown (livekit-log.ts): its fields name participants and addresses.
    logging: { level: 'warn', pion_level: 'error', json: true },
  });
}

function reach(settings: LiveKitSettings): object {
  if (settings.loopbackOnly) {
    return {
      node_ip: settings.nodeIp ?? '127.0.0.1',
      enable_loopback_candidate: true,
      interfaces: { includes: [loopbackInterface()] },
    };
  }
  return settings.nodeIp === undefined ? {} : { node_ip: settings.nodeIp };
}
