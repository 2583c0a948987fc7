/**
 * Founding a group (RFC 9420 §11): one leaf, epoch 0, the extensions that the founder chose.
 */

import { createGroup as createLibraryGroup } from 'ts-mls/clientState.js';
import { config } from './config.ts';
import type { GroupExtension } from './extensions.ts';
import { carryOver } from './extensions.ts';
import type { GroupState } from './group.ts';
import { outside } from './group.ts';
import type { OwnKeyPackage } from './key-package.ts';
import type { Suite } from './suite.ts';

/**
 * @param groupId - random bytes, never used before
 * @param keyPackage - an own, fresh one; erase it afterwards
 * @param extensions - of the three types of extensions.ts; throws for any other
 */
export async function createGroup(
  suite: Suite,
  groupId: Uint8Array,
  { publicPackage, privatePackage }: OwnKeyPackage,
  extensions: readonly GroupExtension[],
): Promise<GroupState> {
  const state = await createLibraryGroup(
    groupId.slice(),
    publicPackage,
    { ...privatePackage, hpkePrivateKey: privatePackage.hpkePrivateKey.slice() },
    carryOver([], extensions),
    suite.implementation,
    config,
  );
  return outside(state);
}
