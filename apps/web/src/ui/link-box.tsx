/** The link, large, with the button that copies it. */
import { Copy } from 'lucide';
import type { CallModel } from '../call-model.ts';
import { Icon } from './icon.tsx';

export function LinkBox({
  call,
  isFocused = false,
}: {
  readonly call: CallModel;
  readonly isFocused?: boolean;
}) {
  return (
    <div class="link-box">
      <LinkField call={call} />
      <button type="button" class="primary" autofocus={isFocused} onClick={() => void call.copyLink()}>
        <Icon node={Copy} /> Copy link
      </button>
    </div>
  );
}

/** What the link does, and where it does nothing. */
export function LinkHint({ call }: { readonly call: CallModel }) {
  return (
    <>
      {call.isLinkLocal && (
        <p class="local">
          This link works only on this computer. To invite others, start Conclave at a public address.
        </p>
      )}
      <p class="hint">Whoever has this link can come in. A host can change it at any time.</p>
    </>
  );
}

export function LinkField({ call }: { readonly call: CallModel }) {
  return (
    <input
      type="text"
      readOnly
      aria-label="Link of this call"
      value={call.linkText.value}
      onFocus={(event) => event.currentTarget.select()}
    />
  );
}
