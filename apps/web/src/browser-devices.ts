/** Cameras, microphones and screens of this browser. SPEC P12–P15. */
import {
  listDevices,
  onDevicesChanged,
  openCamera,
  openCameraAndMicrophone,
  openMicrophone,
} from '@conclave/client/media/devices';
import { createLevelMeter } from '@conclave/client/media/level-meter';
import { captureScreen } from '@conclave/client/media/screen-share';
import { testSpeaker } from './browser-chimes.ts';
import type { DevicePorts } from './device-ports.ts';
import { LEVEL_READING_MS } from './limits.ts';

export const browserDevices: DevicePorts = {
  openCamera,
  openMicrophone,
  openBoth: openCameraAndMicrophone,
  openScreen: captureScreen,
  canShareScreen: () => typeof navigator.mediaDevices?.getDisplayMedia === 'function',
  canChooseSpeaker: () => 'setSinkId' in HTMLMediaElement.prototype,
  list: listDevices,
  onChange: onDevicesChanged,
  testSpeaker,
  measure(track, onLevel) {
    // Its own copy: a mute silences the track itself, and loudness then is what tells the person that they are muted.
    const heard = track.clone();
    const meter = createLevelMeter(heard);
    const timer = setInterval(() => onLevel(meter.level()), LEVEL_READING_MS);
    return () => {
      clearInterval(timer);
      meter.stop();
      heard.stop();
    };
  },
};
