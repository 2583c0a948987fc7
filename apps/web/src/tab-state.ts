/**
 * What this tab remembers so that a reload brings a person back by itself: per room, in sessionStorage, never longer
 * than the tab. The link itself lies beside it (client, `tab-links`). SPEC P17, P18.
 */

import { FIRST_CHOICE, type OwnChoice } from './own-media.ts';
import { cleanName } from './own-name.ts';

export interface TabState {
  readonly name: string;
  /** The person was in the call when the page went away: it comes back without a click. */
  readonly wasIn: boolean;
  readonly choice: OwnChoice;
}

export const FRESH_TAB: TabState = { name: '', wasIn: false, choice: FIRST_CHOICE };

function slotOf(roomId: string): string {
  return `conclave.tab.${roomId}`;
}

/** @param roomId base64url */
export function readTabState(storage: Pick<Storage, 'getItem'>, roomId: string): TabState {
  try {
    return decode(JSON.parse(storage.getItem(slotOf(roomId)) ?? 'null'));
  } catch {
    return FRESH_TAB;
  }
}

export function writeTabState(storage: Pick<Storage, 'setItem'>, roomId: string, state: TabState): void {
  storage.setItem(slotOf(roomId), JSON.stringify(state));
}

function decode(value: unknown): TabState {
  if (!isRecord(value)) return FRESH_TAB;
  const name = cleanName(typeof value['name'] === 'string' ? value['name'] : '');
  const choice = isRecord(value['choice']) ? value['choice'] : {};
  const idOf = (field: string) => (typeof choice[field] === 'string' ? { [field]: choice[field] } : {});
  const isOn = (field: string, otherwise: boolean) =>
    typeof choice[field] === 'boolean' ? choice[field] : otherwise;
  return {
    name,
    wasIn: value['wasIn'] === true && name !== '',
    choice: {
      ...idOf('cameraId'),
      ...idOf('microphoneId'),
      ...idOf('speakerId'),
      isCameraOn: isOn('isCameraOn', true),
      isMicrophoneOn: isOn('isMicrophoneOn', true),
      isOriginalSound: isOn('isOriginalSound', false),
    },
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
