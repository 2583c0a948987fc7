/** Who has opened the link and not joined: negotiated with LiveKit, and sent nothing. */

import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { pause, scenario, until } from '../scenario.ts';
import { throughPages } from './cast.ts';
import { meet } from './meet.ts';

const LISTENS_MS = 2_000;

scenario(
  '[V82] at the preview pictures and sounds are subscribed, and not one packet of them comes before the person joins',
  throughPages(async (cast) => {
    const [ada, bob, link] = await meet(cast);
    const cyd = await cast.person('Cyd');
    const page = cyd.driver.chromium;
    assert.ok(page);
    await page.addInitScript(noteConnections);
    await cyd.driver.goTo(link);
    const subscribed = async () => (await arrived(page)).length >= 4;
    await until('two pictures and two sounds, negotiated', subscribed);
    await pause(LISTENS_MS);
    assert.deepEqual(new Set(await arrived(page)), new Set([0]), 'packets of media');
    await cyd.join();
    await Promise.all([cyd.sees(ada.name), cyd.sees(bob.name), ada.sees(cyd.name)]);
    assert.ok(
      (await arrived(page)).some((packets) => packets > 0),
      'the count counts',
    );
  }),
  120_000,
);

/** Goes into the page before its own code, as text. */
function noteConnections(): void {
  const connections = new Set<RTCPeerConnection>();
  const native = RTCPeerConnection.prototype.setRemoteDescription as (
    this: RTCPeerConnection,
    description: RTCSessionDescriptionInit,
  ) => Promise<void>;
  RTCPeerConnection.prototype.setRemoteDescription = function (description: RTCSessionDescriptionInit) {
    connections.add(this);
    return native.call(this, description);
  };
  Object.assign(globalThis, { conclaveConnections: connections });
}

/** Packets received by each receiver that has been negotiated. */
function arrived(page: Page): Promise<readonly number[]> {
  return page.evaluate(async () => {
    const { conclaveConnections } = globalThis as unknown as {
      readonly conclaveConnections: ReadonlySet<RTCPeerConnection>;
    };
    const counts: number[] = [];
    for (const connection of conclaveConnections) {
      for (const { receiver, currentDirection } of connection.getTransceivers()) {
        if (currentDirection !== 'recvonly' && currentDirection !== 'sendrecv') continue;
        let packets = 0;
        for (const stats of (await receiver.getStats()).values()) {
          if (stats.type === 'inbound-rtp') packets += stats.packetsReceived;
        }
        counts.push(packets);
      }
    }
    return counts;
  });
}
