/** Direction and cycles of imports. The rules are in dependency-rules.ts. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import { dependencyRules } from './dependency-rules.ts';
import { checked, ROOT, type Step } from './step.ts';

const FOLDERS = ['packages', 'apps', 'e2e', 'bench', 'scripts'];

/**
 * Cruises the source folders below `baseDir`.
 *
 * @returns how many modules were seen, and a line for each violation: `rule: from → to`
 */
export async function cruiseImports(baseDir: string): Promise<{ modules: number; violations: string[] }> {
  const folders = FOLDERS.filter((folder) => existsSync(join(baseDir, folder)));
  const ruleSet = { forbidden: dependencyRules.forbidden ?? [] };
  const { output } = await cruise(
    folders,
    { ...dependencyRules.options, baseDir, validate: true, ruleSet },
    { ...dependencyRules.options?.enhancedResolveOptions },
  );
  // Without a reporter the output is the result itself.
  const { modules, summary } = output as ICruiseResult;
  const violations = summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`);
  return { modules: modules.filter(({ source }) => !source.includes('node_modules')).length, violations };
}

export const dependencies: Step = {
  name: 'deps',
  title: 'Dependency direction and cycles (dependency-cruiser)',
  run: async () => {
    const { modules, violations } = await cruiseImports(ROOT);
    for (const violation of violations) console.log(violation);
    console.log(`${modules} modules seen, ${violations.length} violations`);
    // With a parser that does not know TypeScript it sees none and is content.
    return modules === 0 ? checked('dependency-cruiser saw no module at all') : checked(...violations);
  },
};
