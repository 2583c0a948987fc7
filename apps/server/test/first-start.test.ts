/** Starts that cannot succeed say so plainly, and end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

test('[V6] without LiveKit and without Go the process says plainly how to get one, and ends', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'conclave-first-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const { code, output } = await start(folder, 0);
  expect(code).toBe(1);
  expect(output).toMatch(/^There is no LiveKit server on this machine/);
  for (const way of ['install Go', 'install livekit-server', 'LIVEKIT_URL']) expect(output).toContain(way);
  expect(output).not.toMatch(/\bat .*:\d+|ready/);
  expect(await readdir(folder)).toEqual(['data']);
});

test('[V78] a port that another program uses is named in one line, before LiveKit is looked for', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'conclave-port-'));
  const other = createServer().listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(async () => {
    other.close();
    await rm(folder, { recursive: true });
  });
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const { code, output } = await start(folder, port);
  expect(code).toBe(1);
  expect(output).toBe(
    `Cannot listen on 127.0.0.1 port ${port}: another program uses it. Choose another port with --port.\n`,
  );
});

async function start(
  folder: string,
  port: number,
): Promise<{ readonly code: unknown; readonly output: string }> {
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, '--port', String(port), '--data', join(folder, 'data')], {
    env: { PATH: join(folder, 'empty'), CONCLAVE_CACHE: join(folder, 'cache') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += String(chunk);
    });
  }
  const [code] = await once(child, 'close');
  return { code, output };
}
