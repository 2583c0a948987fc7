/**
 * Takes a screenshot of every scene at both sizes in both themes, into `artefacts/gallery/`.
 * `node e2e/pages/gallery/shoot.ts [scene…]`; `SIZE=844x390` takes another size alone.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { closeBrowsers, sharedChromium } from '../../browsers.ts';
import { openGallery, SIZES, sceneNames, serveGallery, showScene, THEMES } from './still.ts';

const OUT = join(import.meta.dirname, '../../../artefacts/gallery');
const [width, height] = (process.env['SIZE'] ?? '').split('x').map(Number);
const sizes = width && height ? [{ width, height }] : SIZES;

const gallery = await serveGallery();
try {
  await mkdir(OUT, { recursive: true });
  const browser = await sharedChromium();
  for (const size of sizes) {
    const page = await openGallery(browser, gallery.address, size);
    page.on('pageerror', (error) => console.error(error.message));
    const names = process.argv.length > 2 ? process.argv.slice(2) : await sceneNames(page);
    for (const name of names) {
      await showScene(page, name);
      for (const theme of THEMES) {
        await page.emulateMedia({ colorScheme: theme });
        await page.screenshot({ path: join(OUT, `${name}-${size.width}-${theme}.png`) });
      }
    }
    await page.context().close();
  }
} finally {
  await closeBrowsers();
  await gallery.stop();
}
