/** The first page: start a call, or go to one. */
import { useSignal } from '@preact/signals';
import { PROBLEM_WORDS, type Problem, SUITE_WORDS } from '../words.ts';
import { Mark } from './mark.tsx';
import { Modal } from './modal.tsx';
import { ServerSees } from './server-sees.tsx';

export interface HomeProps {
  readonly problem: Problem | undefined;
  readonly onStart: (suite: 1 | 2) => void;
  readonly onPaste: (text: string) => void;
}

export function Home({ problem, onStart, onPaste }: HomeProps) {
  const suite = useSignal<1 | 2>(2);
  const isServerShown = useSignal(false);
  return (
    <main class="home">
      <div class="home-main">
        <p class="brand">
          <Mark size={24} /> Conclave
        </p>
        <h1>Calls only the people in them can see.</h1>
        <button type="button" class="primary large" onClick={() => onStart(suite.value)}>
          Start a call
        </button>
        <p class="hint">No account. You get a link to send.</p>
        <details>
          <summary>Options</summary>
          <SuiteChoice suite={suite.value} onChoose={(chosen) => (suite.value = chosen)} />
        </details>
        <PasteLink problem={problem} onPaste={onPaste} />
      </div>
      <div class="home-mark">
        <Mark size={320} />
      </div>
      <footer>
        <button type="button" class="text" onClick={() => (isServerShown.value = true)}>
          What this server can see
        </button>
      </footer>
      {isServerShown.value && (
        <Modal title="What this server can see" onClose={() => (isServerShown.value = false)}>
          <ServerSees />
          <div class="actions">
            <button type="button" class="primary" onClick={() => (isServerShown.value = false)}>
              Close
            </button>
          </div>
        </Modal>
      )}
    </main>
  );
}

function SuiteChoice({
  suite,
  onChoose,
}: {
  readonly suite: 1 | 2;
  readonly onChoose: (suite: 1 | 2) => void;
}) {
  return (
    <fieldset>
      <legend>Kind of encryption</legend>
      {([2, 1] as const).map((kind) => (
        <label key={kind} class="radio">
          <input type="radio" name="suite" checked={suite === kind} onChange={() => onChoose(kind)} />
          <span>
            {SUITE_WORDS[kind].name}
            {kind === 2 && ' (default)'}
            <small>{SUITE_WORDS[kind].text}</small>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function PasteLink({
  problem,
  onPaste,
}: {
  readonly problem: Problem | undefined;
  readonly onPaste: (text: string) => void;
}) {
  const text = useSignal('');
  return (
    <details open={problem !== undefined}>
      <summary>Have a link? Paste it</summary>
      <form
        class="paste"
        onSubmit={(event) => {
          event.preventDefault();
          onPaste(text.value);
        }}
      >
        <label class="field">
          <span>Link of a call</span>
          <input
            type="text"
            autocomplete="off"
            spellcheck={false}
            value={text.value}
            aria-invalid={problem !== undefined}
            aria-describedby={problem && 'paste-problem'}
            onInput={(event) => (text.value = event.currentTarget.value)}
          />
        </label>
        <button type="submit">Open</button>
      </form>
      {problem && (
        <p id="paste-problem" class="error" role="alert">
          {PROBLEM_WORDS[problem].title} {PROBLEM_WORDS[problem].text}
        </p>
      )}
    </details>
  );
}
