/**
 * Runs the end-to-end scenarios: `node e2e/run.ts [words of a title …]`. Prints one line for each and ends with
 * `N passed, N failed`.
 */

import { readdir } from 'node:fs/promises';
import { closeBrowsers } from './browsers.ts';
import { stopProducts } from './call/product.ts';
import { startSfu } from './livekit.ts';
import { servePages } from './pages.ts';
import { runScenario, scenarios } from './scenario.ts';
import { Skipped } from './skipped.ts';

const words = process.argv.slice(2).map((word) => word.toLowerCase());
const folders = words.includes('characterise') ? ['characterise/'] : ['', 'call/'];
const wanted = words.filter((word) => word !== 'characterise');

for (const folder of folders) {
  const files = await readdir(new URL(`./${folder}`, import.meta.url));
  for (const file of files.filter((name) => name.endsWith('.e2e.ts')).sort()) {
    await import(new URL(`./${folder}${file}`, import.meta.url).href);
  }
}
const pages = (await readdir(new URL('./pages/', import.meta.url))).filter((name) => name.endsWith('.html'));

const chosen = scenarios.filter(({ title }) => wanted.every((word) => title.toLowerCase().includes(word)));
if (chosen.length === 0) console.log(`No scenario has all of these words in its title: ${wanted.join(' ')}`);
let passed = 0;
let failed = 0;
let skipped = 0;

const { origin, stop } = await servePages(pages.map((name) => name.slice(0, -'.html'.length)));
const sfu = await startSfu();
try {
  for (const one of chosen) {
    const startMs = Date.now();
    try {
      await runScenario(one, { sfu, origin });
      passed++;
      console.log(`ok    ${one.title} (${Date.now() - startMs} ms)`);
    } catch (error) {
      if (error instanceof Skipped) {
        skipped++;
        console.log(`skip  ${one.title}: ${error.message}`);
      } else {
        failed++;
        console.log(`FAIL  ${one.title}\n${error instanceof Error ? error.stack : String(error)}`);
      }
    }
  }
} finally {
  await closeBrowsers();
  await stopProducts();
  await sfu.stop();
  stop();
}
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(failed > 0 || chosen.length === 0 ? 1 : 0);
