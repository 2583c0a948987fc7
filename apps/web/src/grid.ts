/**
 * The grid of a call: the largest equal tiles that fill a stage. On wide stages a tile is 16:9, and up to 4:3 where that
 * fills more of it; on a stage that is taller than wide it may be as tall as 3:4, and from three people on it has two
 * columns. SPEC P6.
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
const TALL = 3 / 4;
/** Of a column of an upright stage: narrower tiles leave too much of it empty. */
const COLUMN_SHARE_MIN = 0.75;

export function layoutGrid(count: number, stage: Stage): Grid {
  const isTall = stage.heightPx > stage.widthPx;
  if (count <= 1 && isTall) return { columns: 1, tileWidthPx: stage.widthPx, tileHeightPx: stage.heightPx };
  const choices = isTall ? [count <= 2 ? 1 : 2] : range(Math.max(1, count));
  const grids = choices.map((columns) => gridOf(columns, count, stage, isTall));
  return grids.reduce((best, grid) => (areaOf(grid) > areaOf(best) ? grid : best));
}

function gridOf(columns: number, count: number, stage: Stage, isTall: boolean): Grid {
  const rows = Math.max(1, Math.ceil(count / columns));
  const widthPx = Math.max(0, (stage.widthPx - stage.gapPx * (columns - 1)) / columns);
  const heightPx = Math.max(0, (stage.heightPx - stage.gapPx * (rows - 1)) / rows);
  const tallest = isTall ? TALL : LESS_WIDE;
  const ratio = Math.min(WIDE, Math.max(tallest, widthPx / Math.max(1, heightPx)));
  const fitted = Math.min(widthPx, heightPx * ratio);
  // Tiles that would be too small to recognise anybody keep a good size, and the grid scrolls.
  const leastPx = isTall ? widthPx : Math.min(TILE_WIDTH_PX_MIN, widthPx);
  const isTooSmall = fitted < (isTall ? widthPx * COLUMN_SHARE_MIN : leastPx);
  const tileWidthPx = Math.floor(isTooSmall ? leastPx : fitted);
  return { columns, tileWidthPx, tileHeightPx: Math.floor(tileWidthPx / ratio) };
}

function areaOf(grid: Grid): number {
  return grid.tileWidthPx * grid.tileHeightPx;
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index + 1);
}
