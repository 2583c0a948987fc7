/**
 * The MLS worker: holds the call's state, its secret and the use of the leaf key, and owns the socket and the timers,
 * which browsers do not slow down in a worker (D26, docs/decisions).
 */
import type { MediaInstruction } from '@conclave/calling/media-instruction';
import { LINK_STORED_TIMEOUT_MS } from '../limits.ts';
import type { LiveContexts } from '../media/live-contexts.ts';
import { raiseRejections } from '../raised-rejections.ts';
import { CallRunner } from './call-runner.ts';
import type { FromMlsWorker, ToMlsWorker } from './mls-worker.types.ts';
import type { StoredLink } from './tab-links.ts';

raiseRejections(globalThis);
let runner: CallRunner | undefined;
/** Goes on once the page has stored the link that it was told. */
let onLinkStored: () => void = () => undefined;

const report = (message: FromMlsWorker): void => postMessage(message);

function open(message: Extract<ToMlsWorker, { t: 'open' }>): void {
  const { mediaPort } = message;
  const created = new CallRunner({
    links: message.links,
    kickedKeys: message.kickedKeys,
    key: message.key,
    isFounder: message.isFounder,
    ...(message.operatorToken !== undefined && { operatorToken: message.operatorToken }),
    origin: message.origin,
    nowMs: () => performance.timeOrigin + performance.now(),
    onView: (view) => report({ t: 'view', view }),
    onMedia: (instruction) => sendToMedia(mediaPort, instruction),
    onStoreLink: storeLink,
    onSfu: (ticket, token) => report({ t: 'sfu', ticket, token }),
    onClosed: (reason) => report({ t: 'closed', reason }),
    onFailed: () => report({ t: 'failed' }),
  });
  mediaPort.onmessage = (event: MessageEvent<LiveContexts>) => created.noteContexts(event.data);
  runner = created;
}

/** Resolves when the page has it: what rests on a link is sent only after that (D10). */
function storeLink(stored: StoredLink): Promise<void> {
  report({ t: 'store-link', stored });
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, LINK_STORED_TIMEOUT_MS);
    onLinkStored = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

/** A base key is handed over, not copied: after this the bytes exist in the media worker alone. */
function sendToMedia(port: MessagePort, instruction: MediaInstruction): void {
  port.postMessage(instruction, instruction.t === 'epoch' ? [instruction.baseKey.buffer] : []);
}

self.onmessage = (event: MessageEvent<ToMlsWorker>) => {
  const message = event.data;
  if (message.t === 'open') open(message);
  else if (message.t === 'person') runner?.feed(message.event);
  else if (message.t === 'sfu') runner?.requestSfu();
  else if (message.t === 'online') runner?.hurry();
  else if (message.t === 'link-stored') onLinkStored();
  else runner?.close();
};
