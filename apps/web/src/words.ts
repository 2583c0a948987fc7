/**
 * What people read when something fails: one exhaustive table from every code to what happened, what was lost and what
 * to do, with the button that does it. The types make a code without words a compile error.
 *
 * @see SPEC.md P20–P23
 */
import type { CallPhase, ClosedReason, Standing } from '@conclave/calling/view';
import type { MediaTrouble } from '@conclave/client/session/call-session.types';
import type { LinkErrorCode } from '@conclave/crypto/link';
import type { BrowserFamily } from './browser-family.ts';
import type { DeviceTrouble } from './device-ports.ts';

/** A button under a sentence. `TOKEN` asks for the operator's token first. */
export type NextStep = 'JOIN_AGAIN' | 'TRY_AGAIN' | 'START_NEW' | 'HOME' | 'TOKEN';

/** Every way in which a link, a join or a call ends on a page of its own. */
export type Problem =
  | Exclude<ClosedReason, 'LEFT'>
  | LinkErrorCode
  | 'NO_SECRET'
  | 'SECRET_SENT'
  | 'EXPIRED'
  | 'OPEN_LINK'
  | 'CANNOT_LOAD'
  | 'BROWSER_TOO_OLD'
  | 'SFU_UNREACHABLE'
  | 'UNENCRYPTED_MEDIA'
  | 'WORKER_FAILED';

export interface ProblemWords {
  readonly title: string;
  readonly text: string;
  /** The first is the main one. */
  readonly next: readonly [NextStep, ...NextStep[]];
}

export const NEXT_STEP_LABELS: Readonly<Record<NextStep, string>> = {
  JOIN_AGAIN: 'Join again',
  TRY_AGAIN: 'Try again',
  START_NEW: 'Start a new call',
  HOME: 'To the first page',
  TOKEN: 'Try with this token',
};

export const PROBLEM_WORDS: Readonly<Record<Problem, ProblemWords>> = {
  REMOVED_BY_HOST: {
    title: 'You were removed from the call.',
    text: 'A host removed you and changed the link. To come back, ask a host for the new one.',
    next: ['HOME'],
  },
  REMOVED_BY_SERVER: {
    title: 'The connection was lost for too long.',
    text: 'The server took you out of the call after 15 seconds without a sign. You can come back under the same name.',
    next: ['JOIN_AGAIN', 'HOME'],
  },
  NO_SUCH_ROOM: {
    title: 'This call has ended, or has not started yet.',
    text: 'Only the person who made the link can start it. If it has ended, ask them for a new one.',
    next: ['TRY_AGAIN', 'START_NEW'],
  },
  ENDED: {
    title: 'The call has ended.',
    text: 'Everybody has left. Within 60 seconds the server deletes what it held of this call.',
    next: ['START_NEW', 'HOME'],
  },
  LINK_CHANGED: {
    title: 'This link was changed.',
    text: 'A host made a new link for this call, and this one no longer lets anybody in. Ask for the new one.',
    next: ['HOME'],
  },
  ACCESS_DENIED: {
    title: 'This link does not open this call.',
    text: 'The server knows the call, but not with this link. Ask the person who sent it for the link again.',
    next: ['TRY_AGAIN', 'HOME'],
  },
  ROOM_FULL: {
    title: 'This call is full.',
    text: 'A call holds 100 people. When somebody leaves, there is room for you.',
    next: ['TRY_AGAIN', 'HOME'],
  },
  ROOMS_NEED_TOKEN: {
    title: 'This server asks for a token.',
    text: 'Whoever runs this server lets only people with a token start calls. Joining by a link needs none.',
    next: ['TOKEN', 'HOME'],
  },
  TOO_MANY: {
    title: 'Too many calls come from your network.',
    text: 'The server takes only so many at a time. Nothing was lost; try again in a minute.',
    next: ['TRY_AGAIN', 'HOME'],
  },
  SUPERSEDED: {
    title: 'You are in this call in another tab.',
    text: 'One person can be in a call once per browser tab. Go to the other tab, or come back here.',
    next: ['JOIN_AGAIN', 'HOME'],
  },
  FORKED: {
    title: 'The server is showing people different calls.',
    text: 'This browser has proof that not everybody sees the same call, so it stopped sending. Start a new call, best on another server.',
    next: ['START_NEW', 'HOME'],
  },
  REFUSED: {
    title: 'What the server showed is not the call of this link.',
    text: 'Its host or its kind of encryption does not fit the link, so nothing was sent. Ask for a new link.',
    next: ['TRY_AGAIN', 'HOME'],
  },
  CANNOT_RECOVER: {
    title: 'This call could not be followed any further.',
    text: 'Several tries to catch up with the others failed. You can join again; if that fails too, start a new call.',
    next: ['JOIN_AGAIN', 'START_NEW'],
  },
  NOT_ANSWERED: {
    title: 'Nobody let you in.',
    text: 'The people in the call did not answer. Perhaps their connection is slow; nothing was lost.',
    next: ['TRY_AGAIN', 'HOME'],
  },
  NOT_A_LINK: {
    title: 'There is nothing at this address.',
    text: 'It is not the link of a call. Check it, or start a call of your own.',
    next: ['HOME'],
  },
  MISTYPED: {
    title: 'This link is not complete.',
    text: 'Some of it was cut off or mistyped. Copy the whole link, or ask for it again.',
    next: ['HOME'],
  },
  NO_SECRET: {
    title: 'Half of this link is missing.',
    text: 'The address bar never shows all of it. Whoever is in the call can copy the whole link there, with ‘Copy link’.',
    next: ['HOME'],
  },
  SECRET_SENT: {
    title: 'This link was damaged on its way.',
    text: 'Its # had become %23, so the part that opens the call went to the server. A host can change the link: ask for the new one.',
    next: ['HOME'],
  },
  UNKNOWN_VERSION: {
    title: 'This link was made by another version of Conclave.',
    text: 'Reload the page to get the newest version. If that does not help, ask for a link made on this server.',
    next: ['TRY_AGAIN', 'HOME'],
  },
  UNKNOWN_SUITE: {
    title: 'This link asks for a kind of encryption that this page does not know.',
    text: 'It never takes another kind instead. Reload to get the newest version, or ask for a new link.',
    next: ['TRY_AGAIN', 'HOME'],
  },
  EXPIRED: {
    title: 'This link has expired.',
    text: 'A link works for 48 hours after it was made. Ask for a new one, or start a call yourself.',
    next: ['START_NEW', 'HOME'],
  },
  OPEN_LINK: {
    title: 'This link is for a call without end-to-end encryption.',
    text: 'This version joins only calls that nobody but the people in them can see. Start one instead.',
    next: ['START_NEW', 'HOME'],
  },
  CANNOT_LOAD: {
    title: 'The page could not be loaded completely.',
    text: 'The connection to the server broke off. Nothing was sent.',
    next: ['TRY_AGAIN', 'HOME'],
  },
  BROWSER_TOO_OLD: {
    title: 'This browser cannot encrypt calls.',
    text: 'Use a current Chrome, Edge, Firefox or Safari, over https. Conclave never sends pictures or sound unencrypted.',
    next: ['TRY_AGAIN'],
  },
  SFU_UNREACHABLE: {
    title: 'Pictures and sound cannot get through.',
    text: 'This network seems to block calls. Try another network, or ask its operator to allow WebRTC.',
    next: ['JOIN_AGAIN', 'HOME'],
  },
  UNENCRYPTED_MEDIA: {
    title: 'The call was stopped to protect you.',
    text: 'This browser counted media that did not pass the encryption, so everything was closed at once. Update the browser before you join again.',
    next: ['JOIN_AGAIN', 'HOME'],
  },
  WORKER_FAILED: {
    title: 'The encryption stopped working in this browser.',
    text: 'So nothing more was sent. Joining again starts it anew.',
    next: ['JOIN_AGAIN', 'HOME'],
  },
};

/** Under a problem that may end by itself. */
export const LOOKING_WORDS = 'This page looks again by itself. When the call starts, it takes you there.';
export const STOPPED_LOOKING_WORDS = 'This page has stopped looking. Try again when the call should start.';

/** On a tile, under the name. */
export const STANDING_WORDS: Readonly<Record<Standing, string>> = {
  confirmed: '',
  unconfirmed: 'Not confirmed yet',
  unreachable: 'Not reachable',
  'other-call': 'Not in the same call',
};

export const MEDIA_TROUBLE_WORDS: Readonly<Record<MediaTrouble, string>> = {
  WAITING_FOR_KEY: 'Waiting for a key',
  NOT_VERIFIED: 'Frames could not be verified',
  DELAYED: 'Delayed by the server',
};

export interface DeviceWords {
  readonly title: string;
  readonly text: string;
}

/** What keeps the camera, the microphone, or both for one reason, from starting. */
export function troubleWords(
  camera: DeviceTrouble | undefined,
  microphone: DeviceTrouble | undefined,
  browser: BrowserFamily = 'chromium',
): readonly DeviceWords[] {
  if (camera !== undefined && camera === microphone) {
    return [deviceWords('camera and microphone', camera, browser)];
  }
  return [
    ...(camera === undefined ? [] : [deviceWords('camera', camera, browser)]),
    ...(microphone === undefined ? [] : [deviceWords('microphone', microphone, browser)]),
  ];
}

/** Where a browser keeps the switch; `what` is the device. */
const WHERE_TO_ALLOW: Readonly<Record<BrowserFamily, (what: string) => string>> = {
  chromium: (what) =>
    `Press the sign left of the address, switch the ${what} on, then try again. If it is on there, look in the privacy settings of this computer.`,
  'chromium-phone': (what) =>
    `Tap the sign left of the address, then Permissions, allow the ${what}, and try again.`,
  firefox: (what) =>
    `Press the crossed-out sign left of the address, remove the block of the ${what}, then try again. If there is none, look in the privacy settings of this computer.`,
  safari: (what) =>
    `In the menu, choose Safari, then Settings for this website, allow the ${what}, and try again.`,
  'safari-phone': (what) =>
    `Tap the page sign beside the address, then Website settings, allow the ${what}, and try again.`,
};

function deviceWords(
  device: 'camera' | 'microphone' | 'camera and microphone',
  trouble: DeviceTrouble,
  browser: BrowserFamily,
): DeviceWords {
  const [is, was, it, does] =
    device === 'camera and microphone' ? ['are', 'were', 'them', 'do'] : ['is', 'was', 'it', 'does'];
  const table: Readonly<Record<DeviceTrouble, DeviceWords>> = {
    DENIED: {
      title: `The browser does not let this page use the ${device}.`,
      text: WHERE_TO_ALLOW[browser](device),
    },
    NONE_FOUND: {
      title: `No ${device} ${was} found.`,
      text: `Connect ${it} to see ${it} here, or join without.`,
    },
    IN_USE: {
      title: `The ${device} ${is} in use elsewhere.`,
      text: `Close the other program that uses ${it}, then try again.`,
    },
    GONE: { title: `The ${device} ${was} disconnected.`, text: `Connect ${it} again, or choose another.` },
    INSECURE_PAGE: {
      title: `Browsers give a page the ${device} only over https.`,
      text: `Ask whoever runs this server for its https address.`,
    },
    UNAVAILABLE: { title: `The ${device} ${does} not start.`, text: 'Try again, or choose another.' },
  };
  return table[trouble];
}

/** What the server of a call knows, and for how long: the published list, shortened. */
export const SERVER_SEES: readonly { readonly what: string; readonly howLong: string }[] = [
  { what: 'That a call exists, under a random number', howLong: 'until 60 seconds after it ended' },
  { what: 'How many devices are connected, when each came and went', howLong: 'during the call' },
  { what: 'Your network address', howLong: 'in memory, during the connection' },
  {
    what: 'Public keys and sealed messages of the call, with their sizes',
    howLong: 'until 60 seconds after it ended',
  },
  { what: 'How much sealed sound and picture each device sends, and to whom', howLong: 'only as it passes' },
];

export const SERVER_NEVER_SEES =
  'It never sees names, pictures, sound, shared screens, or the part of the link after #.';

/** What it means when the link of a call changes (D10). */
export const CHANGED_LINK_MEANS: readonly string[] = [
  'A host can change the link at any time; removing somebody changes it by itself.',
  'Then the old link lets nobody in, and whoever is here stays. Send the new one to whoever should still come.',
  'If you did not expect a change, ask the host by another way than this server.',
];

/** How the code is compared, and what it proves. */
export const COMPARING: readonly string[] = [
  'Read the code aloud, or send it by another way than this server. Everybody must have the same.',
  'The same code means the same call, with these people and nobody between them. If it differs, leave and start a new call.',
];

/** The limits that design D23 wants stated. */
export const LIMITS_IN_WORDS: readonly string[] = [
  'Everyone with the link can ask to come in. A link cannot be called back from people who already have it; a host can change it.',
  'Someone with an old link and a dishonest server together could show holders of that old link a call without its host. Holders of the new link are safe.',
  'Whoever is in the call when someone is removed gets the new link.',
  'A member of the call together with a dishonest server could for now imitate another member’s picture or sound.',
  'The server delivers this page. A dishonest server could deliver a page that does something else.',
];

export const SUITE_WORDS: Readonly<
  Record<1 | 2, { readonly name: string; readonly text: string; readonly detail: string }>
> = {
  2: {
    name: 'Protected from future quantum computers',
    text: 'Recordings of this call stay safe from future quantum computers. How you sent the link is not covered.',
    detail: 'MLS (RFC 9420) with X-Wing, experimental; SFrame (RFC 9605) with AES-GCM',
  },
  1: {
    name: 'Classic',
    text: 'Encrypted with today’s standard methods. Someone who records the sealed call could open it with a future quantum computer.',
    detail: 'MLS (RFC 9420) with X25519; SFrame (RFC 9605) with AES-GCM',
  },
};

/** What somebody on the way in waits for. */
export function entryWords(way: 'start' | 'ask' | 'return', phase: CallPhase | undefined): string {
  if (way === 'return') return 'Bringing you back into the call…';
  if (phase === undefined || phase === 'connecting') return 'Connecting…';
  if (phase === 'waiting') return 'Waiting to be let in…';
  return way === 'start' ? 'Starting the call…' : 'Asking to join…';
}
