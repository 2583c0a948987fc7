/** The corner in which the own picture lies in a call of two: dragged, or moved by the arrow keys. SPEC P67. */

export type Corner = 'top-left' | 'top-right' | 'bottom-left' | 'bottom-right';

/** Undefined for a key that moves nothing. */
export function cornerByKey(corner: Corner, key: string): Corner | undefined {
  const [vertical, horizontal] = corner.split('-') as ['top' | 'bottom', 'left' | 'right'];
  const moved: Readonly<Record<string, Corner>> = {
    ArrowUp: `top-${horizontal}`,
    ArrowDown: `bottom-${horizontal}`,
    ArrowLeft: `${vertical}-left`,
    ArrowRight: `${vertical}-right`,
  };
  return moved[key];
}

/** @param x, y where the middle of the tile was let go, 0–1 of the stage */
export function nearestCorner(x: number, y: number): Corner {
  return `${y < 0.5 ? 'top' : 'bottom'}-${x < 0.5 ? 'left' : 'right'}`;
}
