/** Stand-ins for the server, under the real starter. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';

const ORDERLY = `
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => {
      console.log(signal);
      setImmediate(() => process.exit(0));
    });
  }
`;
const DEAF = `process.on('SIGINT', () => console.log('signal'));`;

/** Starts a server of this code; its first line is its process id. */
function startServer(code: string) {
  const lasting = `${code} setInterval(() => undefined, 1_000); console.log(process.pid);`;
  const starter = `
    import { runServer } from ${JSON.stringify(new URL('./run-server.mjs', import.meta.url).href)};
    runServer({ path: process.execPath, env: process.env }, ['-e', ${JSON.stringify(lasting)}]);
  `;
  const { npm_lifecycle_event: _, ...env } = process.env;
  const child = spawn(process.execPath, ['--input-type=module', '-e', starter], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async (): Promise<string> => String((await lines.next()).value);
  const rest = async (): Promise<string[]> => {
    const all: string[] = [];
    for (let line = await lines.next(); line.done !== true; line = await lines.next()) all.push(line.value);
    return all;
  };
  return { child, ended, next, rest };
}

test.skipIf(process.platform === 'win32')(
  '[V80] one stop that arrives twice is heard once, and the exit code is the server’s',
  async () => {
    const { child, ended, next, rest } = startServer(ORDERLY);
    await next();
    child.kill('SIGINT');
    child.kill('SIGTERM');
    expect(await rest()).toHaveLength(1);
    expect(await ended).toBe(0);
  },
);

test.skipIf(process.platform === 'win32')(
  '[V80] a second Ctrl-C ends a server that does not stop, with code 130',
  async () => {
    const { child, ended, next, rest } = startServer(DEAF);
    const server = Number(await next());
    child.kill('SIGINT');
    expect(await next()).toBe('signal');
    const again = setInterval(() => child.kill('SIGINT'), 50);
    expect(await rest()).toEqual(['Ended at once.']);
    expect(await ended).toBe(130);
    clearInterval(again);
    expect(() => process.kill(server, 0)).toThrow('ESRCH');
  },
);
