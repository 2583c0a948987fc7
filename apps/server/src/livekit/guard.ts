/**
 * Runs a command and ends it when the process that started this one is gone, however it went. Started as
 * `node guard.ts <stop limit in ms> <command> [arguments]`, with a pipe as standard input: its end is the sign.
 *
 * @see SPEC.md V15
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const [limitMs = '0', command = '', ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
let isStopping = false;

function stop(): void {
  if (isStopping) return;
  isStopping = true;
  child.kill('SIGTERM');
  setTimeout(() => child.kill('SIGKILL'), Number(limitMs));
}

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop);
process.stdin.on('end', stop).on('error', stop).resume();
child.on('error', () => process.exit(127));
child.on('exit', (code, signal) =>
  process.exit(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
);
