/** The sentences over the stage: what keeps the call from going on as usual, and that a screen is shared. SPEC P9, P27. */
import type { Banner } from '../banners.ts';
import type { CallModel } from '../call-model.ts';

export function Banners({ call, onStart }: { readonly call: CallModel; readonly onStart: () => void }) {
  return (
    <div class="banners">
      {call.share.state.value.at === 'on' && <SharingReminder call={call} />}
      {call.isSoundBlocked.value && <SoundBanner call={call} />}
      {call.banners.value.map((banner) => (
        <BannerView key={banner.id} banner={banner} call={call} onStart={onStart} />
      ))}
    </div>
  );
}

function SharingReminder({ call }: { readonly call: CallModel }) {
  return (
    <p class="banner is-sharing" role="status">
      {sharingWords(call)}
    </p>
  );
}

function sharingWords(call: CallModel): string {
  if (call.call.value?.phase === 'reconnecting') return 'You are sharing your screen.';
  const count = call.audienceCount.value;
  if (count === 0) return 'You are sharing your screen; nobody else is here yet.';
  return `You are sharing your screen with ${count === 1 ? 'the other person here' : `the ${count} others here`}.`;
}

function SoundBanner({ call }: { readonly call: CallModel }) {
  return (
    <p class="banner is-caution">
      <span>The browser waits for a click before it plays sound.</span>
      <button type="button" onClick={() => (call.isSoundBlocked.value = false)}>
        Hear the others
      </button>
    </p>
  );
}

function BannerView({
  banner,
  call,
  onStart,
}: {
  readonly banner: Banner;
  readonly call: CallModel;
  readonly onStart: () => void;
}) {
  const actions = {
    START_NEW: { label: 'Start a new call', run: onStart },
    COPY_LINK: { label: 'Copy the new link', run: () => void call.copyLink() },
    LEAVE: { label: 'Leave the call', run: () => void call.leave() },
  };
  const action = banner.action && actions[banner.action];
  return (
    <div class={`banner is-${banner.tone}`} role={banner.tone === 'danger' ? 'alert' : 'status'}>
      <span>{banner.text}</span>
      {action && (
        <button type="button" onClick={action.run}>
          {action.label}
        </button>
      )}
    </div>
  );
}
