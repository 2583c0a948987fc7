/**
 * Builds LiveKit's server with the Go that the machine has. Go checks what it downloads against its checksum database.
 */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { err, ok, type Result } from '@conclave/protocol/result';
import { LIVEKIT_BUILD_TIMEOUT_MS } from '../server-limits.ts';
import { LIVEKIT_VERSION } from './livekit-version.ts';

const MODULE = `github.com/livekit/livekit-server/cmd/server@v${LIVEKIT_VERSION}`;
const PROGRESS_INTERVAL_MS = 5_000;

export interface GoBuild {
  /** The `go` command. */
  readonly go: string;
  /** Where the binary goes, in an existing folder; it appears there whole or not at all. */
  readonly target: string;
  readonly env: NodeJS.ProcessEnv;
  /** Called with a line for a person to read, every few seconds. */
  readonly report: (line: string) => void;
}

/** @returns nothing, or one line that says why there is no binary */
export async function buildWithGo(build: GoBuild): Promise<Result<void, string>> {
  const bin = await mkdtemp(join(dirname(build.target), 'go-build-'));
  try {
    const failure = await goInstall(build, bin);
    if (failure !== undefined) return err(`go install ${MODULE} failed: ${failure}`);
    await rename(join(bin, process.platform === 'win32' ? 'server.exe' : 'server'), build.target);
    return ok(undefined);
  } finally {
    await rm(bin, { recursive: true, force: true });
  }
}

function goInstall(build: GoBuild, bin: string): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const go = spawn(build.go, ['install', '-v', MODULE], {
    // Go's temporary files go there, too: ended early, it does not remove them.
    env: { ...build.env, GOBIN: bin, GOTMPDIR: bin },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: LIVEKIT_BUILD_TIMEOUT_MS,
  });
  const endWithUs = () => {
    go.kill();
    // A compiler that Go has started may still write for a moment.
    rmSync(bin, { recursive: true, force: true, maxRetries: 5 });
  };
  process.once('exit', endWithUs);
  const startedAtMs = Date.now();
  let packages = 0;
  let lastLine = '';
  createInterface({ input: go.stderr }).on('line', (line) => {
    if (!line.startsWith('go: downloading')) packages += 1;
    lastLine = line;
  });
  const progress = setInterval(() => {
    const seconds = Math.round((Date.now() - startedAtMs) / 1000);
    // None is compiled while Go fetches the sources, nor where its cache has them all.
    const done = packages === 0 ? '' : `, ${packages} packages compiled`;
    build.report(`Building LiveKit ${LIVEKIT_VERSION}: ${seconds} s${done}`);
  }, PROGRESS_INTERVAL_MS);
  go.on('error', (error) => resolve(error.message));
  go.on('close', (code) => resolve(code === 0 ? undefined : lastLine || 'no reason given'));
  return promise.finally(() => {
    clearInterval(progress);
    process.off('exit', endWithUs);
  });
}
