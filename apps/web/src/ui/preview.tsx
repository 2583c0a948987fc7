/** Before the call: the own picture, the loudness of the own microphone, the devices, a name. */
import { useEffect, useRef } from 'preact/hooks';
import type { OwnMedia } from '../own-media.ts';
import type { PreviewModel } from '../preview-model.ts';
import { DeviceFields } from './device-fields.tsx';
import { DeviceTroubles } from './device-troubles.tsx';
import { Mark } from './mark.tsx';
import { Picture } from './media.tsx';
import { CameraSwitch, MicrophoneSwitch } from './own-switches.tsx';

export function Preview({
  preview,
  onHome,
}: {
  readonly preview: PreviewModel;
  readonly onHome: () => void;
}) {
  const { own } = preview.call;
  const isDenied = own.cameraTrouble.value !== undefined;
  return (
    <main class="preview">
      <header>
        <button type="button" class="brand text" aria-label="Conclave, to the first page" onClick={onHome}>
          <Mark size={24} /> Conclave
        </button>
      </header>
      <h1 class="visually-hidden">Before you join</h1>
      <section class="preview-picture" aria-label="Your picture">
        <OwnPicture own={own} />
        <Level own={own} />
        <div class="preview-switches">
          <MicrophoneSwitch call={preview.call} />
          <CameraSwitch call={preview.call} />
        </div>
      </section>
      <form
        class="preview-form"
        onSubmit={(event) => {
          event.preventDefault();
          preview.join();
        }}
      >
        <NameField preview={preview} />
        <DeviceTroubles own={own} />
        <div class="actions">
          <button type="submit" class="primary large">
            Join
          </button>
          {isDenied && (
            <button type="button" class="large" onClick={() => void preview.joinWithoutCamera()}>
              Join without camera
            </button>
          )}
        </div>
        <DeviceFields own={own} />
      </form>
    </main>
  );
}

function OwnPicture({ own }: { readonly own: OwnMedia }) {
  const track = own.camera.value;
  if (track) return <Picture track={track} isMirrored />;
  return (
    <div class="no-picture">
      <p>{own.isStarting.value ? 'Your camera is starting…' : 'Your camera is off'}</p>
    </div>
  );
}

/** Speech has a root mean square of about 0.02–0.3; its square root fills the bar evenly. */
function shownLevel(level: number): number {
  return Math.min(1, Math.sqrt(level / 0.3));
}

/** A bar at the picture's edge; its height is the loudness. */
function Level({ own }: { readonly own: OwnMedia }) {
  const bar = useRef<HTMLDivElement>(null);
  useEffect(
    () =>
      own.level.subscribe((level) => bar.current?.style.setProperty('--level', shownLevel(level).toFixed(3))),
    [own],
  );
  return (
    <div class={`level ${own.isMicrophoneOn.value ? '' : 'is-off'}`} aria-hidden="true">
      <div ref={bar} />
    </div>
  );
}

function NameField({ preview }: { readonly preview: PreviewModel }) {
  const input = useRef<HTMLInputElement>(null);
  const isMissing = preview.isNameMissing.value;
  useEffect(() => {
    if (isMissing || preview.name.peek() === '') input.current?.focus();
  }, [isMissing]);
  return (
    <div>
      <label class="field">
        <span>Your name</span>
        <input
          ref={input}
          type="text"
          name="name"
          autocomplete="nickname"
          maxLength={60}
          value={preview.name.value}
          aria-invalid={isMissing}
          aria-describedby="name-note"
          onInput={(event) => {
            preview.name.value = event.currentTarget.value;
            preview.isNameMissing.value = false;
          }}
        />
      </label>
      <p id="name-note" class={isMissing ? 'error' : 'hint'}>
        {isMissing ? 'Type the name that the others will see.' : 'Only the people in the call see it.'}
      </p>
    </div>
  );
}
