/** Official vectors of members that only listen, and of Welcomes: all joins run through our own door. */

import type { Bytes } from '@conclave/protocol/bytes';
import { toHex } from '@conclave/protocol/bytes';
import type { ClientState } from 'ts-mls/clientState.js';
import { makePskIndex } from 'ts-mls/clientState.js';
import { verifyGroupInfoConfirmationTag, verifyGroupInfoSignature } from 'ts-mls/groupInfo.js';
import type { KeyPackage } from 'ts-mls/keyPackage.js';
import { makeKeyPackageRef } from 'ts-mls/keyPackage.js';
import type { MLSMessage } from 'ts-mls/message.js';
import { decodeMlsMessage } from 'ts-mls/message.js';
import { processPrivateMessage, processPublicMessage } from 'ts-mls/processMessages.js';
import { decryptGroupInfo, decryptGroupSecrets } from 'ts-mls/welcome.js';
import { describe, expect, test } from 'vitest';
import { fromHex, hasVectors, loadVectors, mustEqual, sampleVectors } from '../../test/mls-vector-files.ts';
import type { GroupState } from './group.ts';
import { epochAuthenticator, inside, outside } from './group.ts';
import { joinFromWelcome } from './join-welcome.ts';
import { checkPrivatePath } from './private-path.ts';
import type { PskSecrets } from './psk.ts';
import { stage } from './stage.ts';
import type { Suite } from './suite.ts';
import { implementationOf, vectorSuite } from './testing/vector-suites.ts';
import { decodeWelcome } from './wire.ts';

interface PassiveClient {
  readonly cipher_suite: number;
  readonly key_package: string;
  readonly welcome: string;
  readonly ratchet_tree: string | null;
  readonly init_priv: string;
  readonly encryption_priv: string;
  readonly signature_priv: string;
  readonly initial_epoch_authenticator: string;
  readonly external_psks: readonly { readonly psk_id: string; readonly psk: string }[];
  readonly epochs: readonly {
    readonly proposals: readonly string[];
    readonly commit: string;
    readonly epoch_authenticator: string;
  }[];
}

interface WelcomeVector {
  readonly cipher_suite: number;
  readonly key_package: string;
  readonly welcome: string;
  readonly init_priv: string;
  readonly signer_pub: string;
}

function decode(hex: string): MLSMessage {
  const decoded = decodeMlsMessage(fromHex(hex), 0);
  if (decoded === undefined) throw new Error('the vector does not decode');
  return decoded[0];
}

function decodeKeyPackage(hex: string): KeyPackage {
  const message = decode(hex);
  if (message.wireformat !== 'mls_key_package') throw new Error('not a KeyPackage');
  return message.keyPackage;
}

async function join(suite: Suite, vector: PassiveClient, psks: PskSecrets): Promise<GroupState> {
  const none = new Uint8Array();
  const joined = await joinFromWelcome(suite, {
    welcome: fromHex(vector.welcome),
    ...(vector.ratchet_tree === null ? {} : { tree: fromHex(vector.ratchet_tree) }),
    keyPackage: {
      message: fromHex(vector.key_package),
      reference: none,
      signatureKey: none,
      publicPackage: decodeKeyPackage(vector.key_package),
      privatePackage: {
        initPrivateKey: fromHex(vector.init_priv),
        hpkePrivateKey: fromHex(vector.encryption_priv),
        signaturePrivateKey: fromHex(vector.signature_priv),
      },
    },
    psks,
    judge: () => undefined,
  });
  if (!joined.ok) throw new Error(`${joined.error.code}: ${joined.error.detail}`);
  return joined.value;
}

/** Messages of shapes that Conclave refuses go to the library; `staged` counts those that went through our door. */
async function follow(
  suite: Suite,
  vector: PassiveClient,
  counts: { epochs: number; staged: number },
): Promise<void> {
  const secrets = new Map<string, Bytes>(vector.external_psks.map((p) => [p.psk_id, fromHex(p.psk)]));
  const psks: PskSecrets = (id) => secrets.get(toHex(id));
  let state = await join(suite, vector, psks);
  mustEqual(epochAuthenticator(state), vector.initial_epoch_authenticator, 'authenticator after the join');
  const external = Object.fromEntries(
    vector.external_psks.map((p) => [Buffer.from(p.psk_id, 'hex').toString('base64'), fromHex(p.psk)]),
  );
  for (const { proposals, commit, epoch_authenticator } of vector.epochs) {
    counts.epochs++;
    for (const proposal of proposals) state = await process(suite, state, proposal, external);
    const seen = await stage(state, suite, fromHex(commit), psks);
    if (seen.ok) counts.staged++;
    state = seen.ok ? seen.value.state : await process(suite, state, commit, external);
    mustEqual(epochAuthenticator(state), epoch_authenticator, 'authenticator');
    const { ratchetTree, privatePath } = inside(state);
    await checkPrivatePath(ratchetTree, privatePath, suite.implementation);
  }
}

async function process(suite: Suite, state: GroupState, hex: string, psks: Record<string, Uint8Array>) {
  const message = decode(hex);
  const old: ClientState = inside(state);
  const index = makePskIndex(old, psks);
  if (message.wireformat === 'mls_public_message') {
    const done = await processPublicMessage(old, message.publicMessage, index, suite.implementation);
    return outside(done.newState);
  }
  if (message.wireformat !== 'mls_private_message') throw new Error('neither public nor private');
  return outside(
    (await processPrivateMessage(old, message.privateMessage, index, suite.implementation)).newState,
  );
}

describe.skipIf(!hasVectors)('MLS vectors: joining (skipped where the vector files are absent)', () => {
  test.each(['passive-client-welcome', 'passive-client-handling-commit', 'passive-client-random'] as const)(
    '[K62, K44] %s',
    { timeout: 180_000 },
    async (name) => {
      const vectors = sampleVectors<PassiveClient>(name);
      expect(vectors.length).toBeGreaterThan(0);
      const counts = { epochs: 0, staged: 0 };
      for (const [index, vector] of vectors.entries()) {
        const suite = await vectorSuite(vector.cipher_suite);
        await follow(suite, vector, counts).catch((error: unknown) => {
          throw new Error(`vector ${index}, suite ${vector.cipher_suite}`, { cause: error });
        });
      }
      console.info(`${name}: ${counts.epochs} epochs, ${counts.staged} of them through stage`);
      if (counts.epochs > 0) expect(counts.staged).toBeGreaterThan(0);
    },
  );

  test('[K62] welcome', async () => {
    for (const vector of loadVectors<WelcomeVector>('welcome')) {
      const cs = await implementationOf(vector.cipher_suite);
      const keyPackage = decodeKeyPackage(vector.key_package);
      const welcome = decodeWelcome(fromHex(vector.welcome));
      const initKey = await cs.hpke.importPrivateKey(fromHex(vector.init_priv));
      const reference = await makeKeyPackageRef(keyPackage, cs.hash);
      const secrets = await decryptGroupSecrets(initKey, reference, welcome, cs.hpke);
      const zeroes = new Uint8Array(cs.kdf.size);
      const joinerSecret = secrets?.joinerSecret ?? zeroes;
      const groupInfo = await decryptGroupInfo(welcome, joinerSecret, zeroes, cs);
      if (groupInfo === undefined) throw new Error('no GroupInfo');
      expect(await verifyGroupInfoSignature(groupInfo, fromHex(vector.signer_pub), cs.signature)).toBe(true);
      expect(await verifyGroupInfoConfirmationTag(groupInfo, joinerSecret, zeroes, cs)).toBe(true);
    }
  });
});
