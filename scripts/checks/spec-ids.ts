/**
 * Rules of the SPEC.md files and the tests that quote them: every rule has a test, every quoted id is a rule.
 * A rule is a line `**K4** sentence`; a test quotes it at the start of its title: `test('[K4, K7] …')`.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checked, ROOT, type Step } from './step.ts';

/** A file with its text. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** Each workspace numbers its rules under a letter of its own. */
const LETTERS: Readonly<Record<string, string>> = {
  'packages/protocol/SPEC.md': 'W',
  'packages/crypto/SPEC.md': 'K',
  'packages/calling/SPEC.md': 'C',
  'packages/client/SPEC.md': 'S',
  'apps/server/SPEC.md': 'V',
  'apps/web/SPEC.md': 'P',
};

const RULE = /^(?:[-*] )?\*\*([A-Z]+\d+[a-z]?)\*\*/gm;
// The bracket before the title may close a table of cases: `test.each([…])('[K4] …')`.
const QUOTED =
  /(?:\b(?:test|it|describe|scenario)[\w.]*|\))\(\s*['"`]\[([A-Z]+\d+[a-z]?(?:,\s*[A-Z]+\d+[a-z]?)*)\]/g;

/** @returns one line for each rule and each quotation that does not fit; empty when all do */
export function compareSpecIds(specs: readonly Source[], tests: readonly Source[]): string[] {
  const problems: string[] = [];
  const rules = new Map<string, string>();
  for (const { path, text } of specs) {
    for (const [, id = ''] of text.matchAll(RULE)) {
      const letter = LETTERS[path];
      if (letter !== undefined && !id.startsWith(letter))
        problems.push(`${path}: ${id} does not start with ${letter}`);
      const other = rules.get(id);
      if (other !== undefined) problems.push(`${path}: ${id} is a rule of ${other} already`);
      rules.set(id, path);
    }
  }
  const quoted = new Set<string>();
  for (const { path, text } of tests) {
    for (const id of quotedIds(text)) {
      quoted.add(id);
      if (!rules.has(id)) problems.push(`${path}: quotes ${id}, which no SPEC.md has`);
    }
  }
  for (const [id, path] of rules) if (!quoted.has(id)) problems.push(`${path}: no test quotes ${id}`);
  return problems;
}

const CITED = /\b[KCSVPW]\d+\b/g;

/** @returns one line for each rule that a document leans on and that no SPEC.md has */
export function checkCitations(specs: readonly Source[], documents: readonly Source[]): string[] {
  const rules = new Set(specs.flatMap(({ text }) => [...text.matchAll(RULE)].map(([, id = '']) => id)));
  return documents.flatMap(({ path, text }) =>
    [...new Set(text.match(CITED))]
      .filter((id) => !rules.has(id))
      .map((id) => `${path}: cites ${id}, which no SPEC.md has`),
  );
}

function quotedIds(text: string): string[] {
  return [...text.matchAll(QUOTED)].flatMap(([, list = '']) => list.split(',').map((id) => id.trim()));
}

function read(pattern: string): Source[] {
  const paths = globSync(pattern, { cwd: ROOT, exclude: (path) => path.includes('node_modules') });
  return paths.sort().map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
}

export const specIds: Step = {
  name: 'spec',
  title: 'Rules of SPEC.md ↔ titles of tests, threat model',
  run: async () => {
    const specs = read('{packages,apps}/*/SPEC.md');
    const tests = [
      ...read('{packages,apps}/*/{src,test}/**/*.test.{ts,tsx}'),
      ...read('scripts/**/*.test.ts'),
      ...read('e2e/**/*.ts'),
    ];
    const problems = [...compareSpecIds(specs, tests), ...checkCitations(specs, read('THREAT-MODEL.md'))];
    for (const problem of problems) console.log(problem);
    console.log(`${specs.length} SPEC.md, ${tests.length} files with tests, ${problems.length} problems`);
    return checked(...problems);
  },
};
