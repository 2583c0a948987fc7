/** When which message of the delivery service passed a page's sockets, as the test driver sees it. */
import type { Page } from 'playwright-core';

/** What happened, and when in Unix milliseconds. */
export type Note = readonly [what: string, atMs: number];

/** Notes every message by its kind, as `guest → knock`. */
export function watchMessages(page: Page, who: 'host' | 'guest', notes: Note[]): void {
  const note = (what: string) => notes.push([`${who} ${what}`, performance.timeOrigin + performance.now()]);
  const noteMessage = (direction: '→' | '←', payload: string | Buffer) => {
    const type = typeof payload === 'string' ? /"t":"([a-z-]+)"/.exec(payload)?.[1] : undefined;
    if (type !== undefined) note(`${direction} ${type}`);
    else note(`${direction} signalling of the SFU`);
  };
  page.on('websocket', (socket) => {
    note(`opens ${new URL(socket.url()).pathname.split('/')[1] ?? ''}`);
    socket.on('framesent', ({ payload }) => noteMessage('→', payload));
    socket.on('framereceived', ({ payload }) => noteMessage('←', payload));
  });
}
