/** The call: stage, mark, banners, bar, one panel at a time. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Banner } from '../banners.ts';
import type { CallModel } from '../call-model.ts';
import { CONTROLS_VISIBLE_MS } from '../limits.ts';
import { CallDialogs } from './call-dialogs.tsx';
import { ControlBar } from './control-bar.tsx';
import { DeviceFields } from './device-fields.tsx';
import { LinkBox } from './link-box.tsx';
import { Mark } from './mark.tsx';
import { Sound } from './media.tsx';
import { Panel } from './panel.tsx';
import { PeoplePanel } from './people-panel.tsx';
import { SecurityPanel } from './security-panel.tsx';
import { StageView } from './stage.tsx';
import { Step } from './step.tsx';

export interface CallProps {
  readonly call: CallModel;
  readonly isRejoining: boolean;
  readonly onStart: () => void;
}

export function Call({ call, isRejoining, onStart }: CallProps) {
  const view = call.call.value;
  const areControlsQuiet = useQuietControls(call);
  if (!view || !call.isIn.value) {
    return (
      <main class="call is-waiting">
        <Mark size={48} />
        <Step text={isRejoining ? 'Bringing you back into the call…' : 'Connecting…'} />
        <button type="button" onClick={() => void call.leave()}>
          Leave
        </button>
      </main>
    );
  }
  return (
    <main class={`call ${areControlsQuiet ? 'is-quiet' : ''} ${call.panel.value ? 'has-panel' : ''}`}>
      <h1 class="visually-hidden">Call</h1>
      <TrustMarkLine call={call} />
      <div class="call-stage">
        <div class="banners">
          {call.share.state.value.at === 'on' && <SharingReminder call={call} />}
          {call.isSoundBlocked.value && <SoundBanner call={call} />}
          {call.banners.value.map((banner) => (
            <BannerView key={banner.id} banner={banner} call={call} onStart={onStart} />
          ))}
        </div>
        <div class={`call-room ${call.isAlone.value ? 'is-alone' : ''}`}>
          <StageView call={call} />
          {call.isAlone.value && <Alone call={call} />}
        </div>
      </div>
      <ControlBar call={call} />
      {call.panel.value === 'people' && <PeoplePanel call={call} view={view} />}
      {call.panel.value === 'security' && <SecurityPanel call={call} view={view} />}
      {call.panel.value === 'devices' && (
        <Panel title="Camera and sound" onClose={() => (call.panel.value = undefined)}>
          <DeviceFields own={call.own} />
        </Panel>
      )}
      <Sounds call={call} />
      <div class="notices" role="status" aria-live="polite">
        {call.notices.shown.value.map((notice) => (
          <p key={notice.id}>{notice.text}</p>
        ))}
      </div>
      <CallDialogs call={call} view={view} />
    </main>
  );
}

/** A sentence, and over it a button of its own: 'People' must name one button alone (P32). */
function TrustMarkLine({ call }: { readonly call: CallModel }) {
  const mark = call.mark.value;
  if (!mark) return null;
  return (
    <div class={`trust is-${mark.tone}`}>
      <Mark size={18} />
      <p>{mark.text}</p>
      <button type="button" aria-label="How this is known" onClick={() => call.togglePanel('security')} />
    </div>
  );
}

function Alone({ call }: { readonly call: CallModel }) {
  return (
    <section class="alone" aria-label="Invite">
      <h2>Send this link to whoever should come</h2>
      {!call.newLink.value && <LinkBox call={call} />}
      <p class="hint">Whoever has this link can come in. A host can change it at any time.</p>
    </section>
  );
}

function SharingReminder({ call }: { readonly call: CallModel }) {
  const count = call.audienceCount.value;
  const who = count === 1 ? 'the other person here' : `the ${count} others here`;
  return (
    <p class="banner is-sharing" role="status">
      {count === 0
        ? 'You are sharing your screen; nobody else is here yet.'
        : `You are sharing your screen with ${who}.`}
    </p>
  );
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

/** True when nothing has moved for a while and nothing is focused, open or shared. */
function useQuietControls(call: CallModel): boolean {
  const isQuiet = useSignal(false);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const wake = () => {
      isQuiet.value = false;
      clearTimeout(timer);
      timer = setTimeout(() => {
        const isFocused =
          document.activeElement?.closest('.bar, .trust') !== null && document.activeElement !== null;
        isQuiet.value = !isFocused && matchMedia('(hover: hover)').matches;
      }, CONTROLS_VISIBLE_MS);
    };
    const events = ['pointermove', 'pointerdown', 'keydown', 'focusin'] as const;
    for (const event of events) addEventListener(event, wake);
    wake();
    return () => {
      clearTimeout(timer);
      for (const event of events) removeEventListener(event, wake);
    };
  }, []);
  const isBusy = call.panel.value !== undefined || call.isAlone.value || call.share.state.value.at !== 'off';
  return isQuiet.value && !isBusy;
}
