/**
 * The grid of a call: equal tiles that fill a stage, in as many columns as show most of the pictures, which are taken to
 * be 16:9: tiles as large as can be, of which little is cut off. On wide stages a tile is 16:9, and up to 4:3 where that
 * fills more of it; on a stage that is taller than wide a tile is at most square beside another one, and there are two
 * columns as soon as one would leave too much of the width empty. SPEC P6.
 */
import { TILE_WIDTH_PX_MIN } from './limits.ts';

export interface Stage {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly gapPx: number;
}

export interface Grid {
  readonly columns: number;
  readonly tileWidthPx: number;
  readonly tileHeightPx: number;
}

const WIDE = 16 / 9;
const LESS_WIDE = 4 / 3;
const SQUARE = 1;
/** Of an upright stage's width that one column takes at least. */
const ONE_COLUMN_SHARE_MIN = 0.6;
/** Of a column of an upright stage: narrower tiles leave too much of it empty. */
const COLUMN_SHARE_MIN = 0.75;

export function layoutGrid(count: number, stage: Stage): Grid {
  const isTall = stage.heightPx > stage.widthPx;
  if (count <= 1 && isTall) return { columns: 1, tileWidthPx: stage.widthPx, tileHeightPx: stage.heightPx };
  if (isTall) return uprightGrid(count, stage);
  const grids = range(Math.max(1, count)).map((columns) => gridOf(columns, count, stage, LESS_WIDE));
  return grids.reduce((best, grid) => (areaOf(grid) > areaOf(best) ? grid : best));
}

function uprightGrid(count: number, stage: Stage): Grid {
  const one = gridOf(1, count, stage, SQUARE);
  if (one.tileWidthPx >= stage.widthPx * ONE_COLUMN_SHARE_MIN) return one;
  return twoColumns(count, stage);
}

/** Small tiles on an upright stage, as under a shared screen. */
export function twoColumns(count: number, stage: Stage): Grid {
  return gridOf(2, count, stage, SQUARE, COLUMN_SHARE_MIN);
}

/** @param columnShareMin of a column that a tile takes: where there is less room, the grid scrolls */
function gridOf(columns: number, count: number, stage: Stage, tallest: number, columnShareMin = 0): Grid {
  const rows = Math.max(1, Math.ceil(count / columns));
  const widthPx = Math.max(0, (stage.widthPx - stage.gapPx * (columns - 1)) / columns);
  const heightPx = Math.max(0, (stage.heightPx - stage.gapPx * (rows - 1)) / rows);
  const ratio = Math.min(WIDE, Math.max(tallest, widthPx / Math.max(1, heightPx)));
  const fitted = Math.min(widthPx, heightPx * ratio);
  // Tiles that would be too small to recognise anybody keep a good size, and the grid scrolls.
  const leastPx = Math.min(TILE_WIDTH_PX_MIN, widthPx);
  const isTooSmall = fitted < Math.max(leastPx, widthPx * columnShareMin);
  const tileWidthPx = Math.floor(isTooSmall ? (columnShareMin > 0 ? widthPx : leastPx) : fitted);
  return { columns, tileWidthPx, tileHeightPx: Math.floor(tileWidthPx / ratio) };
}

function areaOf(grid: Grid): number {
  return grid.tileWidthPx * grid.tileHeightPx;
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index + 1);
}
