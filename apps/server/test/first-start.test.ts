/** The first start on a machine that has neither LiveKit nor a way to make one. */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

test('[V6] without LiveKit and without Go the process says plainly how to get one, and ends', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'conclave-first-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, '--port', '0', '--data', join(folder, 'data')], {
    env: { PATH: join(folder, 'empty'), CONCLAVE_CACHE: join(folder, 'cache') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += String(chunk);
    });
  }
  expect(await new Promise((resolve) => child.on('close', resolve))).toBe(1);
  expect(output).toMatch(/^There is no LiveKit server on this machine/);
  for (const way of ['install Go', 'install livekit-server', 'LIVEKIT_URL']) expect(output).toContain(way);
  expect(output).not.toMatch(/\bat .*:\d+|ready/);
  expect(await readdir(folder)).toEqual(['data']);
});
