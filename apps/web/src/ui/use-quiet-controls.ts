/**
 * True when nothing has moved for a while: the bar may fade. Never on touch, under the pointer, while a control has the
 * keyboard's focus, or while something is open that the bar belongs to. SPEC P61.
 */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { CallModel } from '../call-model.ts';
import { CONTROLS_VISIBLE_MS } from '../limits.ts';

const WAKING = ['pointermove', 'pointerdown', 'keydown', 'focusin'] as const;
const IN_USE = '.bar:hover, .call-corner:hover, .bar :focus-visible, .call-corner :focus-visible';

export function useQuietControls(call: CallModel): boolean {
  const isQuiet = useSignal(false);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const wake = () => {
      isQuiet.value = false;
      clearTimeout(timer);
      timer = setTimeout(rest, CONTROLS_VISIBLE_MS);
    };
    const rest = () => {
      if (!matchMedia('(hover: hover)').matches) return;
      if (document.querySelector(IN_USE)) wake();
      else isQuiet.value = true;
    };
    for (const event of WAKING) addEventListener(event, wake);
    wake();
    return () => {
      clearTimeout(timer);
      for (const event of WAKING) removeEventListener(event, wake);
    };
  }, []);
  const isBusy = call.panel.value !== undefined || call.isAlone.value || call.share.state.value.at !== 'off';
  return isQuiet.value && !isBusy;
}
