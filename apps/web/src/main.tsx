/**
 * The page's entry. The fragment, which holds the link's secret, leaves the address bar before anything else runs.
 * SPEC P16–P18.
 */
import { render } from 'preact';
import { AppModel } from './app-model.ts';
import { browserPorts } from './browser-ports.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/pages.css';
import './styles/call.css';
import { installTrustedTypes } from './trusted-types.ts';
import { App } from './ui/app.tsx';

const { pathname, hash } = location;
history.replaceState(null, '', pathname);
installTrustedTypes();

const app = new AppModel(browserPorts);
render(<App app={app} />, document.getElementById('app') ?? document.body);
void app.open(pathname, hash);

addEventListener('pagehide', () => app.pageHides());
// A page out of the back-forward cache has no live call: it starts over, and comes back like after a reload.
addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload();
});
// Another link pasted into the address bar of this tab changes only the fragment.
addEventListener('hashchange', () => {
  if (location.hash === '') return;
  const opened = { pathname: location.pathname, hash: location.hash };
  history.replaceState(null, '', opened.pathname);
  void app.open(opened.pathname, opened.hash);
});
