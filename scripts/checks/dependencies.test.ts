import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cruiseImports } from './dependencies.ts';
import { dependencyRules } from './dependency-rules.ts';

let base: string;
beforeEach(() => {
  mkdirSync('.cache', { recursive: true });
  base = mkdtempSync(join('.cache', 'planted-'));
});
afterEach(() => rmSync(base, { recursive: true }));

function plant(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(base, path)), { recursive: true });
    writeFileSync(join(base, path), text);
  }
}

const LEAF = 'export const leaf = 1;\n';
const uses = (...paths: string[]) =>
  paths.map((path, index) => `export { leaf as l${index} } from '${path}';\n`).join('');

/** An empty package, so that an import of it leads somewhere. */
const installed = (name: string) => ({
  [`node_modules/${name}/package.json`]: `{ "name": "${name}", "version": "1.0.0", "type": "module", "exports": "./index.js" }`,
  [`node_modules/${name}/index.js`]: LEAF,
});

test('imports that point downward are seen and allowed', async () => {
  plant({
    ...installed('ts-mls'),
    ...installed('livekit-client'),
    'packages/protocol/src/a.ts': LEAF,
    'packages/crypto/src/mls/a.ts': uses('../../../protocol/src/a.ts', 'ts-mls'),
    'packages/calling/src/a.ts': uses('../../crypto/src/mls/a.ts'),
    'packages/client/src/livekit/a.ts': uses('../../../calling/src/a.ts', 'livekit-client'),
    'apps/web/src/a.ts': uses('../../../packages/client/src/livekit/a.ts'),
    'apps/server/src/a.ts': uses('../../../packages/protocol/src/a.ts'),
    'e2e/a.ts': uses('../apps/server/src/a.ts', '../packages/client/src/livekit/a.ts'),
  });
  expect(await cruiseImports(base)).toEqual({ modules: 7, violations: [] });
});

test('each rule finds the violation planted for it', async () => {
  plant({
    ...installed('ts-mls'),
    ...installed('livekit-client'),
    'packages/protocol/src/up.ts': uses('../../crypto/src/leaf.ts'),
    'packages/crypto/src/leaf.ts': LEAF,
    'packages/crypto/src/up.ts': uses('../../calling/src/leaf.ts', 'ts-mls'),
    'packages/calling/src/leaf.ts': LEAF,
    'packages/calling/src/up.ts': uses('../../client/src/leaf.ts', 'livekit-client'),
    'packages/client/src/leaf.ts': LEAF,
    'packages/client/src/up.ts': uses('../../../apps/web/src/leaf.ts', './nowhere.ts'),
    'packages/client/src/test-page.ts': uses('../../../e2e/leaf.ts', '../../../scripts/leaf.ts'),
    'apps/web/src/leaf.ts': LEAF,
    'apps/web/src/aside.ts': uses('../../server/src/leaf.ts'),
    'apps/server/src/leaf.ts': LEAF,
    'apps/server/src/up.ts': uses('../../../packages/crypto/src/leaf.ts'),
    'e2e/leaf.ts': LEAF,
    'scripts/leaf.ts': LEAF,
    'scripts/round.ts': `import type { T } from './round-again.ts';\nexport type U = T;\n`,
    'scripts/round-again.ts': `import type { U } from './round.ts';\nexport type T = U | 1;\n`,
  });
  const { violations } = await cruiseImports(base);
  const found = new Set(violations.map((violation) => violation.split(':')[0]));
  expect([...found].sort()).toEqual((dependencyRules.forbidden ?? []).map(({ name }) => name).sort());
});
