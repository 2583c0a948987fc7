/** The page after a call, and the page of everything that can fail: one layout. */
import { useSignal } from '@preact/signals';
import { TOKEN_CHARS_MAX } from '../limits.ts';
import {
  LOOKING_WORDS,
  NEXT_STEP_LABELS,
  type NextStep,
  PROBLEM_WORDS,
  type Problem,
  STOPPED_LOOKING_WORDS,
} from '../words.ts';
import { Mark } from './mark.tsx';

export interface MessageActions {
  readonly onJoinAgain: (operatorToken?: string) => void;
  readonly onHome: () => void;
  readonly onStart: () => void;
}

export function Left({ actions }: { readonly actions: MessageActions }) {
  return (
    <main class="message">
      <Mark size={48} />
      <h1>You left.</h1>
      <p>
        If others are still in the call, it goes on without you. Within 60 seconds after the last person has
        left, the server deletes what it held of it: public keys, sealed messages and who was connected.
      </p>
      <p>It never had names, pictures, sound or the link. Your name stays on this device for next time.</p>
      <NextSteps steps={['JOIN_AGAIN', 'HOME']} actions={actions} isMain />
    </main>
  );
}

export function ProblemPage({
  problem,
  isLooking,
  actions,
}: {
  readonly problem: Problem;
  /** Undefined where looking again would not help. */
  readonly isLooking: boolean | undefined;
  readonly actions: MessageActions;
}) {
  const { title, text, next } = PROBLEM_WORDS[problem];
  return (
    <main class="message">
      <Mark size={48} />
      <h1>{title}</h1>
      <p>{text}</p>
      {isLooking !== undefined && (
        <p class="hint" role="status">
          {isLooking ? LOOKING_WORDS : STOPPED_LOOKING_WORDS}
        </p>
      )}
      {next.includes('TOKEN') && <TokenForm onToken={actions.onJoinAgain} />}
      <NextSteps
        steps={next.filter((step) => step !== 'TOKEN')}
        actions={actions}
        isMain={!next.includes('TOKEN')}
      />
    </main>
  );
}

function NextSteps({
  steps,
  actions,
  isMain,
}: {
  readonly steps: readonly NextStep[];
  readonly actions: MessageActions;
  /** The first step is the main thing to do on the page. */
  readonly isMain: boolean;
}) {
  const run: Readonly<Record<NextStep, () => void>> = {
    JOIN_AGAIN: () => actions.onJoinAgain(),
    TRY_AGAIN: () => actions.onJoinAgain(),
    START_NEW: actions.onStart,
    HOME: actions.onHome,
    TOKEN: () => actions.onJoinAgain(),
  };
  return (
    <div class="actions">
      {steps.map((step, index) => (
        <button key={step} type="button" class={index === 0 && isMain ? 'primary' : ''} onClick={run[step]}>
          {NEXT_STEP_LABELS[step]}
        </button>
      ))}
    </div>
  );
}

function TokenForm({ onToken }: { readonly onToken: (token: string) => void }) {
  const token = useSignal('');
  return (
    <form
      class="paste"
      onSubmit={(event) => {
        event.preventDefault();
        onToken(token.value.trim());
      }}
    >
      <label class="field">
        <span>Token</span>
        <input
          type="password"
          autocomplete="off"
          maxLength={TOKEN_CHARS_MAX}
          value={token.value}
          onInput={(event) => (token.value = event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="primary">
        {NEXT_STEP_LABELS.TOKEN}
      </button>
    </form>
  );
}
