/** Shows the scene that the fragment names; without one, the list of scenes. */
import '@conclave/web/styles/tokens.css';
import '@conclave/web/styles/base.css';
import '@conclave/web/styles/pages.css';
import '@conclave/web/styles/call.css';
import { AppModel } from '@conclave/web/app-model';
import { App } from '@conclave/web/ui/app';
import { render } from 'preact';
import { fakeDevices, stopDrawings } from './fake-media.ts';
import { SCENES } from './scenes.ts';

const root = document.getElementById('app') ?? document.body;

/** Nothing in a scene starts a call. */
const app = new AppModel({
  origin: location.origin,
  devices: fakeDevices(),
  tabStorage: sessionStorage,
  deviceStorage: localStorage,
  canEncrypt: () => true,
  isOnlyTab: async () => true,
  isPageVisible: () => true,
  serverNowUnixMs: async () => Date.now(),
  createRoomLink: () => Promise.reject(new Error('the gallery makes no calls')),
  holdsHostKey: async () => false,
  loadCall: () => Promise.reject(new Error('the gallery makes no calls')),
  rememberedLinks: () => [],
  rememberLink: () => undefined,
  forgetLinks: () => undefined,
  copyText: async () => true,
  sendLink: undefined,
  playChime: () => undefined,
  showPath: () => undefined,
  reload: () => undefined,
});

addEventListener('hashchange', () => void show());
void show();

/** The page says so when it stands: pictures run, nothing moves any more. */
async function show(): Promise<void> {
  delete document.documentElement.dataset['ready'];
  render(null, root);
  stopDrawings();
  const name = location.hash.slice(1);
  const scene = SCENES[name];
  if (scene) {
    app.screen.value = await scene();
    render(<App app={app} />, root);
    await Promise.all([...document.querySelectorAll('video')].map(firstFrame));
  } else {
    render(<Contents />, root);
  }
  document.documentElement.dataset['ready'] = name || 'contents';
}

function firstFrame(video: HTMLVideoElement): Promise<unknown> {
  return new Promise((resolve) => video.requestVideoFrameCallback(resolve));
}

function Contents() {
  return (
    <main class="message">
      <h1>Gallery</h1>
      <ul>
        {Object.keys(SCENES).map((name) => (
          <li key={name}>
            <a href={`#${name}`}>{name}</a>
          </li>
        ))}
      </ul>
    </main>
  );
}
