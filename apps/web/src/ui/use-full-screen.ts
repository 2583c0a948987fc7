/** True while the page fills the screen by its own button; the browser's F11 is the browser's matter. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

export function useFullScreen(): boolean {
  const isFull = useSignal(document.fullscreenElement !== null);
  useEffect(() => {
    const note = () => {
      isFull.value = document.fullscreenElement !== null;
    };
    document.addEventListener('fullscreenchange', note);
    return () => document.removeEventListener('fullscreenchange', note);
  }, []);
  return isFull.value;
}
