/** What is being waited for, in words; shown only when it takes longer than a blink. SPEC P29. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { STEP_SHOWN_AFTER_MS } from '../limits.ts';

export function Step({ text }: { readonly text: string | undefined }) {
  const isShown = useSignal(false);
  const isWaiting = text !== undefined && text !== '';
  useEffect(() => {
    isShown.value = false;
    if (!isWaiting) return;
    const timer = setTimeout(() => {
      isShown.value = true;
    }, STEP_SHOWN_AFTER_MS);
    return () => clearTimeout(timer);
  }, [isWaiting]);
  return (
    <p class="step" role="status">
      {isWaiting && isShown.value ? text : ''}
    </p>
  );
}
