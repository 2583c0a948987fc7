/** Nobody else is here: the link, large, and every way to send it. SPEC P62. */
import { QrCode as QrIcon } from 'lucide';
import type { CallModel } from '../call-model.ts';
import { Icon } from './icon.tsx';
import { SendLinkButton } from './invite-panel.tsx';
import { LinkBox, LinkHint } from './link-box.tsx';
import { QrCode } from './qr-code.tsx';
import { SMALL, useMedia } from './use-media.ts';

export function Alone({ call }: { readonly call: CallModel }) {
  const isSmall = useMedia(SMALL);
  const isElsewhere = call.newLink.value !== undefined || call.panel.value === 'invite';
  return (
    <section class="alone" aria-labelledby="alone-title">
      <h2 id="alone-title">Send this link to whoever should come</h2>
      {!isElsewhere && !isSmall && <QrCode text={call.linkText.value} />}
      {!call.newLink.value && <LinkBox call={call} />}
      <div class="alone-more">
        <SendLinkButton call={call} />
        {isSmall && (
          <button type="button" onClick={() => call.togglePanel('invite')}>
            <Icon node={QrIcon} /> QR code
          </button>
        )}
      </div>
      <LinkHint call={call} />
    </section>
  );
}
