/**
 * The stage: every tile where `layoutStage` puts it, and the report of what is visible at what size, so that only that is
 * subscribed. SPEC P6, P31.
 */
import { useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { CallModel } from '../call-model.ts';
import { nearestCorner } from '../corner.ts';
import { VISIBLE_TILES_DELAY_MS } from '../limits.ts';
import { layoutStage } from '../stage-layout.ts';
import { visibleTiles } from '../visible-tiles.ts';
import { TileView } from './tile.tsx';

const GAP_PX = 8;
/** What scrolls can be scrolled by the keyboard. */
const SCROLLING = { tabIndex: 0, role: 'region', 'aria-label': 'Pictures' } as const;

export function StageView({ call }: { readonly call: CallModel }) {
  const stage = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const size = useSignal({ widthPx: 0, heightPx: 0 });
  useLayoutEffect(() => {
    const element = stage.current;
    if (!element) return;
    const measure = () => {
      size.value = { widthPx: element.clientWidth, heightPx: element.clientHeight };
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const tiles = call.tiles.value;
  const layout = layoutStage(tiles, { ...size.value, gapPx: GAP_PX }, call.corner.value);
  useLayoutEffect(() => {
    content.current?.style.setProperty('height', `${layout.contentHeightPx}px`);
  });
  const moves = {
    moveByKey: (key: string) => call.moveCorner(key),
    dropAt: (x: number, y: number) => {
      const frame = stage.current?.getBoundingClientRect();
      if (!frame) return;
      call.corner.value = nearestCorner((x - frame.left) / frame.width, (y - frame.top) / frame.height);
    },
  };
  useVisibleReport(call, stage);
  return (
    <div
      ref={stage}
      class={`stage ${layout.cornerId === undefined ? '' : `has-corner-${call.corner.value}`}`}
      {...(layout.contentHeightPx > size.value.heightPx + 1 && SCROLLING)}
    >
      <div ref={content} class="stage-content">
        {tiles.map((tile) => (
          <TileView
            key={tile.id}
            tile={tile}
            rect={layout.rects.get(tile.id)}
            corner={tile.id === layout.cornerId ? moves : undefined}
          />
        ))}
      </div>
    </div>
  );
}

function useVisibleReport(call: CallModel, stage: { readonly current: HTMLDivElement | null }): void {
  useEffect(() => {
    const root = stage.current;
    if (!root) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const report = () => {
      timer = undefined;
      call.setVisible(visibleTiles(call.tiles.peek(), (id) => onScreen(root, id)));
    };
    const later = () => {
      timer ??= setTimeout(report, VISIBLE_TILES_DELAY_MS);
    };
    const seen = new IntersectionObserver(later, { root });
    const resized = new ResizeObserver(later);
    const observeTiles = () => {
      for (const element of root.querySelectorAll('[data-tile]')) {
        seen.observe(element);
        resized.observe(element);
      }
      later();
    };
    const stopTiles = call.tiles.subscribe(() => queueMicrotask(observeTiles));
    document.addEventListener('visibilitychange', later);
    return () => {
      clearTimeout(timer);
      stopTiles();
      seen.disconnect();
      resized.disconnect();
      document.removeEventListener('visibilitychange', later);
    };
  }, [call]);
}

function onScreen(root: HTMLElement, id: string): DOMRect | undefined {
  if (document.visibilityState === 'hidden') return undefined;
  const box = root.querySelector(`[data-tile="${CSS.escape(id)}"]`)?.getBoundingClientRect();
  const frame = root.getBoundingClientRect();
  return box && box.bottom > frame.top && box.top < frame.bottom ? box : undefined;
}
