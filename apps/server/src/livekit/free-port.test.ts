import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { freeMediaPort, freeTcpPort } from './free-port.ts';

test('[V10] a UDP port in use, on whatever address, is passed over for the next free one', async () => {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const taken = socket.address().port;
  const found = await freeMediaPort(taken, false);
  socket.close();
  expect(found).toBeGreaterThan(taken);
  expect(await freeMediaPort(taken, false)).toBe(taken);
});

test('[V11] with TCP asked for, the TCP port of the same number must be free, too', async () => {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const address = server.address();
  const taken = typeof address === 'object' && address !== null ? address.port : 0;
  const [withTcp, without] = [await freeMediaPort(taken, true), await freeMediaPort(taken, false)];
  server.close();
  expect(withTcp).toBeGreaterThan(taken);
  expect(without).toBe(taken);
});

test('[V10] a TCP port is of the system’s choice', async () => {
  expect(await freeTcpPort()).toBeGreaterThan(1023);
});
