/** The devices of this machine as the fields show them: by kind, each with a name. SPEC P13. */
import type { DeviceKind, MediaDevice } from '@conclave/client/media/devices';

export interface NamedDevice {
  readonly id: string;
  readonly label: string;
}

export interface DeviceLists {
  readonly cameras: readonly NamedDevice[];
  readonly microphones: readonly NamedDevice[];
  readonly speakers: readonly NamedDevice[];
}

export const NO_DEVICES: DeviceLists = { cameras: [], microphones: [], speakers: [] };

/** A device without an id is not chosen but only known of: the browser hides it before the person allowed it. */
export function deviceLists(devices: readonly MediaDevice[], canChooseSpeaker: boolean): DeviceLists {
  const ofKind = (kind: DeviceKind, word: string) =>
    devices
      .filter((device) => device.kind === kind && device.deviceId !== '')
      .map((device, index) => ({ id: device.deviceId, label: device.label || `${word} ${index + 1}` }));
  return {
    cameras: ofKind('camera', 'Camera'),
    microphones: ofKind('microphone', 'Microphone'),
    speakers: canChooseSpeaker ? ofKind('speaker', 'Speaker') : [],
  };
}
