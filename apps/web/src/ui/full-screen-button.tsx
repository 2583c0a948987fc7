/** Fills the screen with the call, where the browser can; the browser's own Escape ends it, and so does the call's end. */
import { Maximize, Minimize } from 'lucide';
import { useEffect } from 'preact/hooks';
import { RoundButton } from './round-button.tsx';
import { useFullScreen } from './use-full-screen.ts';

export function FullScreenButton() {
  const isFull = useFullScreen();
  useEffect(
    () => () => {
      if (document.fullscreenElement) void document.exitFullscreen().catch(() => undefined);
    },
    [],
  );
  if (!document.fullscreenEnabled) return null;
  const toggle = () => {
    const change = isFull ? document.exitFullscreen() : document.documentElement.requestFullscreen();
    void change.catch(() => undefined);
  };
  return (
    <RoundButton
      label={isFull ? 'Leave full screen' : 'Full screen'}
      node={isFull ? Minimize : Maximize}
      onClick={toggle}
    />
  );
}
