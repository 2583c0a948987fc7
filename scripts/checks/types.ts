/** Types of every workspace, each with its own libraries and globals. */
import { globSync } from 'node:fs';
import { dirname } from 'node:path';
import { checked, ROOT, runScript, type Step } from './step.ts';

const PROJECTS = '{packages,apps,e2e,bench,scripts}/**/tsconfig.json';

export const types: Step = {
  name: 'types',
  title: 'Types (tsc, every workspace)',
  run: async () => {
    const failures: string[] = [];
    for (const project of globSync(PROJECTS, { cwd: ROOT, exclude: ['**/node_modules'] }).sort()) {
      const folder = dirname(project);
      // tsc refuses a project without a source.
      if (globSync(`${folder}/**/*.{ts,tsx}`, { cwd: ROOT }).length === 0) {
        console.log(`${folder}: no sources yet`);
        continue;
      }
      const code = await runScript('node_modules/typescript/bin/tsc', [
        '--noEmit',
        '--pretty',
        '-p',
        project,
      ]);
      if (code !== 0) failures.push(`types of ${folder}`);
    }
    return checked(...failures);
  },
};
