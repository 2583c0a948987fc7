/**
 * The people of a scenario through the real pages: each in a window of their own, closed at the end; when it fails, what
 * everybody saw last is kept under `artefacts/` and said.
 */

import { fileURLToPath } from 'node:url';
import type { Engine } from '../browsers.ts';
import { CallPage } from '../call-page.ts';
import type { Stage } from '../scenario.ts';
import { type Driver, openDriver } from './driver.ts';
import { type Product, sharedProduct } from './product.ts';
import { describeMedia, readWords } from './senses.ts';

const ARTEFACTS = fileURLToPath(new URL('../../artefacts/', import.meta.url));

export type Cast = {
  readonly product: Product;
  readonly stage: Stage;
  /** A new person with a browser window. */
  readonly person: (name: string, engine?: Engine) => Promise<CallPage>;
  /** A person in front of a window that is open already. */
  readonly personAt: (name: string, driver: Driver) => CallPage;
};

/** A path under `artefacts/`. */
export function artefact(name: string): string {
  return `${ARTEFACTS}${name}`;
}

/** The body of a scenario that goes through the pages of the product. */
export function throughPages(
  play: (cast: Cast) => Promise<void>,
  startProduct: (stage: Stage) => Promise<Product> = sharedProduct,
): (stage: Stage) => Promise<void> {
  return async (stage) => {
    const people: CallPage[] = [];
    const personAt = (name: string, driver: Driver) => {
      const person = new CallPage(name, driver);
      people.push(person);
      stage.undo(driver.close);
      return person;
    };
    const product = await startProduct(stage);
    const cast: Cast = {
      product,
      stage,
      personAt,
      person: async (name, engine = 'chromium') => personAt(name, await openDriver(engine)),
    };
    try {
      await play(cast);
    } catch (error) {
      if (error instanceof Error)
        error.message = [error.message, ...(await accounts(people)), ...lastLines(product.log())].join('\n');
      throw error;
    }
  };
}

async function accounts(people: readonly CallPage[]): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const { name, driver } of people) {
    const path = artefact(`failed/${name}.png`);
    await driver.screenshot(path).catch(() => undefined);
    const words = await driver.run(readWords, undefined).catch(() => 'no answer');
    lines.push(
      `  ${name} reads: ${words.slice(0, 400)}`,
      `  ${name}'s media: ${await driver.run(describeMedia, undefined).catch(() => 'no answer')}`,
      ...driver.complaints.slice(0, 8).map((line) => `  ${name}: ${line}`),
    );
  }
  return lines;
}

function lastLines(log: string): readonly string[] {
  const lines = log.trimEnd().split('\n').slice(-5);
  return lines.map((line) => `  the server: ${line.slice(0, 300)}`);
}
