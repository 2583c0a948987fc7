/** The two switches of the own media, before and during a call. */
import { Mic, MicOff, Video, VideoOff } from 'lucide';
import type { CallModel } from '../call-model.ts';
import { RoundButton } from './round-button.tsx';

export function MicrophoneSwitch({ call }: { readonly call: CallModel }) {
  const isOn = call.own.isMicrophoneOn.value;
  return (
    <RoundButton
      label={isOn ? 'Mute microphone' : 'Unmute microphone'}
      short={isOn ? 'Mute' : 'Unmute'}
      node={isOn ? Mic : MicOff}
      class={isOn ? '' : 'is-off'}
      onClick={() => call.toggleMicrophone()}
    />
  );
}

export function CameraSwitch({ call }: { readonly call: CallModel }) {
  const isOn = call.own.isCameraOn.value;
  return (
    <RoundButton
      label={isOn ? 'Turn camera off' : 'Turn camera on'}
      short="Camera"
      node={isOn ? Video : VideoOff}
      class={isOn ? '' : 'is-off'}
      onClick={() => call.toggleCamera()}
    />
  );
}
