/**
 * The sentences at the top of a call when something keeps it from going on as usual: what happened, what was lost, and
 * the button that helps. SPEC P9, P24.
 */
import type { CallView, Pause, Person } from '@conclave/calling/view';
import type { MediaView } from '@conclave/client/session/call-session.types';
import { nameInSentence } from './person-look.ts';

export type BannerAction = 'START_NEW' | 'COPY_LINK' | 'LEAVE';

export interface Banner {
  readonly id: string;
  readonly tone: 'plain' | 'caution' | 'danger';
  readonly text: string;
  readonly action?: BannerAction;
}

/** @param removedName who is being removed, as last asked for on this device */
export function bannersOf(
  call: CallView,
  media: MediaView,
  removedName: string | undefined,
): readonly Banner[] {
  const banners: (Banner | undefined)[] = [
    connectionBanner(call, media),
    call.pause && pauseBanner(call.pause, call, removedName),
    linkBanner(call, removedName),
    call.phase === 'in' && !call.hasHostPresent && call.people.length > 1
      ? {
          id: 'no-host',
          tone: 'plain',
          text: 'This call has no host: nobody can remove people or change the link.',
        }
      : undefined,
    oldLinkBanner(call),
  ];
  return banners.filter((banner) => banner !== undefined);
}

function connectionBanner(call: CallView, media: MediaView): Banner | undefined {
  if (call.phase === 'reconnecting') {
    return {
      id: 'offline',
      tone: 'caution',
      text: 'Reconnecting… Until then the others may not see or hear you.',
    };
  }
  if (media.connection === 'failed') {
    return {
      id: 'media',
      tone: 'danger',
      text: 'Pictures and sound cannot get through this network.',
      action: 'LEAVE',
    };
  }
  if (media.connection === 'reconnecting') {
    return {
      id: 'media',
      tone: 'caution',
      text: 'Reconnecting pictures and sound… Until then the others may not see or hear you.',
    };
  }
  return undefined;
}

function pauseBanner(pause: Pause, call: CallView, removedName: string | undefined): Banner | undefined {
  const table: Readonly<Record<Pause, Banner | undefined>> = {
    // The page itself shows that nobody else is here, and the question is a dialog of its own.
    ALONE: undefined,
    ASK_ABOUT_HOST: undefined,
    NOBODY_CONFIRMED: {
      id: 'pause',
      tone: 'caution',
      text: 'Your picture and sound are paused: nobody confirms being here. They go on when somebody does.',
    },
    WAITING_FOR_HOST: {
      id: 'pause',
      tone: 'plain',
      text: `Waiting for ${silentHostNames(call)}. Until then your picture and sound are paused.`,
    },
    KICK_WITHHELD: {
      id: 'pause',
      tone: 'danger',
      text: `The server is not letting you remove ${removedName ?? 'this person'}. Your picture and sound are paused. Start a new call?`,
      action: 'START_NEW',
    },
    FORKED: {
      id: 'pause',
      tone: 'danger',
      text: 'The server is showing people different calls. Your picture and sound are stopped. Start a new call?',
      action: 'START_NEW',
    },
    FROZEN: {
      id: 'pause',
      tone: 'plain',
      text: 'The link is being changed. Nobody can come in until it is.',
    },
  };
  return table[pause];
}

function linkBanner(call: CallView, removedName: string | undefined): Banner | undefined {
  // What paused the media says it already, with the same button.
  if (call.pause === 'KICK_WITHHELD' || call.pause === 'FORKED') return undefined;
  if (call.linkTrouble === 'CANNOT_CHANGE') {
    return {
      id: 'link',
      tone: 'caution',
      text: 'The link can’t be changed, nobody can join. The call goes on. Start a new call?',
      action: 'START_NEW',
    };
  }
  if (call.linkTrouble === 'CANNOT_REMOVE') {
    const who = removedName ?? 'this person';
    return {
      id: 'link',
      tone: 'danger',
      text: `The server is not letting you remove ${who}. Start a new call?`,
      action: 'START_NEW',
    };
  }
  return undefined;
}

function oldLinkBanner(call: CallView): Banner | undefined {
  if (!call.isHost || call.oldLinkCount === 0) return undefined;
  const text =
    call.oldLinkCount === 1
      ? 'One person with the old link asks for the new one.'
      : `${call.oldLinkCount} people with the old link ask for the new one.`;
  return { id: 'old-link', tone: 'plain', text, action: 'COPY_LINK' };
}

/** Hosts in the tree who have not confirmed, as words. */
function silentHostNames(call: CallView): string {
  const silent = call.people.filter(
    (person) => person.isHost && !person.isSelf && person.standing !== 'confirmed',
  );
  return joinNames(silent) || 'the host';
}

/** The question of D16: who is silent, and who alone has confirmed. */
export function hostQuestion(call: CallView): string {
  const confirmed = call.people.filter((person) => !person.isSelf && person.standing === 'confirmed');
  if (!call.people.some((person) => person.isHost)) {
    const who = confirmed.length > 0 ? ` Only ${joinNames(confirmed)} confirmed being here.` : '';
    return `No host is in this call, so nobody vouches for who is.${who} Continue?`;
  }
  const have = confirmed.length === 1 ? 'has' : 'have';
  const others = confirmed.length > 0 ? `; only ${joinNames(confirmed)} ${have}` : '';
  return `${silentHostNames(call)} has not confirmed being here${others}. Continue?`;
}

function joinNames(people: readonly Person[]): string {
  const names = people.map((person) => nameInSentence(person.name));
  return names.length <= 1 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
