/** How scenarios begin. */

import type { CallPage } from '../call-page.ts';
import type { Cast } from './cast.ts';

/** Ada starts a call and Bob comes by its link; each sees the other move. The link is the third. */
export async function meet(cast: Cast): Promise<[CallPage, CallPage, string]> {
  const ada = await cast.person('Ada');
  const link = await ada.startCall(cast.product.origin);
  const bob = await cast.person('Bob');
  await bob.enter(link);
  await Promise.all([ada.sees('Bob'), bob.sees('Ada')]);
  return [ada, bob, link];
}
