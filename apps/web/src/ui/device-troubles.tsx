/** Why the camera or the microphone does not start, where this browser keeps the switch, and another try. SPEC P14, P68. */
import { browserFamily } from '../browser-family.ts';
import type { OwnMedia } from '../own-media.ts';
import { troubleWords } from '../words.ts';
import { PermissionDrawing } from './permission-drawing.tsx';

export function DeviceTroubles({ own }: { readonly own: OwnMedia }) {
  const camera = own.cameraTrouble.value;
  const microphone = own.microphoneTrouble.value;
  const browser = browserFamily(navigator.userAgent, navigator.maxTouchPoints);
  const troubles = troubleWords(camera, microphone, browser);
  if (troubles.length === 0) return null;
  return (
    <div class="trouble" role="alert">
      {[camera, microphone].includes('DENIED') && <PermissionDrawing browser={browser} />}
      {troubles.map(({ title, text }) => (
        <p key={title}>
          <strong>{title}</strong> {text}
        </p>
      ))}
      <button type="button" onClick={() => void own.retry()}>
        Try again
      </button>
    </div>
  );
}
