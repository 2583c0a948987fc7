/** The server of the plain page: tokens that let nobody publish or subscribe, and the raise on Join. */
import type { SfuAccess } from '../../e2e/scenario.ts';
import { type PageServer, serveBuilt } from '../built-pages.ts';

const OUTSIDE = { canPublish: false, canSubscribe: false, canPublishData: false, hidden: true };
const INSIDE = { canPublish: true, canSubscribe: true, canPublishData: false, hidden: false };

export function servePlain(sfu: SfuAccess): Promise<PageServer> {
  return serveBuilt(import.meta.dirname, 'plain', async (method, { pathname, searchParams }) => {
    if (method !== 'POST') return undefined;
    const room = searchParams.get('room') ?? '';
    const identity = searchParams.get('identity') ?? '';
    if (pathname === '/token') return { url: sfu.url, token: sfu.tokenFor(identity, room, OUTSIDE) };
    await sfu.call('UpdateParticipant', room, { identity, permission: INSIDE });
    return {};
  });
}
