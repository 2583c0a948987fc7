/** What the pages need of the browser and of the call's code; `browser-ports.ts` gives it, tests give their own. */
import type { CallSession, CallSessionOptions } from '@conclave/client/session/call-session.types';
import type { Link } from '@conclave/crypto/link';
import type { Bytes } from '@conclave/protocol/bytes';
import type { Chime } from './chimes.ts';
import type { DevicePorts } from './device-ports.ts';

export interface AppPorts {
  readonly origin: string;
  readonly devices: DevicePorts;
  /** Of this tab: dies with it. */
  readonly tabStorage: Pick<Storage, 'getItem' | 'setItem'>;
  /** Of this device: holds the name and the habits of P11. */
  readonly deviceStorage: Pick<Storage, 'getItem' | 'setItem'>;
  canEncrypt(): boolean;
  /** False in a duplicated tab: its memory is a copy of another tab's. */
  isOnlyTab(): Promise<boolean>;
  /** False while the tab is in the background. */
  isPageVisible(): boolean;
  serverNowUnixMs(): Promise<number>;
  /** The host key is made and kept by the client. */
  createRoomLink(suite: 1 | 2): Promise<Link>;
  /** True on the device that made the link. */
  holdsHostKey(link: Link): Promise<boolean>;
  /** Loads the call's code; rejects when that fails. */
  loadCall(): Promise<(options: CallSessionOptions) => CallSession>;
  rememberedLinks(roomId: Bytes): readonly Link[];
  rememberLink(link: Link): void;
  forgetLinks(roomId: Bytes): void;
  copyText(text: string): Promise<boolean>;
  /** The device's own sheet for sending something on; undefined where there is none. */
  readonly sendLink: ((url: string) => Promise<void>) | undefined;
  playChime(chime: Chime): void;
  /** Puts a path without a fragment into the address bar. */
  showPath(path: string): void;
  reload(): void;
}
