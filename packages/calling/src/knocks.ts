/** Knocks of others: opened, checked, and kept until they are answered or gone (D5, G15). */
import { openKnock } from '@conclave/crypto/knock';
import { readKeyPackage } from '@conclave/crypto/mls/engine';
import { equalBytes, toHex } from '@conclave/protocol/bytes';
import { participantIdOf } from '@conclave/protocol/signed-bytes';
import type { ServerMessage } from '@conclave/protocol/wire';
import { KNOCKS_KEPT_MAX } from './machine-limits.ts';
import type { Turn } from './turn.ts';

type KnockMessage = Extract<ServerMessage, { t: 'knock' }>;

/** What does not open, does not fit, was used before, or comes from a kicked key is dropped without a word. */
export async function receiveKnock(turn: Turn, message: KnockMessage): Promise<void> {
  const { member, session, suite, knocks, usedReferences, kickedKeys, kicks } = turn.state;
  if (member === undefined || session === undefined || !equalBytes(member.groupId, message.groupId)) return;
  const { link, keys } = member.held;
  const target = { roomId: link.roomId, linkId: keys.linkId, groupId: member.groupId };
  const opened = await openKnock(keys.knockKey, target, message.sealed);
  const read = opened && (await readKeyPackage(opened.keyPackage, suite));
  if (!opened || !read?.ok) return;
  const { signatureKey: leafKey } = read.value;
  const reference = toHex(read.value.reference);
  const { participantId } = message;
  const isKicked = kickedKeys.has(toHex(leafKey)) || kicks.some((kick) => equalBytes(kick.leafKey, leafKey));
  if (usedReferences.has(reference) || isKicked) return;
  if ((await participantIdOf(leafKey, session.callId)) !== participantId) return;
  const others = knocks.filter((knock) => knock.participantId !== participantId);
  if (others.length >= KNOCKS_KEPT_MAX) return;
  turn.set({ knocks: [...others, { participantId, keyPackage: opened.keyPackage, reference, leafKey }] });
}

export function dropKnock(turn: Turn, participantId: string): void {
  turn.set({ knocks: turn.state.knocks.filter((knock) => knock.participantId !== participantId) });
}
