/**
 * A relay in front of the web port that keeps every byte which pages send: requests as they are, and what is inside
 * WebSocket frames (RFC 6455 §5.2) with the mask taken off.
 */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export type WireTap = {
  /** Takes the place of the product's. */
  readonly origin: string;
  /** Everything sent so far, connection after connection: as sent, then unmasked. */
  readonly sent: () => Buffer;
  readonly stop: () => void;
};

export async function tapWire(port: number): Promise<WireTap> {
  const connections: Buffer[][] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const chunks: Buffer[] = [];
    connections.push(chunks);
    const upstream = connect(port, '127.0.0.1');
    client.on('data', (chunk) => chunks.push(chunk));
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.pipe(other);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    sent: () => Buffer.concat(connections.flatMap((chunks) => [...chunks, unmasked(Buffer.concat(chunks))])),
    stop: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Payloads of the frames that follow an upgrade; empty for a connection without one. */
function unmasked(bytes: Buffer): Buffer {
  const request = bytes.indexOf('\r\n\r\n');
  if (request < 0 || !/\r\nupgrade: websocket\r\n/i.test(bytes.subarray(0, request + 2).toString('latin1'))) {
    return Buffer.alloc(0);
  }
  const payloads: Buffer[] = [];
  let at = request + 4;
  while (at + 6 <= bytes.length) {
    const frame = readFrame(bytes, at);
    payloads.push(frame.payload);
    at = frame.end;
  }
  return Buffer.concat(payloads);
}

function readFrame(bytes: Buffer, start: number): { readonly payload: Buffer; readonly end: number } {
  const short = (bytes[start + 1] ?? 0) & 0x7f;
  const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
  const length =
    short < 126
      ? short
      : Number(BigInt(`0x${bytes.subarray(start + 2, start + 2 + extended).toString('hex')}`));
  const mask = start + 2 + extended;
  const end = mask + 4 + length;
  const payload = Buffer.from(bytes.subarray(mask + 4, end));
  for (let at = 0; at < payload.length; at++)
    payload[at] = (payload[at] ?? 0) ^ (bytes[mask + (at % 4)] ?? 0);
  return { payload, end };
}

/** Where a needle hides in bytes: as it is, as hexadecimal, and as base64 or base64url at each of its three offsets. */
export function hidesIn(bytes: Buffer, needle: Uint8Array): readonly string[] {
  const found: string[] = [];
  const raw = Buffer.from(needle);
  if (bytes.includes(raw)) found.push('as it is');
  if (bytes.includes(raw.toString('hex'))) found.push('hexadecimal');
  for (const encoding of ['base64', 'base64url'] as const) {
    for (const before of [0, 1, 2]) {
      const text = Buffer.concat([Buffer.alloc(before), raw])
        .toString(encoding)
        .replaceAll('=', '');
      // The first characters mix with what stands before, the last one with what stands behind.
      const inner = text.slice(before === 0 ? 0 : before + 1, -1);
      if (bytes.includes(inner)) found.push(`${encoding} at offset ${before}`);
    }
  }
  return found;
}
