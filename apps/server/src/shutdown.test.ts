import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';

const WAITING = `
  import { shutdownRequested } from ${JSON.stringify(new URL('./shutdown.ts', import.meta.url).href)};
  setInterval(() => undefined, 1000);
  const requested = shutdownRequested();
  process.stdout.write('ready');
  await requested;
  process.stdout.write('stopping', () => process.exit(0));
`;

async function waitingProcess() {
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', WAITING], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  if (child.stdout === null) throw new Error('a piped child has a stdout');
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await once(child.stdout, 'data');
  // After a disconnect of ours, `close` does not come; these two together mean the same.
  const ended = Promise.all([once(child, 'exit'), once(child.stdout, 'close')]).then(([[code]]) => ({
    code,
    text,
  }));
  return { child, ended };
}

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('[V17] %s asks for an orderly stop', async (signal) => {
  const { child, ended } = await waitingProcess();
  child.kill(signal);
  expect(await ended).toEqual({ code: 0, text: 'readystopping' });
});

test('[V17] so does the end of the process that started it', async () => {
  const { child, ended } = await waitingProcess();
  child.disconnect();
  expect(await ended).toEqual({ code: 0, text: 'readystopping' });
});
