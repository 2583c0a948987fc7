/**
 * Which LiveKit server we run. Later versions cannot be built by `go install …@version`: their go.mod has `replace`.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export const LIVEKIT_VERSION = '1.13.5';

const run = promisify(execFile);

/** What the binary says that it is, like `1.13.5`; undefined when it is no LiveKit server or does not run here. */
export async function livekitVersion(path: string): Promise<string | undefined> {
  try {
    const { stdout } = await run(path, ['--version'], { timeout: 10_000 });
    return /^livekit-server version (\S+)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}
