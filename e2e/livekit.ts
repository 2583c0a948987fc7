/** A real LiveKit server for one run: found as `npm start` finds it, on loopback only, stopped at the end. */

import { spawn } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { defaultSearch, findLiveKit } from '@conclave/server/livekit/find';
import { freeMediaPort, freeTcpPort } from '@conclave/server/livekit/free-port';
import { livekitConfig } from '@conclave/server/livekit/livekit-config';
import type { SfuAccess } from './scenario.ts';
import { pause } from './scenario.ts';

export type RunningSfu = SfuAccess & { readonly stop: () => Promise<void> };

const START_TIMEOUT_MS = 15_000;
const UDP_PORT_FIRST = 17_882;

/** @param path - of a LiveKit binary; undefined: searched for. Throws when there is none or it does not start. */
export async function startSfu(path = process.env['LIVEKIT_SERVER']): Promise<RunningSfu> {
  const binary = path ?? (await find());
  const port = await freeTcpPort();
  const udpPort = await freeMediaPort(UDP_PORT_FIRST, false);
  if (udpPort === undefined) throw new Error('no UDP port is free for LiveKit');
  const keys = { name: 'e2e', secret: randomBytes(32).toString('hex') };
  const settings = { port, udpPort, tcpPort: undefined, loopbackOnly: true, nodeIp: undefined };
  const config = livekitConfig({ ...settings, apiKey: keys.name, apiSecret: keys.secret });
  const child = spawn(binary, [], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], LIVEKIT_CONFIG: config },
    stdio: 'ignore',
  });
  const killWithUs = () => child.kill('SIGKILL');
  process.once('exit', killWithUs);
  const http = `http://127.0.0.1:${port}`;
  await untilUp(http);
  return {
    url: `ws://127.0.0.1:${port}`,
    tokenFor: (identity, room, grants = {}) => token(keys, identity, { roomJoin: true, room, ...grants }),
    call: async (method, room, body) => {
      const authorization = `Bearer ${token(keys, 'admin', { roomAdmin: true, roomCreate: true, room })}`;
      const headers = { authorization, 'content-type': 'application/json' };
      const url = `${http}/twirp/livekit.RoomService/${method}`;
      const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ room, ...body }) });
      if (!answer.ok) throw new Error(`${method}: ${answer.status} ${await answer.text()}`);
      return answer.json();
    },
    stop: async () => {
      process.off('exit', killWithUs);
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

async function find(): Promise<string> {
  const found = await findLiveKit(defaultSearch(undefined, (line) => console.log(line)));
  if (!found.ok) throw new Error(found.error);
  return found.value.path;
}

async function untilUp(http: string): Promise<void> {
  const endMs = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < endMs) {
    const answer = await fetch(http).catch(() => undefined);
    if (answer?.ok) return;
    await pause(50);
  }
  throw new Error('LiveKit did not start');
}

/** An access token as LiveKit reads it: a JWT by HS256, for ten minutes. */
function token(
  keys: { readonly name: string; readonly secret: string },
  identity: string,
  video: Readonly<Record<string, unknown>>,
): string {
  const now = Math.floor(Date.now() / 1_000);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { iss: keys.name, sub: identity, nbf: now - 10, exp: now + 600, video };
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${signed}.${createHmac('sha256', keys.secret).update(signed).digest('base64url')}`;
}
