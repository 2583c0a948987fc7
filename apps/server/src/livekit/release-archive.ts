/**
 * Fetches a release archive (tar.gz) and takes the one binary out of it. Nothing of the archive is looked at, and
 * nothing is written, before its SHA-256 is the pinned one.
 *
 * @see SPEC.md V8
 */
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { err, ok, type Result } from '@conclave/protocol/result';
import { LIVEKIT_ARCHIVE_BYTES_MAX, LIVEKIT_DOWNLOAD_TIMEOUT_MS } from '../server-limits.ts';

export interface PinnedRelease {
  /** Address of a gzipped tar archive that holds a file `livekit-server`. */
  readonly url: string;
  /** Of the archive; 64 lower-case hexadecimal digits. */
  readonly sha256: string;
}

/**
 * Writes the binary of a pinned archive, executable, to `path`.
 *
 * @returns nothing, or one line that says what went wrong; then nothing was written
 */
export async function fetchRelease(release: PinnedRelease, path: string): Promise<Result<void, string>> {
  const archive = await download(release.url);
  if (!archive.ok) return archive;
  const sha256 = createHash('sha256').update(archive.value).digest('hex');
  if (sha256 !== release.sha256)
    return err(`the archive of LiveKit is not the pinned one (SHA-256 ${sha256})`);
  const binary = takeFile(archive.value, 'livekit-server');
  if (binary === undefined) return err('the archive of LiveKit holds no livekit-server');
  await writeFile(path, binary, { mode: 0o755 });
  return ok(undefined);
}

async function download(url: string): Promise<Result<Uint8Array, string>> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(LIVEKIT_DOWNLOAD_TIMEOUT_MS) });
    if (!response.ok || response.body === null) return err(`${url} answers ${response.status}`);
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body) {
      size += chunk.length;
      if (size > LIVEKIT_ARCHIVE_BYTES_MAX)
        return err(`${url} is larger than ${LIVEKIT_ARCHIVE_BYTES_MAX} bytes`);
      chunks.push(chunk);
    }
    return ok(Buffer.concat(chunks));
  } catch {
    return err(`${url} cannot be reached`);
  }
}

const BLOCK_BYTES = 512;

/** Contents of the regular file with this base name in a tar.gz archive (POSIX ustar headers). */
function takeFile(archive: Uint8Array, name: string): Uint8Array | undefined {
  const tar = unpack(archive);
  for (let offset = 0; offset + BLOCK_BYTES <= tar.length; ) {
    const path = field(tar, offset, 100);
    if (path === '') return undefined;
    const size = Number.parseInt(field(tar, offset + 124, 12), 8);
    if (!Number.isSafeInteger(size)) return undefined;
    const start = offset + BLOCK_BYTES;
    const isFile = /^0?$/.test(field(tar, offset + 156, 1));
    if (isFile && path.split('/').at(-1) === name) return tar.subarray(start, start + size);
    offset = start + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
  }
  return undefined;
}

/** Empty for what is no gzip, or too large: whoever pinned that archive was wrong. */
function unpack(archive: Uint8Array): Buffer {
  try {
    return gunzipSync(archive, { maxOutputLength: LIVEKIT_ARCHIVE_BYTES_MAX });
  } catch {
    return Buffer.alloc(0);
  }
}

function field(tar: Buffer, start: number, length: number): string {
  return tar
    .toString('latin1', start, start + length)
    .replace(/\0.*$/s, '')
    .trim();
}
