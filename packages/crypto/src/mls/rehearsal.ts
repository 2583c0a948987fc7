/**
 * A rehearsal: an admission and a join in a group of nobody, so that the engine's code has been loaded and compiled when
 * a person clicks Join. It costs what a join costs, and leaves nothing behind.
 *
 * @see SPEC.md K65
 */
import { commit } from './commit.ts';
import { createGroup } from './create-group.ts';
import { eraseKeyPackage, eraseState } from './erase.ts';
import { encodeGroupInfo, encodeTree } from './group.ts';
import { joinFromWelcome } from './join-welcome.ts';
import { createKeyPackage, readKeyPackage, screenKeyPackages } from './key-package.ts';
import { generateSigningKey } from './signing-key.ts';
import type { Suite } from './suite.ts';

const IDENTITY_BYTES = 64;
const GROUP_ID_BYTES = 32;
const ID_BYTES = 16;

/** False when the way in does not work on this device. */
export async function rehearse(suite: Suite): Promise<boolean> {
  const [host, guest] = await Promise.all([own(suite), own(suite)]);
  const pskId = random(ID_BYTES);
  const secret = random(GROUP_ID_BYTES);
  const psks = () => secret;
  const group = await createGroup(suite, random(GROUP_ID_BYTES), host, []);
  const { message: keyPackage } = guest;
  await readKeyPackage(keyPackage, suite);
  await screenKeyPackages(group, suite, [keyPackage]);
  const proposals = [{ type: 'add', keyPackage } as const, { type: 'psk', pskId } as const];
  const { state, welcomes } = await commit(group, suite, { proposals, psks });
  await encodeGroupInfo(state, suite);
  const joined = await joinFromWelcome(suite, {
    welcome: welcomes[0]?.welcome ?? new Uint8Array(0),
    tree: encodeTree(state),
    keyPackage: guest,
    psks,
    judge: async () => undefined,
  });
  for (const one of [host, guest]) eraseKeyPackage(one);
  for (const one of [group, state, ...(joined.ok ? [joined.value] : [])]) eraseState(one);
  return joined.ok;
}

async function own(suite: Suite) {
  return createKeyPackage(suite, await generateSigningKey(), random(IDENTITY_BYTES));
}

function random(length: number) {
  return crypto.getRandomValues(new Uint8Array(length));
}
