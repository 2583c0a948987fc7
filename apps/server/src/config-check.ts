/**
 * Checks and warnings that need more than the values themselves: files that must be readable, and what an operator
 * should know about the combination they chose.
 *
 * @see SPEC.md V3, V4, V76
 */
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { err, ok, type Result } from '@conclave/protocol/result';
import type { Config } from './config.ts';
import { isLoopback, isPrivateHost } from './loopback.ts';

/** Certificate and key, read and found to belong together. PEM. */
export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Reads the TLS files; undefined when none were asked for, one line naming the wrong option when they cannot be used. */
export async function readTlsMaterial(config: Config): Promise<Result<TlsMaterial | undefined, string>> {
  if (config.tls === undefined) return ok(undefined);
  const cert = await readFile(config.tls.certFile).catch(() => undefined);
  if (cert === undefined) return err(`--tls-cert: cannot read ${config.tls.certFile}`);
  const key = await readFile(config.tls.keyFile).catch(() => undefined);
  if (key === undefined) return err(`--tls-key: cannot read ${config.tls.keyFile}`);
  try {
    createSecureContext({ cert, key });
  } catch {
    return err('--tls-cert, --tls-key: not a certificate and its private key in PEM');
  }
  return ok({ cert, key });
}

/** What the operator should read at the start; empty when there is nothing to say. */
export function configWarnings(config: Config): string[] {
  return [...httpsWarnings(config), ...liveKitWarnings(config)];
}

/** A link that works on this machine alone looks like any other: said once, under the address. */
export function reachNote({ host, publicUrl }: Config): string | undefined {
  if (!isLoopback(host) || publicUrl !== undefined) return undefined;
  return (
    'Only this machine can open it, and the links that it makes. To let others in, see "Let others in" in the README: ' +
    '--host 0.0.0.0 with --tls-cert and --tls-key, or a reverse proxy and --public-url https://…'
  );
}

/** A LiveKit token is enough to come to signalling that is public, past the proxy and its tickets (D26). */
function liveKitWarnings({ livekit }: Config): string[] {
  if (livekit.kind === 'own' || isPrivateHost(new URL(livekit.url).hostname)) return [];
  return [
    'LIVEKIT_URL is not a private address. LiveKit’s signalling must be reachable for this server alone, or who was ' +
      'removed from a call can come back to its media server: close it to others, and leave its media ports open.',
  ];
}

function httpsWarnings(config: Config): string[] {
  const hasHttps = config.tls !== undefined || config.publicUrl?.startsWith('https:') === true;
  const isReachable =
    !isLoopback(config.host) || (config.publicUrl !== undefined && !isLoopbackUrl(config.publicUrl));
  if (hasHttps || !isReachable) return [];
  return [
    'Browsers give cameras and microphones to https pages only. Start with --tls-cert and --tls-key, or put a reverse ' +
      'proxy with a certificate in front and name its address with --public-url https://…',
  ];
}

function isLoopbackUrl(url: string): boolean {
  return isLoopback(new URL(url).hostname);
}
