/** Which pictures of others are on the screen, at which size. SPEC P31. */
import type { VisibleTile } from '@conclave/client/session/call-session.types';
import type { Tile } from './tiles.ts';

/** @param boxOf the box of a tile in CSS pixels; undefined while it cannot be seen */
export function visibleTiles(
  tiles: readonly Tile[],
  boxOf: (id: string) => { readonly width: number; readonly height: number } | undefined,
): readonly VisibleTile[] {
  return tiles.flatMap((tile) => {
    const box = tile.isSelf ? undefined : boxOf(tile.id);
    if (!box || box.width < 1 || box.height < 1) return [];
    const { personKey, kind } = tile;
    return [{ personKey, kind, widthPx: Math.round(box.width), heightPx: Math.round(box.height) }];
  });
}
