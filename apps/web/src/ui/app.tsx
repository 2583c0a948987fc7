/** One screen at a time. */
import type { AppModel } from '../app-model.ts';
import { Call } from './call.tsx';
import { Home } from './home.tsx';
import { Mark } from './mark.tsx';
import { Left, ProblemPage } from './message-page.tsx';
import { Preview } from './preview.tsx';
import { Step } from './step.tsx';

export function App({ app }: { readonly app: AppModel }) {
  const screen = app.screen.value;
  const start = () => void app.startCall(2);
  const actions = {
    onJoinAgain: (token?: string) => void app.joinAgain(token),
    onHome: () => app.goHome(),
    onStart: start,
  };
  switch (screen.at) {
    case 'home':
      return (
        <Home
          problem={screen.problem}
          onStart={(suite) => void app.startCall(suite)}
          onPaste={(text) => void app.openPasted(text)}
        />
      );
    case 'opening':
      return (
        <main class="message">
          <Mark size={48} />
          <Step text={screen.step} />
        </main>
      );
    case 'preview':
      return <Preview preview={screen.preview} onHome={actions.onHome} />;
    case 'call':
      return <Call call={screen.call} onStart={start} />;
    case 'left':
      return <Left actions={actions} />;
    case 'problem':
      return <ProblemPage problem={screen.problem} isLooking={screen.isLooking?.value} actions={actions} />;
  }
}
