/** Unit and property tests of every workspace, in Node. Browsers are driven by e2e/. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      '{packages,apps}/*/{src,test}/**/*.test.{ts,tsx}',
      'scripts/**/*.test.ts',
      'e2e/engine/**/*.test.ts',
    ],
    environment: 'node',
    pool: 'forks',
    // Some tests start real servers and some are long searches: more at a time only makes both slower.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    restoreMocks: true,
    unstubGlobals: true,
  },
});
