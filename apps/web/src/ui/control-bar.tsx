/** The one bar of a call. Its names are part of the product: people and tests rely on them. SPEC P32. */

import type { IconNode } from 'lucide';
import { Link, LogOut, MonitorUp, MonitorX, Settings2, ShieldCheck, Users } from 'lucide';
import type { CallModel, Panel } from '../call-model.ts';
import { Icon } from './icon.tsx';
import { CameraSwitch, MicrophoneSwitch } from './preview.tsx';

export function ControlBar({ call }: { readonly call: CallModel }) {
  const isSharing = call.share.state.value.at === 'on';
  const count = call.call.value?.people.length ?? 0;
  return (
    <div class="bar" role="toolbar" aria-label="Call">
      <div class="bar-main">
        <MicrophoneSwitch call={call} />
        <CameraSwitch call={call} />
        <button
          type="button"
          class="round danger leave"
          aria-label="Leave"
          title="Leave"
          disabled={call.isLeaving.value}
          onClick={() => void call.leave()}
        >
          <Icon node={LogOut} />
        </button>
      </div>
      <div class="bar-more">
        {call.canShareScreen && (
          <BarButton
            label={isSharing ? 'Stop sharing' : 'Share screen'}
            short={isSharing ? 'Stop' : 'Share'}
            node={isSharing ? MonitorX : MonitorUp}
            isOn={isSharing}
            onClick={() => call.toggleShare()}
          />
        )}
        <PanelButton call={call} panel="people" label="People" node={Users} count={count} />
        <PanelButton call={call} panel="security" label="Security" node={ShieldCheck} />
        {!call.isLinkShown.value && (
          <BarButton label="Copy link" short="Link" node={Link} onClick={() => void call.copyLink()} />
        )}
        <PanelButton call={call} panel="devices" label="Camera and sound" short="Devices" node={Settings2} />
      </div>
    </div>
  );
}

interface BarButtonProps {
  readonly label: string;
  /** Under the icon on phones. */
  readonly short?: string;
  readonly node: IconNode;
  readonly isOn?: boolean;
  readonly count?: number;
  readonly isExpanded?: boolean;
  readonly onClick: () => void;
}

function BarButton({ label, short = label, node, isOn = false, count, isExpanded, onClick }: BarButtonProps) {
  return (
    <button
      type="button"
      class={`round labelled ${isOn ? 'is-on' : ''} ${isExpanded ? 'is-open' : ''}`}
      aria-label={label}
      title={label}
      aria-expanded={isExpanded}
      onClick={onClick}
    >
      <Icon node={node} />
      {count !== undefined && (
        <span class="count" aria-hidden="true">
          {count}
        </span>
      )}
      <span class="short" aria-hidden="true">
        {short}
      </span>
    </button>
  );
}

function PanelButton({
  call,
  panel,
  ...rest
}: { readonly call: CallModel; readonly panel: Panel } & Omit<BarButtonProps, 'onClick' | 'isExpanded'>) {
  return (
    <BarButton {...rest} isExpanded={call.panel.value === panel} onClick={() => call.togglePanel(panel)} />
  );
}
