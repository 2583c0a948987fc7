/** Fills the screen with the call, where the browser can; the browser's own Escape ends it. */
import { useSignal } from '@preact/signals';
import { Maximize, Minimize } from 'lucide';
import { useEffect } from 'preact/hooks';
import { RoundButton } from './round-button.tsx';

export function FullScreenButton() {
  const isFull = useSignal(document.fullscreenElement !== null);
  useEffect(() => {
    const note = () => {
      isFull.value = document.fullscreenElement !== null;
    };
    document.addEventListener('fullscreenchange', note);
    return () => {
      document.removeEventListener('fullscreenchange', note);
      if (document.fullscreenElement) void document.exitFullscreen().catch(() => undefined);
    };
  }, []);
  if (!document.fullscreenEnabled) return null;
  const toggle = () => {
    const change = isFull.value ? document.exitFullscreen() : document.documentElement.requestFullscreen();
    void change.catch(() => undefined);
  };
  return (
    <RoundButton
      label={isFull.value ? 'Leave full screen' : 'Full screen'}
      node={isFull.value ? Minimize : Maximize}
      onClick={toggle}
    />
  );
}
