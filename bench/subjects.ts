/**
 * What is compared: calls with one person in them, each on a page that is entered in the same way — a name, a button
 * 'Join', a tile whose `aria-label` names the other.
 */
import { randomBytes } from 'node:crypto';
import type { Page } from 'playwright-core';
import { sharedChromium } from '../e2e/browsers.ts';
import { type Product, startProduct } from '../e2e/call/product.ts';
import { type RunningSfu, startSfu } from '../e2e/livekit.ts';
import type { PageServer } from './built-pages.ts';
import { servePlain } from './plain/serve.ts';

const PATIENCE_MS = 60_000;

export interface OpenCall {
  /** What a guest opens. */
  readonly address: string;
  /** The host's tile on a guest's page. */
  readonly hostTile: string;
  readonly host: Page;
  readonly close: () => Promise<void>;
}

export interface Subject {
  readonly name: string;
  /** @param prepare - what is to run in the host's page before its own code */
  readonly open: (prepare?: (page: Page) => Promise<void>) => Promise<OpenCall>;
}

export interface Subjects {
  readonly all: readonly Subject[];
  readonly stop: () => Promise<void>;
}

/**
 * Conclave, the plain page, and the plain page with livekit-client's own encryption.
 *
 * @param only - a part of a name: for a quick look at one of them
 */
export async function startSubjects(only = ''): Promise<Subjects> {
  const product = await startProduct();
  const sfu = await startSfu();
  const plain = await servePlain(sfu);
  const all = [
    conclave(product),
    plainPage('livekit-client alone', plain, false),
    plainPage('livekit-client, its own encryption', plain, true),
  ];
  return {
    all: all.filter(({ name }) => name.includes(only)),
    stop: () => stopAll(product, sfu, plain),
  };
}

async function stopAll(product: Product, sfu: RunningSfu, plain: PageServer): Promise<void> {
  plain.stop();
  await sfu.stop();
  await product.stop();
}

/** A page in a context of its own: nothing cached, nothing stored. */
export async function freshPage(): Promise<Page> {
  const context = await (await sharedChromium()).newContext({
    viewport: { width: 1280, height: 800 },
    permissions: ['camera', 'microphone'],
  });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  return page;
}

function conclave({ origin }: Product): Subject {
  return {
    name: 'Conclave',
    open: async (prepare = async () => undefined) => {
      const host = await freshPage();
      await prepare(host);
      await host.goto(origin);
      await host.getByRole('button', { name: 'Start a call' }).click();
      await enter(host, 'Ada');
      const link = host.getByLabel('Link of this call');
      await link.waitFor();
      const address = await link.inputValue();
      return { address, hostTile: 'Ada', host, close: () => host.context().close() };
    },
  };
}

function plainPage(name: string, { origin }: PageServer, isEncrypted: boolean): Subject {
  return {
    name,
    open: async (prepare = async () => undefined) => {
      const host = await freshPage();
      await prepare(host);
      const words = [randomBytes(8), ...(isEncrypted ? [randomBytes(16)] : [])];
      const address = `${origin}/#${words.map((word) => word.toString('hex')).join('&')}`;
      await host.goto(address);
      await enter(host, 'Ada');
      await host.locator('body[data-joined]').waitFor();
      return { address, hostTile: 'Person 1', host, close: () => host.context().close() };
    },
  };
}

export async function enter(page: Page, name: string): Promise<void> {
  await page.getByLabel('Your name', { exact: true }).fill(name);
  await page.getByRole('button', { name: 'Join', exact: true }).click();
}
