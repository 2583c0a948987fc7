/** Official vectors below trees and joins: primitives, key schedule, framing and encodings, as our suites feed them. */

import { decodeAuthenticatedContent } from 'ts-mls/authenticatedContent.js';
import type { Decoder } from 'ts-mls/codec/tlsDecoder.js';
import type { Encoder } from 'ts-mls/codec/tlsEncoder.js';
import { determineLength } from 'ts-mls/codec/variableLength.js';
import { decodeCommit, encodeCommit } from 'ts-mls/commit.js';
import { refhash } from 'ts-mls/crypto/hash.js';
import { decryptWithLabel } from 'ts-mls/crypto/hpke.js';
import { deriveSecret, deriveTreeSecret, expandWithLabel } from 'ts-mls/crypto/kdf.js';
import { verifyWithLabel } from 'ts-mls/crypto/signature.js';
import { verifyConfirmationTag } from 'ts-mls/framedContent.js';
import type { GroupContext } from 'ts-mls/groupContext.js';
import { encodeGroupContext } from 'ts-mls/groupContext.js';
import { decodeGroupSecrets, encodeGroupSecrets } from 'ts-mls/groupSecrets.js';
import { initializeEpoch, mlsExporter } from 'ts-mls/keySchedule.js';
import { decodeMlsMessage, encodeMlsMessage } from 'ts-mls/message.js';
import { unprotectPrivateMessage } from 'ts-mls/messageProtection.js';
import { unprotectPublicMessage } from 'ts-mls/messageProtectionPublic.js';
import type { PreSharedKeyID } from 'ts-mls/presharedkey.js';
import { computePskSecret } from 'ts-mls/presharedkey.js';
import * as proposals from 'ts-mls/proposal.js';
import type { RatchetTree } from 'ts-mls/ratchetTree.js';
import { decodeRatchetTree, encodeRatchetTree } from 'ts-mls/ratchetTree.js';
import { createSecretTree, deriveKey, deriveNonce, ratchetUntil } from 'ts-mls/secretTree.js';
import { expandSenderDataKey, expandSenderDataNonce } from 'ts-mls/sender.js';
import { createConfirmedHash, createInterimHash } from 'ts-mls/transcriptHash.js';
import { describe, expect, test } from 'vitest';
import { fromHex, hasVectors, loadVectors, mustEqual } from '../../test/mls-vector-files.ts';
import { implementationOf } from './testing/vector-suites.ts';

/** Hex strings by name; the numbers and lists of each file are named where they are used. */
type Hex<K extends string> = Readonly<Record<K, string>>;
type Suited = { readonly cipher_suite: number };

const RETENTION = { retainKeysForGenerations: 100, retainKeysForEpochs: 3, maximumForwardRatchetSteps: 1e6 };

function decoded<T>(decode: Decoder<T>, hex: string): T {
  const value = decode(fromHex(hex), 0)?.[0];
  if (value === undefined) throw new Error('the vector does not decode');
  return value;
}

function roundTrip<T>(decode: Decoder<T>, encode: Encoder<T>, hex: string, what: string): void {
  mustEqual(encode(decoded(decode, hex)), hex, what);
}

async function contextOf(
  vector: Suited & Hex<'group_id'>,
  epoch: bigint,
  { tree_hash, confirmed_transcript_hash }: Hex<'tree_hash' | 'confirmed_transcript_hash'>,
): Promise<GroupContext> {
  return {
    version: 'mls10',
    cipherSuite: (await implementationOf(vector.cipher_suite)).name,
    groupId: fromHex(vector.group_id),
    epoch,
    treeHash: fromHex(tree_hash),
    confirmedTranscriptHash: fromHex(confirmed_transcript_hash),
    extensions: [],
  };
}

interface CryptoBasics extends Suited {
  readonly derive_secret: Hex<'secret' | 'label' | 'out'>;
  readonly expand_with_label: Hex<'secret' | 'label' | 'context' | 'out'> & { readonly length: number };
  readonly derive_tree_secret: Hex<'secret' | 'label' | 'out'> & {
    readonly length: number;
    readonly generation: number;
  };
  readonly sign_with_label: Hex<'pub' | 'label' | 'content' | 'signature'>;
  readonly encrypt_with_label: Hex<'priv' | 'label' | 'context' | 'kem_output' | 'ciphertext' | 'plaintext'>;
  readonly ref_hash: Hex<'label' | 'value' | 'out'>;
}

type EpochHex = Hex<
  | 'tree_hash'
  | 'confirmed_transcript_hash'
  | 'group_context'
  | 'commit_secret'
  | 'psk_secret'
  | 'joiner_secret'
  | 'welcome_secret'
  | 'encryption_secret'
  | 'exporter_secret'
  | 'epoch_authenticator'
  | 'membership_key'
  | 'init_secret'
  | 'sender_data_secret'
  | 'resumption_psk'
  | 'confirmation_key'
  | 'external_secret'
  | 'external_pub'
>;

interface KeyScheduleVector extends Suited, Hex<'group_id' | 'initial_init_secret'> {
  readonly epochs: readonly (EpochHex & {
    readonly exporter: Hex<'label' | 'context' | 'secret'> & { readonly length: number };
  })[];
}

type Generation = Hex<'application_key' | 'application_nonce' | 'handshake_key' | 'handshake_nonce'> & {
  readonly generation: number;
};

interface SecretTreeVector extends Suited, Hex<'encryption_secret'> {
  readonly sender_data: Hex<'sender_data_secret' | 'ciphertext' | 'key' | 'nonce'>;
  readonly leaves: readonly (readonly Generation[])[];
}

type ProtectionHex = Hex<
  | 'group_id'
  | 'tree_hash'
  | 'confirmed_transcript_hash'
  | 'signature_pub'
  | 'encryption_secret'
  | 'sender_data_secret'
  | 'membership_key'
  | 'proposal'
  | 'proposal_priv'
  | 'proposal_pub'
  | 'commit'
  | 'commit_priv'
  | 'commit_pub'
  | 'application'
  | 'application_priv'
>;

type TranscriptHex = Hex<
  | 'authenticated_content'
  | 'confirmation_key'
  | 'interim_transcript_hash_before'
  | 'confirmed_transcript_hash_after'
  | 'interim_transcript_hash_after'
>;

describe.skipIf(!hasVectors)('MLS vectors: primitives (skipped where the vector files are absent)', () => {
  test('[K62, K30] crypto-basics', async () => {
    for (const vector of loadVectors<CryptoBasics>('crypto-basics')) await checkBasics(vector);
  });

  test('[K62] key-schedule', async () => {
    for (const vector of loadVectors<KeyScheduleVector>('key-schedule')) await checkKeySchedule(vector);
  });

  test('[K62] psk_secret', async () => {
    type Psk = Hex<'psk_id' | 'psk_nonce' | 'psk'>;
    for (const vector of loadVectors<Suited & Hex<'psk_secret'> & { psks: readonly Psk[] }>('psk_secret')) {
      const cs = await implementationOf(vector.cipher_suite);
      const psks = vector.psks.map((p): [PreSharedKeyID, Uint8Array] => [
        { psktype: 'external', pskId: fromHex(p.psk_id), pskNonce: fromHex(p.psk_nonce) },
        fromHex(p.psk),
      ]);
      mustEqual(await computePskSecret(psks, cs), vector.psk_secret, 'psk_secret');
    }
  });

  test('[K62] secret-tree', { timeout: 120_000 }, async () => {
    for (const vector of loadVectors<SecretTreeVector>('secret-tree')) await checkSecretTree(vector);
  });

  test('[K62] transcript-hashes', async () => {
    for (const vector of loadVectors<Suited & TranscriptHex>('transcript-hashes')) {
      const { hash } = await implementationOf(vector.cipher_suite);
      const { wireformat, content, auth } = decoded(decodeAuthenticatedContent, vector.authenticated_content);
      if (content.contentType !== 'commit' || auth.contentType !== 'commit') throw new Error('not a commit');
      const before = fromHex(vector.interim_transcript_hash_before);
      const input = { wireformat, content, signature: auth.signature };
      const confirmed = await createConfirmedHash(before, input, hash);
      mustEqual(confirmed, vector.confirmed_transcript_hash_after, 'confirmed transcript hash');
      const interim = await createInterimHash(confirmed, auth.confirmationTag, hash);
      mustEqual(interim, vector.interim_transcript_hash_after, 'interim transcript hash');
      const key = fromHex(vector.confirmation_key);
      expect(await verifyConfirmationTag(key, auth.confirmationTag, confirmed, hash)).toBe(true);
    }
  });

  test('[K62] message-protection', async () => {
    type Vector = Suited & ProtectionHex & { readonly epoch: number };
    for (const vector of loadVectors<Vector>('message-protection')) await checkProtection(vector);
  });

  test('[K62, K35] messages', { timeout: 120_000 }, () => {
    for (const vector of loadVectors<Readonly<Record<string, string>>>('messages')) checkEncodings(vector);
  });

  test('[K62] deserialization', () => {
    for (const vector of loadVectors<Hex<'vlbytes_header'> & { readonly length: number }>(
      'deserialization',
    )) {
      expect(determineLength(fromHex(vector.vlbytes_header), 0).length).toBe(vector.length);
    }
  });
});

async function checkBasics(vector: CryptoBasics): Promise<void> {
  const { kdf, hash, hpke, signature } = await implementationOf(vector.cipher_suite);
  const derive = vector.derive_secret;
  mustEqual(await deriveSecret(fromHex(derive.secret), derive.label, kdf), derive.out, 'DeriveSecret');
  const expand = vector.expand_with_label;
  const expanded = expandWithLabel(
    fromHex(expand.secret),
    expand.label,
    fromHex(expand.context),
    expand.length,
    kdf,
  );
  mustEqual(await expanded, expand.out, 'ExpandWithLabel');
  const tree = vector.derive_tree_secret;
  const treeSecret = deriveTreeSecret(fromHex(tree.secret), tree.label, tree.generation, tree.length, kdf);
  mustEqual(await treeSecret, tree.out, 'DeriveTreeSecret');
  const { label, value, out } = vector.ref_hash;
  mustEqual(await refhash(label, fromHex(value), hash), out, 'RefHash');
  const signed = vector.sign_with_label;
  const valid = verifyWithLabel(
    fromHex(signed.pub),
    signed.label,
    fromHex(signed.content),
    fromHex(signed.signature),
    signature,
  );
  expect(await valid).toBe(true);
  const sealed = vector.encrypt_with_label;
  const opened = decryptWithLabel(
    await hpke.importPrivateKey(fromHex(sealed.priv)),
    sealed.label,
    fromHex(sealed.context),
    fromHex(sealed.kem_output),
    fromHex(sealed.ciphertext),
    hpke,
  );
  mustEqual(await opened, sealed.plaintext, 'DecryptWithLabel');
}

async function checkKeySchedule(vector: KeyScheduleVector): Promise<void> {
  const cs = await implementationOf(vector.cipher_suite);
  let initSecret: Uint8Array = fromHex(vector.initial_init_secret);
  for (const [index, epoch] of vector.epochs.entries()) {
    const context = await contextOf(vector, BigInt(index), epoch);
    mustEqual(encodeGroupContext(context), epoch.group_context, 'GroupContext');
    const [commitSecret, pskSecret] = [fromHex(epoch.commit_secret), fromHex(epoch.psk_secret)];
    const made = await initializeEpoch(initSecret, commitSecret, context, pskSecret, cs.kdf);
    const keys = made.keySchedule;
    const expected: readonly (readonly [Uint8Array, keyof EpochHex])[] = [
      [made.joinerSecret, 'joiner_secret'],
      [made.welcomeSecret, 'welcome_secret'],
      [made.encryptionSecret, 'encryption_secret'],
      [keys.exporterSecret, 'exporter_secret'],
      [keys.epochAuthenticator, 'epoch_authenticator'],
      [keys.membershipKey, 'membership_key'],
      [keys.initSecret, 'init_secret'],
      [keys.senderDataSecret, 'sender_data_secret'],
      [keys.resumptionPsk, 'resumption_psk'],
      [keys.confirmationKey, 'confirmation_key'],
      [keys.externalSecret, 'external_secret'],
    ];
    for (const [secret, name] of expected) mustEqual(secret, epoch[name], name);
    const pair = await cs.hpke.deriveKeyPair(keys.externalSecret);
    mustEqual(await cs.hpke.exportPublicKey(pair.publicKey), epoch.external_pub, 'external_pub');
    const { label, context: exporterContext, length, secret } = epoch.exporter;
    const exported = mlsExporter(keys.exporterSecret, label, fromHex(exporterContext), length, cs);
    mustEqual(await exported, secret, 'MLS-Exporter');
    initSecret = keys.initSecret;
  }
}

async function checkSecretTree(vector: SecretTreeVector): Promise<void> {
  const cs = await implementationOf(vector.cipher_suite);
  const tree = await createSecretTree(vector.leaves.length, fromHex(vector.encryption_secret), cs.kdf);
  const { sender_data_secret, ciphertext, key, nonce } = vector.sender_data;
  const [secret, sample] = [fromHex(sender_data_secret), fromHex(ciphertext)];
  mustEqual(await expandSenderDataKey(cs, secret, sample), key, 'sender data key');
  mustEqual(await expandSenderDataNonce(cs, secret, sample), nonce, 'sender data nonce');
  for (const [leaf, generations] of vector.leaves.entries()) {
    for (const expected of generations) {
      for (const kind of ['application', 'handshake'] as const) {
        const start = tree[2 * leaf]?.[kind];
        if (start === undefined) throw new Error('no such leaf');
        const { generation } = expected;
        const [ratchet] = await ratchetUntil(start, generation, RETENTION, cs.kdf);
        mustEqual(await deriveKey(ratchet.secret, generation, cs), expected[`${kind}_key`], 'key');
        mustEqual(await deriveNonce(ratchet.secret, generation, cs), expected[`${kind}_nonce`], 'nonce');
      }
    }
  }
}

async function checkProtection(vector: Suited & ProtectionHex & { readonly epoch: number }): Promise<void> {
  const cs = await implementationOf(vector.cipher_suite);
  const context = await contextOf(vector, BigInt(vector.epoch), vector);
  const secretTree = await createSecretTree(2, fromHex(vector.encryption_secret), cs.kdf);
  // Of the leaves, only the signature key is ever read here.
  const leaf = { nodeType: 'leaf', leaf: { signaturePublicKey: fromHex(vector.signature_pub) } };
  const tree = [leaf, undefined, leaf] as unknown as RatchetTree;
  const open = async (hex: string) => {
    const message = decoded(decodeMlsMessage, hex);
    if (message.wireformat === 'mls_public_message') {
      const membershipKey = fromHex(vector.membership_key);
      return (await unprotectPublicMessage(membershipKey, context, tree, message.publicMessage, cs)).content;
    }
    if (message.wireformat !== 'mls_private_message') throw new Error('neither public nor private');
    const senderDataSecret = fromHex(vector.sender_data_secret);
    const { privateMessage } = message;
    const opened = await unprotectPrivateMessage(
      senderDataSecret,
      privateMessage,
      secretTree,
      tree,
      context,
      RETENTION,
      cs,
    );
    return opened.content.content;
  };
  for (const hex of [vector.proposal_pub, vector.proposal_priv]) {
    const content = await open(hex);
    if (content.contentType !== 'proposal') throw new Error('not a proposal');
    mustEqual(proposals.encodeProposal(content.proposal), vector.proposal, 'proposal');
  }
  for (const hex of [vector.commit_pub, vector.commit_priv]) {
    const content = await open(hex);
    if (content.contentType !== 'commit') throw new Error('not a commit');
    mustEqual(encodeCommit(content.commit), vector.commit, 'commit');
  }
  const content = await open(vector.application_priv);
  if (content.contentType !== 'application') throw new Error('not application data');
  mustEqual(content.applicationData, vector.application, 'application data');
}

const MESSAGES = [
  'mls_welcome',
  'mls_group_info',
  'mls_key_package',
  'public_message_application',
  'public_message_proposal',
  'public_message_commit',
  'private_message',
];

function checkEncodings(vector: Readonly<Record<string, string>>): void {
  for (const name of MESSAGES) roundTrip(decodeMlsMessage, encodeMlsMessage, vector[name] ?? '', name);
  const check = <T>(name: string, decode: Decoder<T>, encode: Encoder<T>) =>
    roundTrip(decode, encode, vector[name] ?? '', name);
  check('ratchet_tree', decodeRatchetTree, encodeRatchetTree);
  check('group_secrets', decodeGroupSecrets, encodeGroupSecrets);
  check('commit', decodeCommit, encodeCommit);
  check('add_proposal', proposals.decodeAdd, proposals.encodeAdd);
  check('update_proposal', proposals.decodeUpdate, proposals.encodeUpdate);
  check('remove_proposal', proposals.decodeRemove, proposals.encodeRemove);
  check('pre_shared_key_proposal', proposals.decodePSK, proposals.encodePSK);
  check('re_init_proposal', proposals.decodeReinit, proposals.encodeReinit);
  check('external_init_proposal', proposals.decodeExternalInit, proposals.encodeExternalInit);
  const { decodeGroupContextExtensions, encodeGroupContextExtensions } = proposals;
  check('group_context_extensions_proposal', decodeGroupContextExtensions, encodeGroupContextExtensions);
}
