/** Welcomes by a dishonest member: everything opens and is signed, and one thing is wrong. */

import { utf8 } from '@conclave/protocol/bytes';
import type { GroupInfo } from 'ts-mls/groupInfo.js';
import { extractWelcomeSecret, signGroupInfo } from 'ts-mls/groupInfo.js';
import type { GroupSecrets } from 'ts-mls/groupSecrets.js';
import { accumulatePskSecret } from 'ts-mls/pskIndex.js';
import {
  decryptGroupInfo,
  decryptGroupSecrets,
  encryptGroupInfo,
  encryptGroupSecrets,
} from 'ts-mls/welcome.js';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Person } from '../../test/mls-group.ts';
import { admit, codeOf, LINK_SECRET, PSKS, person, world } from '../../test/mls-group.ts';
import * as engine from './engine.ts';
import { inside } from './group.ts';
import { externalPsk } from './psk.ts';
import { decodeWelcome, encodeMessage } from './wire.ts';

let suite: engine.Suite;
let host: engine.GroupState;
let guest: Person;
let admission: engine.OwnCommit;
/** The same guest, in a tree that grows by it: its common ancestor with the host is blank. */
let growing: engine.OwnCommit;

beforeAll(async () => {
  suite = await engine.createSuite(1);
  const { states } = await world(suite, 4);
  guest = await person(suite, 'guest');
  growing = await admit(states[0] as engine.GroupState, suite, [guest]);
  const proposals = [{ type: 'remove', leafIndex: 2 }] as const;
  host = (await engine.commit(states[0] as engine.GroupState, suite, { proposals, psks: PSKS })).state;
  admission = await admit(host, suite, [guest]);
});

interface Lie {
  readonly secrets?: Partial<GroupSecrets>;
  readonly info?: (honest: GroupInfo) => Partial<GroupInfo>;
  /** Signs with the guest's own key, as nobody but a thief of it could. */
  readonly byGuest?: boolean;
}

/** The honest Welcome opened, changed, signed by the host again, and sealed to the guest again. */
async function lied({ secrets, info, byGuest }: Lie, own = admission): Promise<string> {
  const cs = suite.implementation;
  const { publicPackage, privatePackage } = guest.keyPackage;
  const welcome = decodeWelcome(own.welcomes[0]?.welcome ?? new Uint8Array());
  const initKey = await cs.hpke.importPrivateKey(privatePackage.initPrivateKey);
  const opened = await decryptGroupSecrets(initKey, guest.keyPackage.reference, welcome, cs.hpke);
  if (opened === undefined) throw new Error('the honest Welcome does not open');
  const index = { findPsk: () => LINK_SECRET };
  const pskSecretOf = async (all: GroupSecrets) =>
    (await accumulatePskSecret(all.psks, index, cs, new Uint8Array(cs.kdf.size)))[0];
  const honest = await decryptGroupInfo(welcome, opened.joinerSecret, await pskSecretOf(opened), cs);
  if (honest === undefined) throw new Error('the honest GroupInfo does not open');
  const changed: GroupSecrets = { ...opened, ...secrets };
  const { signaturePrivateKey } = byGuest ? privatePackage : inside(host);
  const groupInfo = await signGroupInfo({ ...honest, ...info?.(honest) }, signaturePrivateKey, cs.signature);
  const welcomeSecret = await extractWelcomeSecret(changed.joinerSecret, await pskSecretOf(changed), cs.kdf);
  const encryptedGroupInfo = await encryptGroupInfo(groupInfo, welcomeSecret, cs);
  const publicKey = await cs.hpke.importPublicKey(publicPackage.initKey);
  const { enc, ct } = await encryptGroupSecrets(publicKey, encryptedGroupInfo, changed, cs.hpke);
  const entry = {
    newMember: guest.keyPackage.reference,
    encryptedGroupSecrets: { kemOutput: enc, ciphertext: ct },
  };
  const forged = { ...welcome, secrets: [entry], encryptedGroupInfo };
  const result = await engine.joinFromWelcome(suite, {
    welcome: encodeMessage({ wireformat: 'mls_welcome', welcome: forged }),
    tree: engine.encodeTree(own.state),
    keyPackage: guest.keyPackage,
    psks: PSKS,
    judge: () => undefined,
  });
  return codeOf(result);
}

describe('a dishonest Welcome', () => {
  test('[K57] control: sealed again without a lie it is accepted', async () => {
    expect(await lied({})).toBe('ACCEPTED');
  });

  test('[K57] a confirmation tag or a joiner secret of another epoch', async () => {
    expect(await lied({ info: () => ({ confirmationTag: new Uint8Array(32) }) })).toBe('CRYPTO');
    expect(await lied({ secrets: { joinerSecret: new Uint8Array(32) } })).toBe('CRYPTO');
  });

  test('[K48] a path secret that does not lead to the keys in the tree', async () => {
    expect(await lied({ secrets: { pathSecret: new Uint8Array(32) } })).toBe('PATH_KEYS');
    expect(await lied({}, growing)).toBe('ACCEPTED');
    expect(await lied({ secrets: { pathSecret: new Uint8Array(32) } }, growing)).toBe('PATH_KEYS');
  });

  test('[K57] a signer that is the joiner, another member, or nobody', async () => {
    expect(await lied({ info: () => ({ signer: 1 }) })).toBe('CRYPTO');
    expect(await lied({ info: () => ({ signer: 0xffffffff }) })).toBe('CRYPTO');
    expect(await lied({ info: () => ({ signer: 2 }) })).toBe('CRYPTO');
    expect(await lied({ info: () => ({ signer: 2 }), byGuest: true })).toBe('OWN_LEAF');
  });

  test('[K40] a resumption PSK, a PSK twice, a short nonce', async () => {
    const cs = suite.implementation;
    const one = externalPsk(utf8('link id 16 bytes'), cs);
    const resumption = {
      psktype: 'resumption',
      usage: 'branch',
      pskGroupId: engine.groupId(host),
      pskEpoch: 0n,
      pskNonce: new Uint8Array(32),
    } as const;
    expect(await lied({ secrets: { psks: [one, one] } })).toBe('SHAPE');
    expect(await lied({ secrets: { psks: [resumption] } })).toBe('SHAPE');
    expect(await lied({ secrets: { psks: [{ ...one, pskNonce: new Uint8Array(8) }] } })).toBe('BOUNDS');
  });

  test('[K38, K30, K67] another suite, an epoch above 2⁴⁷, unknown or doubled extensions', async () => {
    const context = (change: Partial<GroupInfo['groupContext']>) => (honest: GroupInfo) => ({
      groupContext: { ...honest.groupContext, ...change },
    });
    const { extensions } = inside(host).groupContext;
    const unknown = { extensionType: 0xff09, extensionData: utf8('x') };
    expect(await lied({ info: context({ epoch: 2n ** 47n + 1n }) })).toBe('BOUNDS');
    expect(await lied({ info: context({ extensions: [...extensions, unknown] }) })).toBe('EXTENSIONS');
    expect(await lied({ info: context({ extensions: [...extensions, ...extensions] }) })).toBe('EXTENSIONS');
    const cipherSuite = 'MLS_256_XWING_AES256GCM_SHA512_Ed25519';
    expect(await lied({ info: context({ cipherSuite }) })).toBe('SUITE');
    expect(await lied({ info: context({ treeHash: new Uint8Array(32) }) })).toBe('TREE');
    expect(await lied({ info: context({ groupId: utf8('another') }) })).not.toBe('ACCEPTED');
  });
});
