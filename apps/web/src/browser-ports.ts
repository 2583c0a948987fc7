/**
 * The ports of the pages in a real browser. The call's code is loaded here and nowhere else, lazily: the preview is
 * looked at meanwhile.
 */
import { createRoomLink } from '@conclave/client/session/leaf-key';
import { prepareMlsWorker } from '@conclave/client/session/prepared-worker';
import { hostKeyId, loadSigningKey } from '@conclave/client/session/signing-key-store';
import { forgetTabLinks, rememberTabLink, tabLinks } from '@conclave/client/session/tab-links';
import { isHostKey } from '@conclave/crypto/link';
import type { AppPorts } from './app-ports.ts';
import { playChime } from './browser-chimes.ts';
import { browserDevices } from './browser-devices.ts';
import { serverNowUnixMs } from './server-clock.ts';
import { isOnlyTab } from './tab-lock.ts';

export const browserPorts: AppPorts = {
  origin: location.origin,
  devices: browserDevices,
  tabStorage: sessionStorage,
  deviceStorage: localStorage,
  canEncrypt: () =>
    isSecureContext && 'subtle' in crypto && 'RTCRtpScriptTransform' in globalThis && 'locks' in navigator,
  isOnlyTab,
  isPageVisible: () => document.visibilityState === 'visible',
  serverNowUnixMs,
  createRoomLink: (suite) => createRoomLink({ suite, lobby: false, kept: false }),
  async holdsHostKey(link) {
    const key = await loadSigningKey(await hostKeyId(link.roomId));
    return key !== undefined && isHostKey(link, key.publicKey);
  },
  async loadCall() {
    prepareMlsWorker();
    const { openCallSession } = await import('@conclave/client/session/call-session');
    return openCallSession;
  },
  rememberedLinks: tabLinks,
  rememberLink: rememberTabLink,
  forgetLinks: forgetTabLinks,
  async copyText(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return false;
    }
  },
  sendLink:
    typeof navigator.share === 'function'
      ? // Closing the sheet is no error.
        (url) => navigator.share({ url }).catch(() => undefined)
      : undefined,
  playChime,
  showPath: (path) => history.replaceState(null, '', path),
  reload: () => location.reload(),
};
