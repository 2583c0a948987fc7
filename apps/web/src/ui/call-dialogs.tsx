/** The questions of a call. Each says what happens, and to whom. SPEC P24, P26, P30. */
import type { CallView } from '@conclave/calling/view';
import type { CapturedScreen } from '@conclave/client/media/screen-share';
import { useEffect, useRef } from 'preact/hooks';
import { hostQuestion } from '../banners.ts';
import type { CallModel } from '../call-model.ts';
import { nameInSentence } from '../person-look.ts';
import { LinkBox } from './link-box.tsx';
import { Modal } from './modal.tsx';

export function CallDialogs({ call, view }: { readonly call: CallModel; readonly view: CallView }) {
  const share = call.share.state.value;
  if (view.pause === 'ASK_ABOUT_HOST') return <HostQuestion call={call} view={view} />;
  if (call.removing.value)
    return <RemoveQuestion call={call} name={nameInSentence(call.removing.value.name)} />;
  if (share.at === 'asking') return <ShareQuestion call={call} screen={share.screen} />;
  if (call.newLink.value) return <NewLink call={call} removedName={call.newLink.value.removedName} />;
  return null;
}

function HostQuestion({ call, view }: { readonly call: CallModel; readonly view: CallView }) {
  return (
    <Modal title="Is the host here?" onClose={() => undefined}>
      <p>{hostQuestion(view)}</p>
      <p class="hint">Until you answer, your picture and sound are paused.</p>
      <div class="actions">
        <button type="button" onClick={() => void call.leave()}>
          Leave the call
        </button>
        <button type="button" class="primary" onClick={() => call.goOn()}>
          Continue
        </button>
      </div>
    </Modal>
  );
}

function RemoveQuestion({ call, name }: { readonly call: CallModel; readonly name: string }) {
  const cancel = () => {
    call.removing.value = undefined;
  };
  return (
    <Modal title={`Remove ${name}?`} onClose={cancel}>
      <p>{name} sees and hears nothing more at once. The link changes, so the old one lets nobody in.</p>
      <div class="actions">
        <button type="button" onClick={cancel}>
          Cancel
        </button>
        <button type="button" class="danger" onClick={() => call.remove()}>
          Remove
        </button>
      </div>
    </Modal>
  );
}

const SURFACE_WORDS = {
  monitor: 'Your whole screen',
  window: 'This window',
  browser: 'This tab',
  unknown: 'This',
} as const;

function ShareQuestion({ call, screen }: { readonly call: CallModel; readonly screen: CapturedScreen }) {
  const count = call.audienceCount.value;
  const who =
    count === 0 ? 'whoever comes in' : count === 1 ? 'the other person here' : `the ${count} others here`;
  return (
    <Modal
      title={`${SURFACE_WORDS[screen.surface ?? 'unknown']} will be visible to ${who}`}
      class="wide"
      onClose={() => call.share.stop()}
    >
      <StillPicture track={screen.preview} />
      <p class="hint">
        {screen.audio ? 'With its sound. ' : ''}Nobody has seen it yet. Whoever comes in later sees it too.
      </p>
      <div class="actions">
        <button type="button" onClick={() => call.share.stop()}>
          Don’t share
        </button>
        <button type="button" class="primary" onClick={() => call.share.confirm()}>
          Share
        </button>
      </div>
    </Modal>
  );
}

/** One frame of what was picked, frozen: a moving picture of the own screen would show itself. */
function StillPicture({ track }: { readonly track: MediaStreamTrack }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const video = document.createElement('video');
    video.muted = true;
    video.srcObject = new MediaStream([track]);
    const draw = () => {
      const target = canvas.current;
      if (!target || video.videoWidth === 0) return;
      target.width = video.videoWidth;
      target.height = video.videoHeight;
      target.getContext('2d')?.drawImage(video, 0, 0);
      video.srcObject = null;
    };
    video.addEventListener('loadeddata', draw, { once: true });
    void video.play().catch(() => undefined);
    return () => {
      video.srcObject = null;
    };
  }, [track]);
  return <canvas ref={canvas} class="still" role="img" aria-label="What will be visible" />;
}

function NewLink({
  call,
  removedName,
}: {
  readonly call: CallModel;
  readonly removedName: string | undefined;
}) {
  const close = () => {
    call.newLink.value = undefined;
  };
  const title =
    removedName === undefined ? 'The link has changed' : `You removed ${removedName}. The link has changed`;
  return (
    <Modal title={title} onClose={close}>
      <p>
        People with the old link cannot get in.{' '}
        {removedName === undefined
          ? 'A dishonest server could show them a call without you: send the new link now.'
          : `A dishonest server could show them a call with ${removedName} in it: send the new link now.`}
      </p>
      <LinkBox call={call} isFocused />
      <div class="actions">
        <button type="button" onClick={close}>
          Close
        </button>
      </div>
    </Modal>
  );
}
