/** The link as a QR code, dark on light in both themes, as cameras expect it. SPEC P62. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { QrDrawing } from '../qr.ts';

export function QrCode({ text }: { readonly text: string }) {
  const drawing = useSignal<QrDrawing | undefined>(undefined);
  useEffect(() => {
    let isWanted = true;
    void import('../qr.ts')
      .then(({ drawQr }) => {
        if (isWanted) drawing.value = drawQr(text);
      })
      // Without it the link is there as text.
      .catch(() => undefined);
    return () => {
      isWanted = false;
    };
  }, [text]);
  if (!drawing.value) return <div class="qr" />;
  const { path, sizeModules } = drawing.value;
  return (
    <svg
      class="qr"
      viewBox={`0 0 ${sizeModules} ${sizeModules}`}
      role="img"
      aria-label="QR code of the link"
      shape-rendering="crispEdges"
    >
      <path d={path} />
    </svg>
  );
}
