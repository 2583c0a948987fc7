/**
 * Who may import whom. Arrows point downward: protocol ← crypto ← calling ← client ← apps/web; protocol ← apps/server.
 * dependencies.test.ts plants one violation of each rule and expects that rule to find it.
 */
import type { IConfiguration } from 'dependency-cruiser';

const ours = (...names: readonly string[]) => `^(packages|apps)/(${names.join('|')})/`;

export const dependencyRules: IConfiguration = {
  forbidden: [
    {
      name: 'no-cycle',
      comment: 'Modules in a circle can only be understood, tested and moved together.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'protocol-is-the-floor',
      severity: 'error',
      from: { path: ours('protocol') },
      to: { path: ours('crypto', 'calling', 'client', 'server', 'web') },
    },
    {
      name: 'crypto-below-calling',
      severity: 'error',
      from: { path: ours('crypto') },
      to: { path: ours('calling', 'client', 'server', 'web') },
    },
    {
      name: 'calling-below-client',
      severity: 'error',
      from: { path: ours('calling') },
      to: { path: ours('client', 'server', 'web') },
    },
    {
      name: 'client-below-apps',
      severity: 'error',
      from: { path: ours('client') },
      to: { path: ours('server', 'web') },
    },
    { name: 'apps-apart', severity: 'error', from: { path: ours('web') }, to: { path: ours('server') } },
    {
      name: 'server-knows-protocol-only',
      comment: 'The server keeps opaque bytes: it can neither parse MLS nor hold a key of a call.',
      severity: 'error',
      from: { path: ours('server') },
      to: { path: ours('crypto', 'calling', 'client', 'web') },
    },
    {
      name: 'ts-mls-in-one-folder',
      comment: 'Its defects are mended in one place, and it can be replaced.',
      severity: 'error',
      from: { pathNot: '^packages/crypto/src/mls/' },
      to: { path: '(^|/)node_modules/ts-mls/' },
    },
    {
      name: 'livekit-client-in-one-folder',
      comment: 'One adapter carries its churn, and the guard is installed before it in one place.',
      severity: 'error',
      // bench/plain is what Conclave is measured against: livekit-client alone.
      from: { pathNot: '^(packages/client/src/livekit|bench/plain)/' },
      to: { path: '(^|/)node_modules/livekit-client/' },
    },
    {
      name: 'nothing-needs-e2e-or-bench',
      severity: 'error',
      from: { pathNot: '^(e2e|bench)/' },
      to: { path: '^(e2e|bench)/' },
    },
    {
      name: 'nothing-shipped-needs-scripts',
      severity: 'error',
      from: { path: '^(packages|apps)/' },
      to: { path: '^scripts/' },
    },
    {
      name: 'resolvable',
      comment: 'An import that leads nowhere is an import that no rule can judge.',
      severity: 'error',
      // vite's `?worker` and `?url` suffixes and style sheets are the bundler's business.
      from: {},
      to: { couldNotResolve: true, pathNot: '\\?|\\.css$|^virtual:' },
    },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|\\.cache|data|artefacts)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'browser', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.json', '.d.ts'],
    },
  },
};
