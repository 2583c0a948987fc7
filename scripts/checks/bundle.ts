/** The web app as it is delivered: it builds, and its parts stay within their budgets. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readBudgets, weighBundle } from '../bundle-size.ts';
import { checked, ROOT, runScript, type Step } from './step.ts';

export const bundle: Step = {
  name: 'bundle',
  title: 'Bundle and sizes (vite, brotli)',
  run: async () => {
    if (!existsSync(join(ROOT, 'apps/web/index.html'))) {
      return { kind: 'skipped', reason: 'apps/web has no index.html yet' };
    }
    const code = await runScript('scripts/build-web.mjs', []);
    if (code !== 0) return checked('the web app does not build');
    const parts = weighBundle(join(ROOT, 'apps/web/dist'), readBudgets());
    for (const { name, brotliBytes, budgetBytes } of parts) {
      console.log(`${name.padEnd(40)}${String(brotliBytes).padStart(9)} of ${budgetBytes} bytes`);
    }
    const heavy = parts.filter(({ brotliBytes, budgetBytes }) => brotliBytes > budgetBytes);
    return checked(
      ...heavy.map(({ name, brotliBytes, budgetBytes }) => `${name}: ${brotliBytes} > ${budgetBytes} bytes`),
    );
  },
};
