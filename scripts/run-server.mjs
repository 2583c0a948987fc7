// Runs the server as a child, passes on what asks it to stop, and ends as it ends. Plain JavaScript for Node ≥ 20.
//
// One Ctrl-C reaches this process up to twice (from the terminal, and passed on by npm), so the server runs in a group
// of its own and hears of it once, from here. A second Ctrl-C, or a server that does not end, is answered by SIGKILL.
// The channel to the server closes when this process dies, however that happens; the server then stops by itself.
import { spawn } from 'node:child_process';
import { watchParent } from './watch-parent.mjs';

const STOP_TIMEOUT_MS = 10_000;
/** npm passes a signal on within milliseconds; nobody presses twice that fast. */
const SAME_CTRL_C_MS = 250;
/** What a shell says of a program that Ctrl-C has ended. */
const ENDED_BY_CTRL_C = 130;

/** Ends this process with the server's exit code. */
export function runServer(node, args) {
  const server = spawn(node.path, args, {
    env: node.env,
    detached: process.platform !== 'win32',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  let stoppingSinceMs;
  let isHurried = false;
  const stop = (signal) => {
    if (stoppingSinceMs === undefined) {
      stoppingSinceMs = performance.now();
      server.kill(signal);
      setTimeout(() => server.kill('SIGKILL'), STOP_TIMEOUT_MS).unref();
    } else if (!isHurried && performance.now() - stoppingSinceMs > SAME_CTRL_C_MS) {
      isHurried = true;
      console.log('Ended at once.');
      server.kill('SIGKILL');
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop(signal));
  watchParent(() => stop('SIGTERM'));
  server.on('error', (error) => {
    console.error(`The server cannot be started: ${error.message}`);
    process.exit(1);
  });
  server.on('exit', (code) => process.exit(code ?? (isHurried ? ENDED_BY_CTRL_C : 1)));
}
