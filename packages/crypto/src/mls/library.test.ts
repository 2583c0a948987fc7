/** What Conclave takes for granted about ts-mls: the version, the inner modules, and that its defaults are out of reach. */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { defaultAuthenticationService } from 'ts-mls/authenticationService.js';
import { defaultClientConfig } from 'ts-mls/clientConfig.js';
import { createGroup } from 'ts-mls/clientState.js';
import { createCommit } from 'ts-mls/createCommit.js';
import { describe, expect, test } from 'vitest';
import { person } from '../../test/mls-group.ts';
import { config } from './config.ts';
import * as engine from './engine.ts';
import { inside } from './group.ts';

const folder = new URL('./', import.meta.url);
const sources = readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
const textOf = (name: string) => readFileSync(new URL(name, folder), 'utf8');

describe('ts-mls', () => {
  test('[K31] the version is the pinned one', () => {
    const entry = createRequire(import.meta.url).resolve('ts-mls/message.js');
    const manifest = entry.replace(/dist[\\/]src[\\/]message\.js$/, 'package.json');
    expect(JSON.parse(readFileSync(manifest, 'utf8'))).toMatchObject({ name: 'ts-mls', version: '1.6.4' });
  });

  test('[K31] every inner module that the engine imports exists, and none is the package root', async () => {
    const imported = new Set(
      sources.flatMap((name) =>
        [...textOf(name).matchAll(/from '(ts-mls[^']*)'/g)].map((match) => match[1] ?? ''),
      ),
    );
    expect(imported.size).toBeGreaterThan(30);
    expect(imported).not.toContain('ts-mls');
    for (const specifier of imported) {
      expect(Object.keys((await import(specifier)) as object), specifier).toBeDefined();
    }
  });

  test('[K30] X-Wing is loaded only when it is asked for', () => {
    const text = textOf('suite.ts');
    expect(text).toContain("await import('@hpke/hybridkem-x-wing')");
    expect(text).not.toMatch(/from '@hpke\/hybridkem-x-wing'/);
    for (const name of sources)
      expect(textOf(name), name).not.toMatch(/getCiphersuiteImpl|defaultCryptoProvider/);
  });

  test('[K33] the default authentication service accepts nobody, so no default configuration can admit', async () => {
    const suite = await engine.createSuite(1);
    const [founder, guest] = [await person(suite, 'founder'), await person(suite, 'guest')];
    const { publicPackage, privatePackage } = founder.keyPackage;
    const { credential, signaturePublicKey } = publicPackage.leafNode;
    expect(await defaultAuthenticationService.validateCredential(credential, signaturePublicKey)).toBe(false);
    expect(defaultClientConfig.authService).toBe(defaultAuthenticationService);
    const cs = suite.implementation;
    const state = await createGroup(new Uint8Array(16), publicPackage, privatePackage, [], cs);
    const add = { proposalType: 'add', add: { keyPackage: guest.keyPackage.publicPackage } } as const;
    await expect(createCommit({ state, cipherSuite: cs }, { extraProposals: [add] })).rejects.toThrow(
      'credential',
    );
    for (const name of sources) expect(textOf(name), name).not.toMatch(/defaultClientConfig/);
  });

  test('[K32] 64 generations, 3 past epochs, no clock on receipt, in every state however it was made', async () => {
    expect(config.keyRetentionConfig).toMatchObject({ retainKeysForGenerations: 64, retainKeysForEpochs: 3 });
    expect(config.lifetimeConfig.validateLifetimeOnReceive).toBe(false);
    const suite = await engine.createSuite(1);
    const { states } = await (await import('../../test/mls-group.ts')).world(suite, 2);
    let [state] = states as [engine.GroupState];
    for (const each of states) expect(inside(each).clientConfig).toBe(config);
    for (let round = 0; round < 5; round++) {
      state = (await engine.commit(state, suite, { proposals: [], psks: () => undefined })).state;
    }
    expect(inside(state).clientConfig).toBe(config);
    expect([...inside(state).historicalReceiverData.keys()]).toEqual([3n, 4n, 5n]);
  });
});
