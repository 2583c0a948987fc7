/**
 * Checks and warnings that need more than the values themselves: files that must be readable, and what an operator
 * should know about the combination they chose.
 *
 * @see SPEC.md V3, V4
 */
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { err, ok, type Result } from '@conclave/protocol/result';
import type { Config } from './config.ts';
import { isLoopback } from './loopback.ts';

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
