/**
 * The one door to LiveKit: somebody else's server when one is configured, else our own, found and started.
 *
 * @see SPEC.md V6, V9, V16
 */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { toBase64Url } from '@conclave/protocol/bytes';
import { err, ok, type Result } from '@conclave/protocol/result';
import type { Config, ExternalLiveKit } from '../config.ts';
import { keepSecret } from '../secret-file.ts';
import { defaultSearch, findLiveKit, type Search } from './find.ts';
import { type LiveKit, type LiveKitKeys, Supervisor } from './supervisor.ts';

/** Why there is no LiveKit. The message is for the operator, of one or a few lines. */
export interface LiveKitError {
  readonly code: 'LIVEKIT_NOT_FOUND' | 'LIVEKIT_NOT_STARTED';
  readonly message: string;
}

/**
 * Finds or builds LiveKit, starts it and waits until it answers. The data folder must be locked already.
 *
 * @param report - called with a line for the operator; never holds a key, a name or an address of a participant
 */
export async function startLiveKit(
  config: Pick<Config, 'livekit' | 'dataDir'>,
  report: (line: string) => void,
  search: Search = defaultSearch(config.livekit.kind === 'own' ? config.livekit.cacheDir : undefined, report),
): Promise<Result<LiveKit, LiveKitError>> {
  if (config.livekit.kind === 'external') return ok(external(config.livekit));
  const found = await findLiveKit(search);
  if (!found.ok) return err({ code: 'LIVEKIT_NOT_FOUND', message: found.error });
  const keys = await readKeys(config.dataDir);
  const supervisor = new Supervisor(found.value, config.livekit, keys, report);
  const failure = await supervisor.start();
  return failure === undefined ? ok(supervisor) : err({ code: 'LIVEKIT_NOT_STARTED', message: failure });
}

function external(server: ExternalLiveKit): LiveKit {
  const { url, apiKey, apiSecret } = server;
  const never = () => () => undefined;
  return {
    url,
    apiKey,
    apiSecret,
    version: undefined,
    udpPort: undefined,
    onRestart: never,
    stop: async () => {},
  };
}

async function readKeys(dataDir: string): Promise<LiveKitKeys> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const make = () => `conclave-${toBase64Url(randomBytes(6))}:${toBase64Url(randomBytes(32))}`;
  const [apiKey, apiSecret] = (await keepSecret(join(dataDir, 'livekit.key'), make)).trim().split(':');
  if (!apiKey || !apiSecret) throw new Error('livekit.key in the data folder is not "key:secret"; remove it');
  return { apiKey, apiSecret };
}
