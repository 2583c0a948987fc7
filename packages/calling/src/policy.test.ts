import { generateSigningKey, type SigningKey, sign } from '@conclave/crypto/mls/signing-key';
import { type Bytes, concatBytes, uintBytes, utf8 } from '@conclave/protocol/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf, randomBytes, unwrap } from '../test/small-call.ts';
import { HOSTS_MAX } from './limits.ts';
import {
  foundingPolicy,
  type HostEntry,
  isFirstHost,
  isHost,
  mayRevoke,
  type Policy,
  type PolicyExpectation,
  signPolicy,
  verifyPolicy,
  withHost,
  withRevokedHost,
  withSwitches,
} from './policy.ts';
import { decodePolicy, encodePolicy } from './policy-codec.ts';
import { extendsPolicy, followsPolicy } from './policy-history.ts';

const [ada, bob, cem, mallory] = await Promise.all([
  generateSigningKey(),
  generateSigningKey(),
  generateSigningKey(),
  generateSigningKey(),
]);
const server = await generateSigningKey();

async function hashOf(key: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', key)).slice(0, 16);
}

const expected: PolicyExpectation = {
  groupId: randomBytes(32),
  roomId: randomBytes(16),
  hostKeyHash: await hashOf(ada.publicKey),
  suite: 1,
};

const founding = foundingPolicy({
  suite: 1,
  isLobbyOn: true,
  serverKey: server.publicKey,
  hostKey: ada.publicKey,
});
/** Ada made Bob a host, Bob made Cem one. */
const three = await withHost(
  await withHost(founding, expected, bob.publicKey, ada),
  expected,
  cem.publicKey,
  bob,
);

async function verdict(policy: Policy, signer: SigningKey, given = expected): Promise<string> {
  const result = await verifyPolicy(await signPolicy(policy, expected, signer), given);
  return result.ok ? 'accepted' : result.error.code;
}

/** Signs a body as no honest client would: by any key, in the name of any entry. */
async function forge(policy: Policy, index: number, signer: SigningKey): Promise<Bytes> {
  const body = encodePolicy(policy);
  const { groupId, roomId } = expected;
  const message = concatBytes(
    utf8('conclave policy v1'),
    uintBytes(groupId.length, 1),
    groupId,
    roomId,
    body,
  );
  return concatBytes(body, Uint8Array.of(index), await sign(signer, message));
}

async function signedEntry(
  label: 'conclave host v1' | 'conclave revoke v1',
  key: Bytes,
  seq: number,
  signer: SigningKey,
  context: Pick<PolicyExpectation, 'groupId' | 'roomId'> = expected,
): Promise<Bytes> {
  const { groupId, roomId } = context;
  const parts = [utf8(label), uintBytes(groupId.length, 1), groupId, roomId, uintBytes(seq, 4), key];
  return sign(signer, concatBytes(...parts));
}

function withEntry(policy: Policy, entry: HostEntry): Policy {
  return { ...policy, seq: policy.seq + 1, hosts: [...policy.hosts, entry] };
}

describe('encoding', () => {
  test('[C1] what is encoded is decoded, with hosts, revocations and switches', async () => {
    const revoked = await withRevokedHost(three, expected, cem.publicKey, ada);
    for (const policy of [
      founding,
      three,
      revoked,
      withSwitches(revoked, { isLobbyOn: false, isLocked: true }),
    ]) {
      expect(decodePolicy(encodePolicy(policy))).toEqual(policy);
    }
  });

  test('[C1] every shortened, lengthened or unknown form is no policy', () => {
    const bytes = encodePolicy(three);
    for (let length = 0; length < bytes.length; length++)
      expect(decodePolicy(bytes.slice(0, length))).toBeUndefined();
    expect(decodePolicy(concatBytes(bytes, Uint8Array.of(0)))).toBeUndefined();
    for (const [offset, value] of [
      [0, 2],
      [1, 3],
      [2, 4],
      [39, 0],
      [39, HOSTS_MAX + 1],
    ] as const) {
      const changed = bytes.slice();
      changed[offset] = value;
      expect(decodePolicy(changed)).toBeUndefined();
    }
  });

  test('[C1] decoding never throws, and what it takes encodes to the same bytes', () => {
    const template = encodePolicy(three);
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc.tuple(fc.nat(template.length - 1), fc.nat(255)).map(([offset, value]) => {
        const bytes = template.slice();
        bytes[offset] = value;
        return bytes;
      }),
    );
    fc.assert(
      fc.property(noise, (bytes) => {
        const policy = decodePolicy(bytes.slice());
        if (policy !== undefined) expect(encodePolicy(policy)).toEqual(bytes.slice());
      }),
    );
  });

  test('[C1] a policy without a host, or with more than fit, has no form', () => {
    const many = Array.from({ length: HOSTS_MAX + 1 }, () => founding.hosts[0] as HostEntry);
    expect(() => encodePolicy({ ...founding, hosts: [] })).toThrow(RangeError);
    expect(() => encodePolicy({ ...founding, hosts: many })).toThrow(RangeError);
  });
});

describe('the chain of hosts', () => {
  test('[C2, C3, C6] an honest chain verifies, whoever of its hosts signs the whole', async () => {
    expect(await verdict(founding, ada)).toBe('accepted');
    for (const signer of [ada, bob, cem]) expect(await verdict(three, signer)).toBe('accepted');
  });

  test('[C2] a first host who is not the one that the link names', async () => {
    const false0 = foundingPolicy({ ...founding, hostKey: mallory.publicKey });
    expect(await verdict(false0, mallory)).toBe('WRONG_FIRST_HOST');
  });

  test('[C2] the first host cannot be revoked, not even with a valid signature', async () => {
    expect(mayRevoke(three, ada.publicKey, bob.publicKey)).toBe(false);
    await expect(withRevokedHost(three, expected, ada.publicKey, bob)).rejects.toThrow(RangeError);
    const seq = three.seq + 1;
    const revocation = {
      by: 1,
      seq,
      signature: await signedEntry('conclave revoke v1', ada.publicKey, seq, bob),
    };
    const [first, ...others] = three.hosts as [HostEntry, ...HostEntry[]];
    const forged = { ...three, seq, hosts: [{ ...first, revocation }, ...others] };
    expect(codeOf(await verifyPolicy(await forge(forged, 1, bob), expected))).toBe('BAD_REVOCATION');
  });

  test('[C3] a host who made himself one', async () => {
    const seq = three.seq + 1;
    const { publicKey: key } = mallory;
    const signature = await signedEntry('conclave host v1', key, seq, mallory);
    for (const addedBy of [0, 1, 2]) {
      const forged = withEntry(three, { key, addedBy, addedSeq: seq, signature });
      expect(codeOf(await verifyPolicy(await forge(forged, 3, mallory), expected))).toBe('BAD_CHAIN');
    }
  });

  test('[C3] an entry signed by itself, by a later entry, or by nobody', async () => {
    const seq = three.seq + 1;
    const { publicKey: key } = mallory;
    const signature = await signedEntry('conclave host v1', key, seq, mallory);
    for (const addedBy of [3, 4, 254]) {
      const forged = withEntry(three, { key, addedBy, addedSeq: seq, signature });
      expect(codeOf(await verifyPolicy(await forge(forged, 3, mallory), expected))).toBe('BAD_CHAIN');
    }
    const unsigned = withEntry(three, { key, addedBy: null, addedSeq: seq, signature: new Uint8Array(0) });
    expect(codeOf(await verifyPolicy(await forge(unsigned, 3, mallory), expected))).toBe('MALFORMED');
  });

  test('[C3] an entry of the future or out of order', async () => {
    const add = async (addedSeq: number) => {
      const signature = await signedEntry('conclave host v1', mallory.publicKey, addedSeq, ada);
      return withEntry(three, { key: mallory.publicKey, addedBy: 0, addedSeq, signature });
    };
    expect(await verdict(await add(3), ada)).toBe('accepted');
    for (const addedSeq of [0, 1, 2, 4]) expect(await verdict(await add(addedSeq), ada)).toBe('BAD_CHAIN');
  });

  test('[C3, C4] a host who was revoked first adds nobody', async () => {
    const without = await withRevokedHost(three, expected, bob.publicKey, ada);
    await expect(withHost(without, expected, mallory.publicKey, bob)).rejects.toThrow(RangeError);
    const seq = without.seq + 1;
    const signature = await signedEntry('conclave host v1', mallory.publicKey, seq, bob);
    const forged = withEntry(without, { key: mallory.publicKey, addedBy: 1, addedSeq: seq, signature });
    expect(await verdict(forged, ada)).toBe('BAD_CHAIN');
    expect(await verdict(without, cem)).toBe('accepted');
  });

  test('[C4] only an earlier host revokes, and only by his own signature', async () => {
    expect(mayRevoke(three, cem.publicKey, bob.publicKey)).toBe(true);
    for (const [key, by] of [
      [bob, cem],
      [bob, bob],
      [bob, mallory],
      [mallory, ada],
    ] as const) {
      expect(mayRevoke(three, key.publicKey, by.publicKey)).toBe(false);
      await expect(withRevokedHost(three, expected, key.publicKey, by)).rejects.toThrow(RangeError);
    }
    const seq = three.seq + 1;
    const forgeRevocation = async (of: number, by: number, signer: SigningKey, revokedSeq = seq) => {
      const key = (three.hosts[of] as HostEntry).key;
      const signature = await signedEntry('conclave revoke v1', key, revokedSeq, signer);
      const revocation = { by, seq: revokedSeq, signature };
      const hosts = three.hosts.map((entry, index) => (index === of ? { ...entry, revocation } : entry));
      return { ...three, seq, hosts };
    };
    expect(await verdict(await forgeRevocation(1, 0, ada), ada)).toBe('accepted');
    expect(await verdict(await forgeRevocation(1, 2, cem), ada)).toBe('BAD_REVOCATION');
    expect(await verdict(await forgeRevocation(1, 1, bob), ada)).toBe('BAD_REVOCATION');
    expect(await verdict(await forgeRevocation(1, 0, bob), ada)).toBe('BAD_REVOCATION');
    expect(await verdict(await forgeRevocation(1, 0, ada, seq + 1), ada)).toBe('BAD_REVOCATION');
    expect(await verdict(await forgeRevocation(1, 0, ada, 1), ada)).toBe('BAD_REVOCATION');
  });

  test('[C4] who is revoked is no host, and who made him one still is', async () => {
    const without = await withRevokedHost(three, expected, cem.publicKey, bob);
    expect([ada, bob, cem].map(({ publicKey }) => isHost(without, publicKey))).toEqual([true, true, false]);
    expect(isFirstHost(without, ada.publicKey)).toBe(true);
    expect(isFirstHost(without, bob.publicKey)).toBe(false);
  });

  test('[C5] no key twice, and no way back for a revoked one', async () => {
    const without = await withRevokedHost(three, expected, cem.publicKey, ada);
    await expect(withHost(without, expected, cem.publicKey, ada)).rejects.toThrow(RangeError);
    const seq = without.seq + 1;
    const signature = await signedEntry('conclave host v1', cem.publicKey, seq, ada);
    const again = withEntry(without, { key: cem.publicKey, addedBy: 0, addedSeq: seq, signature });
    expect(await verdict(again, ada)).toBe('HOST_TWICE');
  });

  test('[C6] a body signed by a stranger, by a revoked host, or in another name', async () => {
    await expect(signPolicy(three, expected, mallory)).rejects.toThrow(RangeError);
    const without = await withRevokedHost(three, expected, cem.publicKey, ada);
    expect(codeOf(await verifyPolicy(await forge(without, 2, cem), expected))).toBe('SIGNER_NOT_HOST');
    expect(codeOf(await verifyPolicy(await forge(without, 3, cem), expected))).toBe('SIGNER_NOT_HOST');
    expect(codeOf(await verifyPolicy(await forge(without, 255, cem), expected))).toBe('SIGNER_NOT_HOST');
    expect(codeOf(await verifyPolicy(await forge(without, 0, cem), expected))).toBe('BAD_SIGNATURE');
  });

  test('[C6] every changed byte is refused', async () => {
    const bytes = await signPolicy(three, expected, bob);
    for (let offset = 0; offset < bytes.length; offset += 7) {
      const changed = bytes.slice();
      changed[offset] = (changed[offset] ?? 0) ^ 1;
      expect((await verifyPolicy(changed, expected)).ok).toBe(false);
    }
  });

  test('[C7] signatures of another group or another room do not hold here', async () => {
    const elsewhere = [{ groupId: randomBytes(32) }, { roomId: randomBytes(16) }];
    for (const other of elsewhere) {
      expect(await verdict(founding, ada, { ...expected, ...other })).toBe('BAD_SIGNATURE');
      expect(await verdict(three, ada, { ...expected, ...other })).toBe('BAD_CHAIN');
      const seq = three.seq + 1;
      const { publicKey: key } = mallory;
      const signature = await signedEntry('conclave host v1', key, seq, ada, { ...expected, ...other });
      const transplanted = withEntry(three, { key, addedBy: 0, addedSeq: seq, signature });
      expect(await verdict(transplanted, ada)).toBe('BAD_CHAIN');
    }
  });

  test('[C7] a revocation is no appointment, and the suite is the link’s', async () => {
    const seq = three.seq + 1;
    const { publicKey: key } = mallory;
    const signature = await signedEntry('conclave revoke v1', key, seq, ada);
    expect(await verdict(withEntry(three, { key, addedBy: 0, addedSeq: seq, signature }), ada)).toBe(
      'BAD_CHAIN',
    );
    expect(await verdict({ ...founding, suite: 2 }, ada)).toBe('WRONG_SUITE');
  });
});

describe('history', () => {
  async function verified(policy: Policy, signer: SigningKey) {
    return unwrap(await verifyPolicy(await signPolicy(policy, expected, signer), expected));
  }

  test('[C8] the next policy of each honest change follows', async () => {
    const changes = [
      withSwitches(three, { isLobbyOn: false }),
      await withHost(three, expected, mallory.publicKey, cem),
      await withRevokedHost(three, expected, bob.publicKey, ada),
    ];
    for (const next of changes) expect(extendsPolicy(three, await verified(next, ada))).toBe(true);
  });

  test('[C8] nothing is dropped, undone or skipped', async () => {
    const without = await withRevokedHost(three, expected, cem.publicKey, ada);
    const next = (policy: Policy) => ({ ...policy, seq: without.seq + 1 });
    const forgeries = [
      { ...without },
      { ...without, seq: without.seq + 2 },
      { ...without, seq: without.seq - 1, hosts: three.hosts },
      next({ ...without, hosts: without.hosts.slice(0, 2) }),
      next(three),
      next({ ...without, serverKey: mallory.publicKey }),
    ];
    for (const forged of forgeries) expect(extendsPolicy(without, await verified(forged, ada))).toBe(false);
    expect(extendsPolicy(without, await verified(next(without), ada))).toBe(true);
  });

  test('[C8] over several changes a policy follows, and an older one does not', async () => {
    const later = await verified(
      withSwitches(withSwitches(three, { isLocked: true }), { isLocked: false }),
      bob,
    );
    expect(extendsPolicy(three, later)).toBe(false);
    expect(followsPolicy(three, later)).toBe(true);
    expect(followsPolicy(later, await verified(three, ada))).toBe(false);
    expect(followsPolicy(three, await verified(three, ada))).toBe(false);
  });

  test('[C9] a revoked host cannot sign the next policy nor date an accomplice back', async () => {
    const without = await withRevokedHost(three, expected, cem.publicKey, ada);
    const seq = without.seq + 1;
    // Cem ignores his own revocation …
    const undone = await verified({ ...three, seq }, cem);
    expect(extendsPolicy(without, undone)).toBe(false);
    // … or lets an accomplice in, as of when he was a host, who then signs.
    const addedSeq = without.seq;
    const { publicKey: key } = mallory;
    const signature = await signedEntry('conclave host v1', key, addedSeq, bob);
    const hosts = [...without.hosts, { key, addedBy: 1, addedSeq, signature }];
    const backdated = await verified({ ...without, seq, hosts }, bob);
    expect(extendsPolicy(without, backdated)).toBe(false);
  });

  test('[C9] nor date a revocation back to when it was a host', async () => {
    const later = withSwitches(three, { isLocked: true });
    const without = await withRevokedHost(later, expected, bob.publicKey, ada);
    const revokedSeq = later.seq;
    const signature = await signedEntry('conclave revoke v1', cem.publicKey, revokedSeq, bob);
    const revocation = { by: 1, seq: revokedSeq, signature };
    const hosts = without.hosts.map((entry, index) => (index === 2 ? { ...entry, revocation } : entry));
    const backdated = await verified({ ...without, seq: without.seq + 1, hosts }, ada);
    expect(extendsPolicy(without, backdated)).toBe(false);
  });

  test('[C9] who becomes a host in a policy does not sign that policy', async () => {
    const next = await withHost(three, expected, mallory.publicKey, ada);
    expect(extendsPolicy(three, await verified(next, mallory))).toBe(false);
    expect(extendsPolicy(three, await verified(next, ada))).toBe(true);
  });
});
