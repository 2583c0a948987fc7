import { expect, test } from 'vitest';
import { checkCitations, compareSpecIds } from './spec-ids.ts';

const spec = (text: string, path = 'packages/crypto/SPEC.md') => ({ path, text });
const titles = (...lines: string[]) => [{ path: 'a.test.ts', text: lines.join('\n') }];
/** A line of a test file; put together here so that this file itself quotes nothing. */
const quote = (ids: string, call = 'test') => `${call}(${`'[${ids}] does`} so', () => {});`;

test('rules and titles that fit are no problem', () => {
  const rules = [spec('# Keys\n**K1** one\n- **K2** two\ntext **K9** within a line\n**K10** ten')];
  const tests = titles(quote('K1, K2'), quote('K10', 'test.each([1, 2])'), quote('K1', 'describe'));
  expect(compareSpecIds(rules, tests)).toEqual([]);
});

test('a rule without a test, a title without a rule, and a rule twice are problems', () => {
  const rules = [
    spec('**K1** one\n**K2** two\n**K2** again'),
    spec('**K1** mine', 'packages/calling/SPEC.md'),
  ];
  expect(compareSpecIds(rules, titles(quote('K1'), quote('K7')))).toEqual([
    'packages/crypto/SPEC.md: K2 is a rule of packages/crypto/SPEC.md already',
    'packages/calling/SPEC.md: K1 does not start with C',
    'packages/calling/SPEC.md: K1 is a rule of packages/crypto/SPEC.md already',
    'a.test.ts: quotes K7, which no SPEC.md has',
    'packages/crypto/SPEC.md: no test quotes K2',
  ]);
});

test('an id elsewhere than at the start of a title is no quotation', () => {
  const tests = titles("expect(x, '[K1] is no title');", "test('does [K1]', () => {});");
  expect(compareSpecIds([spec('**K1** one')], tests)).toEqual(['packages/crypto/SPEC.md: no test quotes K1']);
});

test('a table of cases before the title may be long', () => {
  const text = `test.each<[string, number]>([\n  ['f(1)', 1],\n  ['[x]', 2],\n])(${"'[K1]"} of %s', () => {});`;
  expect(compareSpecIds([spec('**K1** one')], titles(text))).toEqual([]);
});

test('a promise that leans on a rule which is not there is a problem', () => {
  const document = { path: 'THREAT-MODEL.md', text: '| kept | K1, K2–K4 (B1) |' };
  expect(checkCitations([spec('**K1** one\n**K2** two')], [document])).toEqual([
    'THREAT-MODEL.md: cites K4, which no SPEC.md has',
  ]);
});
