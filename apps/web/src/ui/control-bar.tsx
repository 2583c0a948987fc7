/**
 * The one bar of a call. Its names are part of the product: people and tests rely on them. It stands in one row, on narrow
 * pages in two with the own switches nearest to the thumb; focus goes the way the eye does. SPEC P60, P61.
 */
import { Link, MonitorUp, MonitorX, PhoneOff, Settings2, ShieldCheck, Users } from 'lucide';
import type { CallModel, Panel } from '../call-model.ts';
import { CameraSwitch, MicrophoneSwitch } from './own-switches.tsx';
import { RoundButton, type RoundButtonProps } from './round-button.tsx';
import { UPRIGHT_PHONE, useMedia } from './use-media.ts';

export function ControlBar({ call }: { readonly call: CallModel }) {
  const isUpright = useMedia(UPRIGHT_PHONE);
  const own = (
    <>
      <div class="bar-microphone">
        <MicrophoneSwitch call={call} />
        <MutedHintLine call={call} />
      </div>
      <CameraSwitch call={call} />
    </>
  );
  const leave = (
    <RoundButton
      label="Leave"
      node={PhoneOff}
      class="danger leave"
      isDisabled={call.isLeaving.value}
      onClick={() => void call.leave()}
    />
  );
  return (
    <div class="bar" role="toolbar" aria-label="Call" onKeyDown={moveFocus}>
      {isUpright ? (
        <>
          <div class="bar-row is-more">
            <More call={call} />
          </div>
          <div class="bar-row">
            {own}
            {leave}
          </div>
        </>
      ) : (
        <>
          {own}
          <More call={call} />
          {leave}
        </>
      )}
    </div>
  );
}

function More({ call }: { readonly call: CallModel }) {
  const isSharing = call.share.state.value.at === 'on';
  const isComing = !call.isIn.value;
  return (
    <>
      {call.canShareScreen && (
        <RoundButton
          label={isSharing ? 'Stop sharing' : 'Share screen'}
          short={isSharing ? 'Stop' : 'Share'}
          node={isSharing ? MonitorX : MonitorUp}
          class={`labelled ${isSharing ? 'is-on' : ''}`}
          isDisabled={isComing}
          onClick={() => call.toggleShare()}
        />
      )}
      <PanelButton
        call={call}
        panel="people"
        label="People"
        node={Users}
        isDisabled={isComing}
        count={isComing ? undefined : call.call.value?.people.length}
      />
      <PanelButton call={call} panel="security" label="Security" node={ShieldCheck} isDisabled={isComing} />
      {!call.isLinkShown.value && (
        <RoundButton
          label="Copy link"
          short="Link"
          node={Link}
          class="labelled"
          onClick={() => void call.invite()}
        />
      )}
      <PanelButton call={call} panel="devices" label="Camera and sound" short="Sound" node={Settings2} />
    </>
  );
}

function PanelButton({
  call,
  panel,
  ...rest
}: { readonly call: CallModel; readonly panel: Panel } & Omit<RoundButtonProps, 'onClick' | 'isExpanded'>) {
  return (
    <RoundButton
      {...rest}
      class="labelled"
      isExpanded={call.panel.value === panel}
      onClick={() => call.togglePanel(panel)}
    />
  );
}

/** Above the switch that helps. */
function MutedHintLine({ call }: { readonly call: CallModel }) {
  return (
    <span class="muted-hint" role="status">
      {call.mutedHint.isShown.value ? 'You are muted' : ''}
    </span>
  );
}

/** Arrow keys walk the bar, as in every toolbar; Tab does, too. */
function moveFocus(event: KeyboardEvent): void {
  const bar = event.currentTarget;
  if (!(bar instanceof HTMLElement)) return;
  const buttons = [...bar.querySelectorAll<HTMLElement>('button:enabled')];
  const at = buttons.findIndex((button) => button.matches(':focus'));
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
  if (at < 0 || to === undefined) return;
  event.preventDefault();
  buttons.at(to % buttons.length)?.focus();
}
