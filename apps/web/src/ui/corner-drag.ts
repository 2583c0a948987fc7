/** Dragging the own picture to another corner, by pointer; the arrow keys move it when it has the focus. SPEC P67. */
import { useRef } from 'preact/hooks';
import { DRAG_PX_MIN } from '../limits.ts';

export interface CornerMoves {
  /** @returns false for a key that moves nothing */
  moveByKey(key: string): boolean;
  /** Where the middle of the tile was let go, in pixels of the window. */
  dropAt(x: number, y: number): void;
}

/** Attributes for the tile; none while it cannot be moved. */
export function useCornerDrag(moves: CornerMoves | undefined) {
  const start = useRef<{ readonly x: number; readonly y: number } | undefined>(undefined);
  if (!moves) return {};
  const end = (tile: HTMLElement) => {
    start.current = undefined;
    tile.removeAttribute('data-dragged');
    tile.style.removeProperty('--dx');
    tile.style.removeProperty('--dy');
  };
  return {
    tabIndex: 0,
    'aria-description': 'Drag it to another corner, or use the arrow keys',
    onKeyDown: (event: KeyboardEvent) => {
      if (moves.moveByKey(event.key)) event.preventDefault();
    },
    onPointerDown: (event: PointerEvent) => {
      start.current = { x: event.clientX, y: event.clientY };
      tileOf(event).setPointerCapture(event.pointerId);
    },
    onPointerMove: (event: PointerEvent) => {
      if (!start.current) return;
      const tile = tileOf(event);
      const [dx, dy] = [event.clientX - start.current.x, event.clientY - start.current.y];
      if (Math.hypot(dx, dy) < DRAG_PX_MIN && !tile.hasAttribute('data-dragged')) return;
      tile.setAttribute('data-dragged', '');
      tile.style.setProperty('--dx', `${dx}px`);
      tile.style.setProperty('--dy', `${dy}px`);
    },
    onPointerUp: (event: PointerEvent) => {
      const tile = tileOf(event);
      const box = tile.getBoundingClientRect();
      const wasDragged = tile.hasAttribute('data-dragged');
      end(tile);
      if (wasDragged) moves.dropAt(box.x + box.width / 2, box.y + box.height / 2);
    },
    onPointerCancel: (event: PointerEvent) => end(tileOf(event)),
  };
}

function tileOf(event: PointerEvent): HTMLElement {
  return event.currentTarget as HTMLElement;
}
