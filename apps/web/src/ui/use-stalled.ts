/** True while the picture inside an element has stopped; another track starts anew. SPEC P75. */
import { useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';
import { PICTURE_LOOK_MS } from '../limits.ts';
import { StalledPicture } from '../stalled-picture.ts';

/** @param track undefined for what is not watched: the own picture, and screens, which stand still by nature */
export function useStalled(
  element: RefObject<HTMLElement | null>,
  track: MediaStreamTrack | undefined,
): boolean {
  const isStalled = useSignal(false);
  useEffect(() => {
    isStalled.value = false;
    if (!track) return;
    const picture = new StalledPicture();
    const look = () => {
      const frames = element.current?.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames ?? 0;
      const isLookedAt = document.visibilityState === 'visible';
      isStalled.value = picture.note(frames, isLookedAt, performance.now());
    };
    const timer = setInterval(look, PICTURE_LOOK_MS);
    return () => clearInterval(timer);
  }, [track]);
  return isStalled.value;
}
