import { describe, expect, test } from 'vitest';
import { nearestCorner } from './corner.ts';
import { layoutGrid } from './grid.ts';
import { layoutStage, type Rect } from './stage-layout.ts';
import type { Tile } from './tiles.ts';

const DESKTOP = { widthPx: 1256, heightPx: 660, gapPx: 8 };
const PHONE = { widthPx: 374, heightPx: 630, gapPx: 8 };

function tiles(count: number, screens = 0): readonly Tile[] {
  const base = { isMuted: false, isSpeaking: false, isLost: false, isComing: false };
  const screenTiles = Array.from({ length: screens }, (_, index): Tile => {
    return {
      ...base,
      id: `s${index}`,
      personKey: `s${index}`,
      kind: 'screen',
      name: 'screen',
      isSelf: false,
    };
  });
  const people = Array.from({ length: count }, (_, index): Tile => {
    return {
      ...base,
      id: `p${index}`,
      personKey: `p${index}`,
      kind: 'camera',
      name: 'p',
      isSelf: index === 0,
    };
  });
  return [...screenTiles, ...people];
}

function overlap(a: Rect, b: Rect): boolean {
  const apart =
    a.xPx + a.widthPx <= b.xPx + 0.5 ||
    b.xPx + b.widthPx <= a.xPx + 0.5 ||
    a.yPx + a.heightPx <= b.yPx + 0.5 ||
    b.yPx + b.heightPx <= a.yPx + 0.5;
  return !apart;
}

describe('the grid', () => {
  test.each([
    [1, 1],
    [2, 2],
    [4, 2],
    [5, 3],
    [9, 3],
  ])('[P6] %i tiles on a desktop stand in %i columns, from 4:3 to 16:9', (count, columns) => {
    const grid = layoutGrid(count, DESKTOP);
    expect(grid.columns).toBe(columns);
    expect(grid.tileWidthPx / grid.tileHeightPx).toBeLessThan(1.79);
    expect(grid.tileWidthPx / grid.tileHeightPx).toBeGreaterThan(1.32);
  });

  test('[P6] an upright phone shows up to four landscape pictures whole below each other, more in two columns', () => {
    for (const count of [3, 4]) {
      const { columns, tileWidthPx, tileHeightPx } = layoutGrid(count, PHONE);
      expect(columns).toBe(1);
      expect(tileWidthPx / tileHeightPx).toBeGreaterThan(1.75);
    }
    for (const count of [5, 9, 30]) expect(layoutGrid(count, PHONE).columns).toBe(2);
  });

  test('[P6] of a landscape picture an upright phone cuts off less than half, whatever the count', () => {
    for (let count = 2; count <= 30; count += 1) {
      const { tileWidthPx, tileHeightPx } = layoutGrid(count, PHONE);
      expect(tileWidthPx / tileHeightPx / (16 / 9)).toBeGreaterThan(0.55);
    }
  });

  test('[P6] a crowd on a phone scrolls in two full columns instead of shrinking', () => {
    expect(layoutGrid(30, PHONE)).toEqual({ columns: 2, tileWidthPx: 183, tileHeightPx: 102 });
  });

  test('[P6] no number of columns would give larger tiles', () => {
    for (let count = 1; count <= 25; count += 1) {
      const chosen = layoutGrid(count, DESKTOP);
      for (let columns = 1; columns <= count; columns += 1) {
        const rows = Math.ceil(count / columns);
        const widthPx = (DESKTOP.widthPx - 8 * (columns - 1)) / columns;
        const heightPx = (DESKTOP.heightPx - 8 * (rows - 1)) / rows;
        const fitted = Math.min(widthPx, (heightPx * 16) / 9);
        const area = chosen.tileWidthPx * chosen.tileHeightPx;
        // Whole pixels are rounded down in both directions.
        expect(area).toBeGreaterThanOrEqual((fitted - 2) * ((fitted * 9) / 16 - 2));
      }
    }
  });
});

describe('the stage', () => {
  test.each([
    ['desktop', DESKTOP, 0],
    ['phone', PHONE, 0],
    ['desktop', DESKTOP, 1],
    ['phone', PHONE, 2],
  ])('[P6] on a %s no two tiles overlap, with 1 to 25 people (%#)', (_, stage, screens) => {
    for (let count = 1; count <= 25; count += 1) {
      if (count === 2 && screens === 0) continue;
      const all = tiles(count, screens);
      const layout = layoutStage(all, stage);
      const rects = all.map((tile) => layout.rects.get(tile.id));
      rects.forEach((a, index) => {
        expect(a).toBeDefined();
        if (!a) return;
        expect(a.xPx).toBeGreaterThanOrEqual(0);
        expect(a.xPx + a.widthPx).toBeLessThanOrEqual(stage.widthPx + 1);
        expect(a.yPx + a.heightPx).toBeLessThanOrEqual(layout.contentHeightPx + 1);
        for (const b of rects.slice(index + 1)) expect(b && overlap(a, b)).toBe(false);
      });
    }
  });

  test('[P6] in a call of two the own tile lies in the corner of the other one', () => {
    const layout = layoutStage(tiles(2), DESKTOP);
    const [self, other] = [layout.rects.get('p0'), layout.rects.get('p1')];
    expect(self && other && self.widthPx < other.widthPx / 2 && overlap(self, other)).toBe(true);
  });

  test.each(['top-left', 'top-right', 'bottom-left', 'bottom-right'] as const)(
    '[P67] at %s the own tile is inside the other one, at that corner',
    (corner) => {
      for (const stage of [DESKTOP, PHONE]) {
        const layout = layoutStage(tiles(2), stage, corner);
        const [self, other] = [layout.rects.get('p0'), layout.rects.get('p1')];
        if (!self || !other) throw new Error('both are placed');
        const x = (self.xPx + self.widthPx / 2 - other.xPx) / other.widthPx;
        const y = (self.yPx + self.heightPx / 2 - other.yPx) / other.heightPx;
        expect(nearestCorner(x, y)).toBe(corner);
        expect(layout.cornerId).toBe('p0');
        expect(self.xPx).toBeGreaterThan(other.xPx);
        expect(self.yPx + self.heightPx).toBeLessThan(other.yPx + other.heightPx);
      }
    },
  );

  test('[P6] beside a shared screen six people stand in the strip without scrolling', () => {
    expect(layoutStage(tiles(6, 1), DESKTOP).contentHeightPx).toBe(DESKTOP.heightPx);
    expect(layoutStage(tiles(20, 1), DESKTOP).contentHeightPx).toBeGreaterThan(DESKTOP.heightPx);
  });

  test('[P6] on an upright phone a shared screen takes the width, and faces are small below it', () => {
    for (const count of [2, 3, 6]) {
      const { rects } = layoutStage(tiles(count, 1), PHONE);
      const [screen, face] = [rects.get('s0'), rects.get('p0')];
      expect(screen?.widthPx).toBe(PHONE.widthPx);
      expect(face && screen && face.yPx >= screen.yPx + screen.heightPx).toBe(true);
      expect(face?.widthPx).toBeLessThan(PHONE.widthPx / 2);
    }
  });

  test('[P6] tiles keep their order when one more comes', () => {
    for (let count = 3; count < 12; count += 1) {
      const order = [...layoutStage(tiles(count), DESKTOP).rects.keys()];
      expect([...layoutStage(tiles(count + 1), DESKTOP).rects.keys()].slice(0, count)).toEqual(order);
    }
  });
});
