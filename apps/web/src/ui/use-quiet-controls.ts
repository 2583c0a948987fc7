/**
 * Where the controls are. They stay, as people look for them, save in full screen with a mouse: there they float over
 * the pictures, and are quiet when nothing has moved for a while; never under the pointer, while one of them has the
 * keyboard's focus, or while something is open that the bar belongs to. SPEC P61.
 */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { CallModel } from '../call-model.ts';
import { CONTROLS_VISIBLE_MS } from '../limits.ts';
import { useFullScreen } from './use-full-screen.ts';
import { useMedia } from './use-media.ts';

export type Controls = 'fixed' | 'floating' | 'quiet';

const MOUSE = '(hover: hover)';
const WAKING = ['pointermove', 'pointerdown', 'keydown', 'focusin'] as const;
const IN_USE = '.bar :hover, .call-corner:hover, .bar :focus-visible, .call-corner :focus-visible';

export function useQuietControls(call: CallModel): Controls {
  const isQuiet = useSignal(false);
  const isFull = useFullScreen();
  const hasMouse = useMedia(MOUSE);
  const isBusy = call.panel.value !== undefined || call.isAlone.value || call.share.state.value.at !== 'off';
  const isFloating = isFull && hasMouse && !isBusy;
  useEffect(() => {
    if (!isFloating) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const wake = () => {
      isQuiet.value = false;
      clearTimeout(timer);
      timer = setTimeout(rest, CONTROLS_VISIBLE_MS);
    };
    const rest = () => {
      if (document.querySelector(IN_USE)) wake();
      else isQuiet.value = true;
    };
    for (const event of WAKING) addEventListener(event, wake);
    wake();
    return () => {
      clearTimeout(timer);
      for (const event of WAKING) removeEventListener(event, wake);
    };
  }, [isFloating]);
  if (!isFloating) return 'fixed';
  return isQuiet.value ? 'quiet' : 'floating';
}
