/**
 * One receiver for each kind of each person: the first that shows it keeps it until it is released or silent, so that
 * nobody can put a second picture in the place of the first.
 *
 * @see SPEC.md S15, S111
 */

import type { Binding } from './binding.ts';
import type { Clock } from './clock.ts';
import { HOLDER_IDLE_MS } from './media-limits.ts';

/** One receiver between two releases. */
export type Feed = { readonly receiverId: number; isReleased: boolean };

export type Holders = {
  readonly isHeldElsewhere: (binding: Binding, feed: Feed) => boolean;
  /** Notes that this receiver shows it now. Gives the receiver that had it and has gone silent. */
  readonly hold: (binding: Binding, feed: Feed) => number | undefined;
  /** Forgets everybody who is not in the tree. */
  readonly keepOnly: (leafKeys: ReadonlySet<string>) => void;
};

type Held = { readonly leafKey: string; readonly feed: Feed; readonly atMs: number };

export function createHolders(clock: Clock): Holders {
  const held = new Map<string, Held>();
  const idOf = ({ leafKey, kind }: Binding) => `${leafKey}/${kind}`;
  const otherOf = (binding: Binding, feed: Feed): Held | undefined => {
    const holder = held.get(idOf(binding));
    return holder && holder.feed !== feed && !holder.feed.isReleased ? holder : undefined;
  };
  return {
    isHeldElsewhere: (binding, feed) => {
      const other = otherOf(binding, feed);
      return other !== undefined && clock.nowMs() - other.atMs < HOLDER_IDLE_MS;
    },
    hold: (binding, feed) => {
      const other = otherOf(binding, feed);
      held.set(idOf(binding), { leafKey: binding.leafKey, feed, atMs: clock.nowMs() });
      return other?.feed.receiverId;
    },
    keepOnly: (leafKeys) => {
      for (const [id, { leafKey }] of held) if (!leafKeys.has(leafKey)) held.delete(id);
    },
  };
}
