import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { weighBundle } from './bundle-size.ts';

test('what loads at once is weighed together, every later part against its own budget', () => {
  const dist = mkdtempSync(join(tmpdir(), 'conclave-dist-'));
  const files = {
    'assets/index-AbCd1234.js': 'import "./base-AbCd1234.js";',
    'assets/base-AbCd1234.js': 'export const base = 1;',
    'assets/index-AbCd1234.css': 'body { margin: 0 }',
    'assets/call-_b-d1234.js': 'export const call = 1;',
    'assets/mls-worker-AbCd1234.js': 'onmessage = () => 1;',
  };
  const manifest = {
    'index.html': {
      file: 'assets/index-AbCd1234.js',
      isEntry: true,
      imports: ['_base.js'],
      dynamicImports: ['call.ts'],
      css: ['assets/index-AbCd1234.css'],
    },
    '_base.js': { file: 'assets/base-AbCd1234.js', imports: ['index.html'] },
    'call.ts': { file: 'assets/call-_b-d1234.js', isDynamicEntry: true },
  };
  mkdirSync(join(dist, '.vite'));
  mkdirSync(join(dist, 'assets'));
  for (const [path, text] of Object.entries(files)) writeFileSync(join(dist, path), text);
  writeFileSync(join(dist, '.vite/manifest.json'), JSON.stringify(manifest));

  const parts = weighBundle(dist, { entry: 1, total: 2, other: 3, parts: { 'mls-worker': 4 } });
  rmSync(dist, { recursive: true });
  const weight = (text: string) => brotliCompressSync(text).length;
  const [index, base, css, call, worker] = Object.values(files).map(weight) as [
    number,
    number,
    number,
    number,
    number,
  ];
  expect(parts).toEqual([
    { name: 'entry', brotliBytes: index + base + css, budgetBytes: 1 },
    { name: 'call', brotliBytes: call, budgetBytes: 3 },
    { name: 'mls-worker', brotliBytes: worker, budgetBytes: 4 },
    { name: 'total', brotliBytes: index + base + css + call + worker, budgetBytes: 2 },
  ]);
});
