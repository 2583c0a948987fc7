/**
 * Tokens for LiveKit: an opaque identity in an opaque room, for a minute. Who is no member is hidden (D26).
 *
 * @see SPEC.md V57, V82
 */
import { toBase64Url } from '@conclave/protocol/bytes';
import { AccessToken } from 'livekit-server-sdk';
import type { Call } from '../delivery/call.ts';
import { SFU_TOKEN_LIFETIME_S } from '../delivery-limits.ts';
import type { LiveKit } from '../livekit/supervisor.ts';

export function roomNameOf(call: Call): string {
  return toBase64Url(call.callId);
}

/**
 * What a member may do, or who is not one yet. Data never goes over LiveKit (livekit.md §6).
 *
 * Who is no member may publish and subscribe, so that both are negotiated before the click. What it publishes is told to
 * nobody while it is hidden and costs the SFU incoming traffic alone; that nothing is sent to it is the relay's work (V82).
 */
export function permissionOf(isMember: boolean) {
  return {
    canPublish: true,
    canSubscribe: true,
    canPublishData: false,
    canUpdateMetadata: false,
    hidden: !isMember,
  };
}

/** A JWT that lets `participantId` connect with what it may do. */
export async function mintToken(
  { apiKey, apiSecret }: Pick<LiveKit, 'apiKey' | 'apiSecret'>,
  call: Call,
  participantId: string,
  isMember: boolean,
): Promise<string> {
  const token = new AccessToken(apiKey, apiSecret, { identity: participantId, ttl: SFU_TOKEN_LIFETIME_S });
  const { canUpdateMetadata, ...permission } = permissionOf(isMember);
  token.addGrant({
    room: roomNameOf(call),
    roomJoin: true,
    ...permission,
    canUpdateOwnMetadata: canUpdateMetadata,
  });
  return token.toJwt();
}
