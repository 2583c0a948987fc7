import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findLiveKit, type Search } from './find.ts';
import { LIVEKIT_VERSION } from './livekit-version.ts';

const CACHED = `livekit-server-${LIVEKIT_VERSION}`;
const PLATFORM = `${process.platform}-${process.arch}`;
let folder: string;
let bin: string;
let search: Search;
let reports: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conclave-find-'));
  bin = join(folder, 'bin');
  await mkdir(bin);
  reports = [];
  const report = (line: string) => reports.push(line);
  search = { env: { PATH: bin }, cacheDir: join(folder, 'cache'), releases: {}, report };
});
afterEach(() => rm(folder, { recursive: true }));

/** An executable that says it is LiveKit of this version. */
const liveKit = (version: string) => `#!/bin/sh\necho "livekit-server version ${version}"\n`;

async function place(path: string, text: string): Promise<void> {
  await writeFile(path, text);
  await chmod(path, 0o755);
}

describe('order', () => {
  test('[V6] the PATH comes before our cache', async () => {
    await mkdir(search.cacheDir);
    await place(join(search.cacheDir, CACHED), liveKit(LIVEKIT_VERSION));
    const cached = { path: join(search.cacheDir, CACHED), version: LIVEKIT_VERSION };
    expect(await findLiveKit(search)).toEqual({ ok: true, value: cached });
    await place(join(bin, 'livekit-server'), liveKit('1.13.9'));
    const installed = { path: join(bin, 'livekit-server'), version: '1.13.9' };
    expect(await findLiveKit(search)).toEqual({ ok: true, value: installed });
  });

  test('[V6] with nothing there, the message says three ways to get one', async () => {
    const found = await findLiveKit(search);
    expect(found).toMatchObject({
      ok: false,
      error: expect.stringMatching(/go\.dev.*livekit-server.*LIVEKIT_URL/s),
    });
    expect(reports).toEqual([]);
  });

  test('[V7] a file that does not run is passed over', async () => {
    await place(join(bin, 'livekit-server'), '#!/bin/sh\nexit 1\n');
    expect(await findLiveKit(search)).toMatchObject({ ok: false });
  });
});

describe('built with Go', () => {
  const CHMOD = '/bin/chmod 755 "$GOBIN/server"';

  test('[V6] go install builds the pinned version once, into the cache', async () => {
    const go = `#!/bin/sh
[ "$*" = "install -v github.com/livekit/livekit-server/cmd/server@v${LIVEKIT_VERSION}" ] || exit 3
printf '#!/bin/sh\\necho livekit-server version ${LIVEKIT_VERSION}\\n' > "$GOBIN/server"; ${CHMOD}\n`;
    await place(join(bin, 'go'), go);
    const value = { path: join(search.cacheDir, CACHED), version: LIVEKIT_VERSION };
    expect(await findLiveKit(search)).toEqual({ ok: true, value });
    expect(reports).toEqual([expect.stringContaining('once')]);
    await rm(join(bin, 'go'));
    expect(await findLiveKit(search)).toEqual({ ok: true, value });
    expect(await readdir(search.cacheDir)).toEqual([CACHED]);
  });

  test('[V7] a build that fails leaves nothing, and its last line is told', async () => {
    await place(
      join(bin, 'go'),
      '#!/bin/sh\necho half > "$GOBIN/server"; echo "no route to the proxy" >&2; exit 1\n',
    );
    expect(await findLiveKit(search)).toMatchObject({
      ok: false,
      error: expect.stringMatching(/no route to the proxy\nThere is no LiveKit/),
    });
    expect(await readdir(search.cacheDir)).toEqual([]);
  });

  test('[V7] a build that does not run here is not used', async () => {
    await place(join(bin, 'go'), `#!/bin/sh\nprintf '#!/bin/sh\\nexit 1\\n' > "$GOBIN/server"; ${CHMOD}\n`);
    expect(await findLiveKit(search)).toMatchObject({
      ok: false,
      error: expect.stringContaining('does not run'),
    });
  });
});

describe('release archive', () => {
  test('[V8] an archive with the pinned SHA-256 gives its binary', async () => {
    const archive = tarGz({ LICENSE: 'words', 'livekit-server': liveKit(LIVEKIT_VERSION) });
    const value = { path: join(search.cacheDir, CACHED), version: LIVEKIT_VERSION };
    expect(await searchServed(archive, sha256(archive))).toEqual({ ok: true, value });
    expect(await readdir(search.cacheDir)).toEqual([CACHED]);
  });

  test('[V8] any other archive is refused, and nothing is written', async () => {
    const archive = tarGz({ 'livekit-server': liveKit(LIVEKIT_VERSION) });
    const found = await searchServed(archive, sha256(Buffer.from('another')));
    expect(found).toMatchObject({ ok: false, error: expect.stringContaining('not the pinned one') });
    expect(await readdir(search.cacheDir)).toEqual([]);
  });

  test('[V8] an archive without a livekit-server, and a server that has none, are told apart', async () => {
    const archive = tarGz({ LICENSE: 'words' });
    expect(await searchServed(archive, sha256(archive))).toMatchObject({
      error: expect.stringContaining('holds no livekit-server'),
    });
    expect(await searchServed(undefined, sha256(archive))).toMatchObject({
      error: expect.stringContaining('404'),
    });
    const noArchive = Buffer.from('no gzip');
    expect(await searchServed(noArchive, sha256(noArchive))).toMatchObject({ ok: false });
  });

  async function searchServed(archive: Buffer | undefined, pinned: string) {
    const server = createServer((_, response) => {
      if (archive === undefined) response.writeHead(404).end();
      else response.end(archive);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('a listening server has a port');
    const releases = {
      [PLATFORM]: { url: `http://127.0.0.1:${address.port}/livekit.tar.gz`, sha256: pinned },
    };
    const found = await findLiveKit({ ...search, releases });
    server.closeAllConnections();
    server.close();
    return found;
  }
});

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A ustar archive of regular files, gzipped; LiveKit's own have the same shape. */
function tarGz(files: Record<string, string>): Buffer {
  const blocks = Object.entries(files).map(([name, text]) => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write(text.length.toString(8).padStart(11, '0'), 124);
    header.write('0', 156);
    const body = Buffer.alloc(Math.ceil(text.length / 512) * 512);
    body.write(text);
    return Buffer.concat([header, body]);
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}
