/** Format, imports and lint: no error and no warning. */
import { checked, runScript, type Step } from './step.ts';

export const style: Step = {
  name: 'style',
  title: 'Format and lint (biome)',
  run: async () => {
    const code = await runScript('node_modules/@biomejs/biome/bin/biome', ['ci', '--error-on-warnings', '.']);
    return code === 0 ? checked() : checked('biome found something: npm run format mends what it can');
  },
};
