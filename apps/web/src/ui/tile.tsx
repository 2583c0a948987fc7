/** One person, or one shared screen: a group named after it, with a picture when there is one. SPEC P4, P5, P75. */
import { MicOff } from 'lucide';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { hueOf, initialsOf } from '../person-look.ts';
import type { Rect } from '../stage-layout.ts';
import type { Tile } from '../tiles.ts';
import { type CornerMoves, useCornerDrag } from './corner-drag.ts';
import { Icon } from './icon.tsx';
import { Picture } from './media.tsx';
import { useStalled } from './use-stalled.ts';

export function TileView({
  tile,
  rect,
  corner,
}: {
  readonly tile: Tile;
  readonly rect: Rect | undefined;
  /** Given to the tile that lies in a corner of another one and can be moved. */
  readonly corner?: CornerMoves | undefined;
}) {
  const drag = useCornerDrag(corner);
  const element = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const style = element.current?.style;
    if (!style || !rect) return;
    style.setProperty('--x', `${rect.xPx}px`);
    style.setProperty('--y', `${rect.yPx}px`);
    style.setProperty('--w', `${rect.widthPx}px`);
    style.setProperty('--h', `${rect.heightPx}px`);
    style.setProperty('--hue', String(hueOf(tile.personKey)));
    // The way in ends with a jump: gliding would draw the largest pictures anew when everything waits for the processor.
    if (rect.widthPx === 0 || tile.isComing) return;
    const frame = requestAnimationFrame(() => element.current?.setAttribute('data-placed', ''));
    return () => cancelAnimationFrame(frame);
    // Tiles are made anew whenever somebody begins or ends to speak: only another place is worth a frame.
  }, [rect?.xPx, rect?.yPx, rect?.widthPx, rect?.heightPx, tile.personKey, tile.isComing]);
  const isStalled = useStalled(element, tile.isSelf || tile.kind === 'screen' ? undefined : tile.picture);
  const reason = tile.reason ?? (isStalled ? 'The picture has stopped' : undefined);
  const states = [
    'tile',
    tile.kind === 'screen' && 'is-screen',
    tile.isSelf && 'is-self',
    corner && 'is-corner',
    reason !== undefined && 'has-reason',
    (tile.isLost || isStalled) && 'is-frozen',
    tile.isSpeaking && 'is-speaking',
    (rect?.widthPx ?? 0) < 200 && 'is-small',
  ];
  return (
    <div
      ref={element}
      class={states.filter(Boolean).join(' ')}
      {...(!tile.isComing && { role: 'group', 'aria-label': tile.name })}
      data-tile={tile.id}
      {...drag}
    >
      {tile.picture ? (
        <Picture track={tile.picture} isMirrored={tile.isSelf && tile.kind === 'camera'} />
      ) : (
        <div class="no-picture">
          {tile.kind === 'camera' && <span class="initials">{initialsOf(tile.name)}</span>}
        </div>
      )}
      <div class="tile-foot">
        <span class="tile-name">
          {tile.isMuted && (
            <span class="muted" role="img" aria-label="Microphone muted" title="Microphone muted">
              <Icon node={MicOff} size={14} />
            </span>
          )}
          <span class="tile-text" dir="auto">
            {tile.name}
          </span>
          {tile.isSelf && <span class="tile-you">you</span>}
        </span>
        {reason && <span class="tile-reason">{reason}</span>}
      </div>
    </div>
  );
}
