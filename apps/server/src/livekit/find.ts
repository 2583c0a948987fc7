/**
 * Finds a LiveKit server to run: on the PATH, in our cache, built once with Go, or a pinned release archive.
 *
 * @see SPEC.md V6–V8
 */
import { constants } from 'node:fs';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { err, ok, type Result } from '@conclave/protocol/result';
import { buildWithGo } from './go-build.ts';
import { LIVEKIT_VERSION, livekitVersion } from './livekit-version.ts';
import { PINNED_RELEASES } from './pinned-releases.ts';
import { fetchRelease, type PinnedRelease } from './release-archive.ts';

export interface Search {
  /** Environment whose PATH is searched; Go gets it too. */
  readonly env: NodeJS.ProcessEnv;
  /** Folder of our own binaries; made when something is put into it. */
  readonly cacheDir: string;
  /** By `<platform>-<arch>`. */
  readonly releases: Readonly<Record<string, PinnedRelease>>;
  /** Called with a line for a person to read. */
  readonly report: (line: string) => void;
}

export interface FoundLiveKit {
  readonly path: string;
  readonly version: string;
}

const CACHE_DIR = fileURLToPath(new URL('../../../../.cache', import.meta.url));

/** The search of a real start. */
export function defaultSearch(cacheDir: string | undefined, report: (line: string) => void): Search {
  return { env: process.env, cacheDir: cacheDir ?? CACHE_DIR, releases: PINNED_RELEASES, report };
}

/** The binary that is here already, on the PATH or in our cache; undefined when there is none that runs. */
export async function lookForLiveKit(search: Search): Promise<FoundLiveKit | undefined> {
  for (const path of [await onPath('livekit-server', search.env), cachedPath(search)]) {
    const version = path === undefined ? undefined : await livekitVersion(path);
    if (path !== undefined && version !== undefined) return { path, version };
  }
  return undefined;
}

/** @returns a binary that runs here, or a message of a few lines that says how to get one */
export async function findLiveKit(search: Search): Promise<Result<FoundLiveKit, string>> {
  const present = await lookForLiveKit(search);
  if (present !== undefined) return ok(present);
  const cached = cachedPath(search);
  const failures: string[] = [];
  for (const obtain of [build, download]) {
    const outcome = await obtain(search, cached);
    if (outcome === undefined) continue;
    const version = outcome.ok ? await livekitVersion(cached) : undefined;
    if (version !== undefined) return ok({ path: cached, version });
    failures.push(outcome.ok ? `${cached} does not run on this machine` : outcome.error);
  }
  return err([...failures, HOW_TO_INSTALL].join('\n'));
}

const HOW_TO_INSTALL = `There is no LiveKit server on this machine, which carries the media of the calls. Any of these helps:
  - install Go (https://go.dev/dl) and start again: LiveKit ${LIVEKIT_VERSION} is then built once, in a minute or two
  - install livekit-server ${LIVEKIT_VERSION} so that it is on the PATH (macOS: brew install livekit;
    otherwise https://github.com/livekit/livekit/releases/tag/v${LIVEKIT_VERSION})
  - use a LiveKit server that runs elsewhere: set LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET`;

function cachedPath(search: Search): string {
  return join(search.cacheDir, executable(`livekit-server-${LIVEKIT_VERSION}`));
}

/** Undefined when there is no Go. */
async function build(search: Search, target: string): Promise<Result<void, string> | undefined> {
  const go = await onPath('go', search.env);
  if (go === undefined) return undefined;
  await mkdir(search.cacheDir, { recursive: true });
  search.report(
    `Building LiveKit ${LIVEKIT_VERSION} with ${go}, once; Go keeps its downloads in its module cache`,
  );
  return buildWithGo({ go, target, env: search.env, report: search.report });
}

/** Undefined when no archive is pinned for this platform. */
async function download(search: Search, target: string): Promise<Result<void, string> | undefined> {
  const release = search.releases[`${process.platform}-${process.arch}`];
  if (release === undefined) return undefined;
  await mkdir(search.cacheDir, { recursive: true });
  search.report(`Downloading LiveKit ${LIVEKIT_VERSION} from ${new URL(release.url).host}`);
  const draft = `${target}.${process.pid}.new`;
  const outcome = await fetchRelease(release, draft);
  if (outcome.ok) await rename(draft, target);
  else await rm(draft, { force: true });
  return outcome;
}

async function onPath(name: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const folder of (env['PATH'] ?? '').split(delimiter).filter((entry) => entry !== '')) {
    const path = join(folder, executable(name));
    if (await canRun(path)) return path;
  }
  return undefined;
}

async function canRun(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function executable(name: string): string {
  return process.platform === 'win32' ? `${name}.exe` : name;
}
