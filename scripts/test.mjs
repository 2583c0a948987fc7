// `npm test`: the locked dependencies first, then scripts/verify.ts under Node 24.
import { ensureInstalled } from './install.mjs';

try {
  await ensureInstalled();
} catch (error) {
  console.error(error.message);
  console.log('0 passed, 1 failed');
  process.exit(1);
}
process.argv.splice(2, 0, 'scripts/verify.ts');
await import('./node24.mjs');
