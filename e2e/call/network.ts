/**
 * A browser at the end of a cable that can be pulled: a network namespace whose only way out is a pair of virtual
 * interfaces. While it is pulled no packet passes, of the socket or of the media, and nothing is closed: as at home.
 * Linux, as root; elsewhere the scenario says that it is skipped.
 */

import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installed, launchChromium } from '../browsers.ts';
import type { Stage } from '../scenario.ts';
import { Skipped } from '../skipped.ts';
import type { Cast } from './cast.ts';
import { DESKTOP, type Driver, driveChromium } from './driver.ts';
import { type Product, startProduct } from './product.ts';

export type Cable = {
  /** The product as seen from the far end. */
  readonly origin: string;
  readonly pull: () => void;
  readonly plug: () => void;
};

const NAMESPACE = 'conclave-e2e';
const [NEAR, FAR] = ['conclave-near', 'conclave-far'] as const;
const [NEAR_ADDRESS, FAR_ADDRESS] = ['10.213.7.1', '10.213.7.2'] as const;

const ip = (...words: string[]): void => void execFileSync('ip', words, { stdio: 'pipe' });

/** A product that is reached over the cable; the cable goes with the scenario. */
export async function startProductOnCable(stage: Stage): Promise<Product> {
  stage.undo(removeCable);
  layCable();
  const product = await startProduct(['--host', '0.0.0.0', '--rtc-ip', NEAR_ADDRESS]);
  stage.undo(product.stop);
  return product;
}

/** A Chromium of its own at the far end. */
export async function openBehindCable({ product, stage }: Cast): Promise<{ driver: Driver; cable: Cable }> {
  const origin = `http://${NEAR_ADDRESS}:${product.port}`;
  const browser = await launchChromium(await wrapper(origin));
  stage.undo(() => browser.close());
  const context = await browser.newContext({ viewport: DESKTOP, permissions: ['camera', 'microphone'] });
  const driver = await driveChromium(await context.newPage(), () => context.close());
  const cable = {
    origin,
    pull: () => ip('-n', NAMESPACE, 'link', 'set', FAR, 'down'),
    plug: plugFarEnd,
  };
  return { driver, cable };
}

function layCable(): void {
  try {
    removeCable();
    ip('netns', 'add', NAMESPACE);
    ip('link', 'add', NEAR, 'type', 'veth', 'peer', 'name', FAR, 'netns', NAMESPACE);
    ip('address', 'add', `${NEAR_ADDRESS}/30`, 'dev', NEAR);
    ip('link', 'set', NEAR, 'up');
    ip('-n', NAMESPACE, 'address', 'add', `${FAR_ADDRESS}/30`, 'dev', FAR);
    ip('-n', NAMESPACE, 'link', 'set', 'lo', 'up');
    plugFarEnd();
  } catch {
    throw new Skipped('a network that can be interrupted needs Linux, iproute2 and root');
  }
}

/** A link that goes down takes its routes along. The SFU may answer from any address of the machine. */
function plugFarEnd(): void {
  ip('-n', NAMESPACE, 'link', 'set', FAR, 'up');
  ip('-n', NAMESPACE, 'route', 'replace', 'default', 'via', NEAR_ADDRESS);
}

function removeCable(): void {
  for (const words of [
    ['link', 'delete', NEAR],
    ['netns', 'delete', NAMESPACE],
  ]) {
    try {
      ip(...words);
    } catch {
      // It was not there.
    }
  }
}

/** Chromium as started from within the namespace; its pages count as secure without https, as on localhost. */
async function wrapper(origin: string): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'conclave-e2e-')), 'chromium');
  const chromium = `${installed('chromium')} --unsafely-treat-insecure-origin-as-secure=${origin}`;
  await writeFile(path, `#!/bin/sh\nexec ip netns exec ${NAMESPACE} ${chromium} "$@"\n`);
  await chmod(path, 0o755);
  return path;
}
