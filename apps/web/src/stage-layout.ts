/**
 * Where every tile stands on the stage. A call of two shows the other large and oneself in a corner; a shared screen
 * takes the stage and people move to a strip; everything else is the grid. Tiles keep their order. SPEC P6.
 */
import type { Corner } from './corner.ts';
import { layoutGrid, type Stage, twoColumns } from './grid.ts';
import type { Tile } from './tiles.ts';

export interface Rect {
  readonly xPx: number;
  readonly yPx: number;
  readonly widthPx: number;
  readonly heightPx: number;
}

export interface StageLayout {
  /** By the id of the tile. */
  readonly rects: ReadonlyMap<string, Rect>;
  /** Taller than the stage when the grid scrolls. */
  readonly contentHeightPx: number;
  /** The tile that lies in a corner of another one. */
  readonly cornerId?: string;
}

/** Share of a wide stage's width that the strip of people takes beside a shared screen. */
const STRIP_SHARE = 0.2;
const STRIP_PX_MIN = 160;
/** Height of a tile in the strip. */
const STRIP_TILE_PX_MIN = 88;
/** The corner tile, by the shape of the stage. */
const CORNER_WIDE = { widthPx: 224, heightPx: 126 };
const CORNER_TALL = { widthPx: 108, heightPx: 144 };
/** Of the width of the tile under it. */
const CORNER_SHARE_MAX = 0.3;

export function layoutStage(
  tiles: readonly Tile[],
  stage: Stage,
  corner: Corner = 'bottom-right',
): StageLayout {
  const screens = tiles.filter((tile) => tile.kind === 'screen');
  const people = tiles.filter((tile) => tile.kind === 'camera');
  if (screens.length > 0) return withScreens(screens, people, stage);
  const [other] = people.filter((tile) => !tile.isSelf);
  const self = people.find((tile) => tile.isSelf);
  if (people.length === 2 && other && self) return withCorner(other, self, stage, corner);
  return gridIn(people, stage, { xPx: 0, yPx: 0, widthPx: stage.widthPx, heightPx: stage.heightPx });
}

function withCorner(other: Tile, self: Tile, stage: Stage, corner: Corner): StageLayout {
  const whole = { xPx: 0, yPx: 0, widthPx: stage.widthPx, heightPx: stage.heightPx };
  const large = gridIn([other], stage, whole).rects.get(other.id) ?? whole;
  const corners = stage.heightPx > stage.widthPx ? CORNER_TALL : CORNER_WIDE;
  const share = Math.min(1, (large.widthPx * CORNER_SHARE_MAX) / corners.widthPx);
  const size = {
    widthPx: Math.floor(corners.widthPx * share),
    heightPx: Math.floor(corners.heightPx * share),
  };
  const inset = stage.gapPx + 4;
  const [vertical, horizontal] = corner.split('-');
  const right = large.xPx + large.widthPx - size.widthPx - inset;
  const bottom = large.yPx + large.heightPx - size.heightPx - inset;
  const small = {
    ...size,
    xPx: horizontal === 'left' ? large.xPx + inset : right,
    yPx: vertical === 'top' ? large.yPx + inset : bottom,
  };
  return {
    rects: new Map([
      [other.id, large],
      [self.id, small],
    ]),
    contentHeightPx: stage.heightPx,
    cornerId: self.id,
  };
}

function withScreens(screens: readonly Tile[], people: readonly Tile[], stage: Stage): StageLayout {
  const isTall = stage.heightPx > stage.widthPx;
  const stripWidthPx = Math.max(STRIP_PX_MIN, Math.floor(stage.widthPx * STRIP_SHARE));
  const main = isTall
    ? {
        xPx: 0,
        yPx: 0,
        widthPx: stage.widthPx,
        heightPx: Math.floor((stage.widthPx * 9) / 16) * screens.length,
      }
    : { xPx: 0, yPx: 0, widthPx: stage.widthPx - stripWidthPx - stage.gapPx, heightPx: stage.heightPx };
  const strip = isTall
    ? {
        xPx: 0,
        yPx: main.heightPx + stage.gapPx,
        widthPx: stage.widthPx,
        heightPx: Math.max(0, stage.heightPx - main.heightPx - stage.gapPx),
      }
    : { xPx: main.widthPx + stage.gapPx, yPx: 0, widthPx: stripWidthPx, heightPx: stage.heightPx };
  const rects = new Map<string, Rect>();
  const each = (main.heightPx - stage.gapPx * (screens.length - 1)) / screens.length;
  screens.forEach((tile, index) => {
    rects.set(tile.id, { ...main, yPx: index * (each + stage.gapPx), heightPx: each });
  });
  const around = isTall
    ? gridIn(people, stage, strip, { layout: twoColumns, isAtTop: true })
    : columnIn(people, stage, strip);
  for (const [id, rect] of around.rects) rects.set(id, rect);
  return { rects, contentHeightPx: Math.max(stage.heightPx, around.contentHeightPx) };
}

/** 16:9, flatter when that lets everybody stand in the column. */
function columnIn(tiles: readonly Tile[], stage: Stage, area: Rect): StageLayout {
  const sharePx = (area.heightPx + stage.gapPx) / Math.max(1, tiles.length) - stage.gapPx;
  const heightPx = Math.floor(Math.max(STRIP_TILE_PX_MIN, Math.min((area.widthPx * 9) / 16, sharePx)));
  const total = tiles.length * (heightPx + stage.gapPx) - stage.gapPx;
  const top = area.yPx + Math.max(0, (area.heightPx - total) / 2);
  const rects = tiles.map((tile, index): [string, Rect] => [
    tile.id,
    { xPx: area.xPx, yPx: top + index * (heightPx + stage.gapPx), widthPx: area.widthPx, heightPx },
  ]);
  return { rects: new Map(rects), contentHeightPx: top + total };
}

/** In the middle of the area, or right at its top. */
function gridIn(
  tiles: readonly Tile[],
  stage: Stage,
  area: Rect,
  { layout = layoutGrid, isAtTop = false } = {},
): StageLayout {
  const grid = layout(tiles.length, { ...area, gapPx: stage.gapPx });
  const rows = Math.ceil(tiles.length / grid.columns);
  const totalPx = rows * grid.tileHeightPx + (rows - 1) * stage.gapPx;
  const top = area.yPx + (isAtTop ? 0 : Math.max(0, (area.heightPx - totalPx) / 2));
  const rects = tiles.map((tile, index): [string, Rect] => {
    const row = Math.floor(index / grid.columns);
    const inRow = Math.min(grid.columns, tiles.length - row * grid.columns);
    const rowPx = inRow * grid.tileWidthPx + (inRow - 1) * stage.gapPx;
    const xPx =
      area.xPx + (area.widthPx - rowPx) / 2 + (index % grid.columns) * (grid.tileWidthPx + stage.gapPx);
    const yPx = top + row * (grid.tileHeightPx + stage.gapPx);
    return [tile.id, { xPx, yPx, widthPx: grid.tileWidthPx, heightPx: grid.tileHeightPx }];
  });
  return { rects: new Map(rects), contentHeightPx: Math.max(area.heightPx, top + totalPx) };
}
