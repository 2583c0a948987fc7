/** Shapes of the window that change what stands on a page, not only where. The same as in the style sheets. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

/** A phone held upright. */
export const UPRIGHT_PHONE = '(max-width: 700px) and (orientation: portrait)';
/** Any phone, and a window that is as low as one. */
export const SMALL = '(max-width: 700px), (max-height: 560px)';

export function useMedia(query: string): boolean {
  const matches = useSignal(matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const note = () => {
      matches.value = list.matches;
    };
    list.addEventListener('change', note);
    return () => list.removeEventListener('change', note);
  }, [query]);
  return matches.value;
}
