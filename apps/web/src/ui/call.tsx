/**
 * The call: stage, mark, banners, bar, one panel at a time. It stands from the click on Join, so that what is built takes no
 * time from the first picture.
 */
import type { CallView } from '@conclave/calling/view';
import type { CallModel } from '../call-model.ts';
import { Alone } from './alone.tsx';
import { Banners } from './banners.tsx';
import { CallDialogs } from './call-dialogs.tsx';
import { ControlBar } from './control-bar.tsx';
import { DevicesPanel } from './devices-panel.tsx';
import { FullScreenButton } from './full-screen-button.tsx';
import { InvitePanel } from './invite-panel.tsx';
import { Mark } from './mark.tsx';
import { Sound } from './media.tsx';
import { PeoplePanel } from './people-panel.tsx';
import { SecurityPanel } from './security-panel.tsx';
import { StageView } from './stage.tsx';
import { Step } from './step.tsx';
import { useQuietControls } from './use-quiet-controls.ts';

export interface CallProps {
  readonly call: CallModel;
  readonly onStart: () => void;
}

export function Call({ call, onStart }: CallProps) {
  const view = call.call.value;
  const controls = useQuietControls(call);
  return (
    <main class={`call has-${controls}-controls ${call.panel.value ? 'has-panel' : ''}`}>
      <h1 class="visually-hidden">Call</h1>
      {call.isIn.value ? <TrustMarkLine call={call} /> : <ComingLine call={call} />}
      <div class="call-stage">
        <div class="call-corner">
          <FullScreenButton />
        </div>
        <Banners call={call} onStart={onStart} />
        <div class={`call-room ${call.isAlone.value ? 'is-alone' : ''}`}>
          <StageView call={call} />
          {call.isAlone.value && <Alone call={call} />}
          <Notices call={call} />
        </div>
      </div>
      <ControlBar call={call} />
      {view && <PanelOf call={call} view={view} />}
      <Sounds call={call} />
      {view && <CallDialogs call={call} view={view} />}
    </main>
  );
}

function PanelOf({ call, view }: { readonly call: CallModel; readonly view: CallView }) {
  switch (call.panel.value) {
    case 'people':
      return <PeoplePanel call={call} view={view} />;
    case 'security':
      return <SecurityPanel call={call} view={view} />;
    case 'devices':
      return <DevicesPanel call={call} />;
    case 'invite':
      return <InvitePanel call={call} />;
    case undefined:
      return null;
  }
}

/** Where the mark will stand: before somebody is in, nothing is known of who is. */
function ComingLine({ call }: { readonly call: CallModel }) {
  return (
    <div class="trust is-coming">
      <Step text={call.step.value} />
    </div>
  );
}

/** A sentence, and over it a button of its own: 'People' must name one button alone. It never fades (P8, P61). */
function TrustMarkLine({ call }: { readonly call: CallModel }) {
  const mark = call.mark.value;
  if (!mark) return null;
  return (
    <div class={`trust is-${mark.tone}`}>
      <Mark size={18} />
      <p>{mark.text}</p>
      <button
        type="button"
        aria-label="How this is known"
        aria-expanded={call.panel.value === 'security'}
        onClick={() => call.togglePanel('security')}
      />
    </div>
  );
}

/** Over the top of the pictures: names stand at their foot, and text is beside or below them. */
function Notices({ call }: { readonly call: CallModel }) {
  return (
    <div class="notices" role="status" aria-live="polite">
      {call.notices.shown.value.map((notice) => (
        <p key={notice.id}>{notice.text}</p>
      ))}
    </div>
  );
}

function Sounds({ call }: { readonly call: CallModel }) {
  return (
    <div hidden>
      {call.sounds.value.map(({ id, track }) => (
        <Sound
          key={id}
          track={track}
          speakerId={call.own.choice.value.speakerId}
          isUnblocked={!call.isSoundBlocked.value}
          onBlocked={() => (call.isSoundBlocked.value = true)}
        />
      ))}
    </div>
  );
}
