/** The ways to invite besides copying: the code for a phone's camera, the device's own sheet, the link to read. SPEC P62. */
import { Send } from 'lucide';
import type { CallModel } from '../call-model.ts';
import { Icon } from './icon.tsx';
import { LinkField, LinkHint } from './link-box.tsx';
import { Panel } from './panel.tsx';
import { QrCode } from './qr-code.tsx';

export function InvitePanel({ call }: { readonly call: CallModel }) {
  return (
    <Panel title="Invite" onClose={() => (call.panel.value = undefined)}>
      <div class="invite">
        <QrCode text={call.linkText.value} />
        <p class="hint">Point a phone’s camera at the code to open the link there.</p>
        <LinkField call={call} />
        <SendLinkButton call={call} />
      </div>
      <LinkHint call={call} />
    </Panel>
  );
}

export function SendLinkButton({ call }: { readonly call: CallModel }) {
  if (!call.canSendLink) return null;
  return (
    <button type="button" onClick={() => void call.sendLink()}>
      <Icon node={Send} /> Send link…
    </button>
  );
}
