/** Which camera, microphone and speaker, the last with a test: the same before and during a call. SPEC P13, P66. */
import { useSignal } from '@preact/signals';
import { Volume2 } from 'lucide';
import type { NamedDevice } from '../device-lists.ts';
import type { OwnMedia } from '../own-media.ts';
import { Icon } from './icon.tsx';
import { Switch } from './switch.tsx';

/** A browser that refuses shows no list: then there is nothing to choose, and no word on what exists. */
export function DeviceFields({ own }: { readonly own: OwnMedia }) {
  const { cameras, microphones, speakers } = own.devices.value;
  const choice = own.choice.value;
  const cameraId = own.camera.value?.getSettings().deviceId ?? choice.cameraId;
  const microphoneId = own.microphone.value?.getSettings().deviceId ?? choice.microphoneId;
  return (
    <div class="device-fields">
      {(cameras.length > 0 || own.cameraTrouble.value !== 'DENIED') && (
        <DeviceField
          label="Camera"
          devices={cameras}
          chosen={cameraId}
          onChoose={(id) => void own.chooseCamera(id)}
        />
      )}
      {(microphones.length > 0 || own.microphoneTrouble.value !== 'DENIED') && (
        <DeviceField
          label="Microphone"
          devices={microphones}
          chosen={microphoneId}
          onChoose={(id) => void own.chooseMicrophone(id)}
        />
      )}
      <div class="speaker">
        {speakers.length > 0 && (
          <DeviceField
            label="Speaker"
            devices={speakers}
            chosen={choice.speakerId}
            onChoose={(id) => own.chooseSpeaker(id)}
          />
        )}
        <SpeakerTest own={own} />
      </div>
      <Switch
        label="Original sound"
        note="For music: no noise suppression, no echo cancelling"
        isOn={choice.isOriginalSound}
        onChange={(isOn) => void own.setOriginalSound(isOn)}
      />
    </div>
  );
}

function SpeakerTest({ own }: { readonly own: OwnMedia }) {
  const isPlaying = useSignal(false);
  const play = async () => {
    isPlaying.value = true;
    await own.testSpeaker();
    isPlaying.value = false;
  };
  return (
    <button type="button" disabled={isPlaying.value} onClick={() => void play()}>
      <Icon node={Volume2} /> Test speaker
    </button>
  );
}

function DeviceField({
  label,
  devices,
  chosen,
  onChoose,
}: {
  readonly label: string;
  readonly devices: readonly NamedDevice[];
  readonly chosen: string | undefined;
  readonly onChoose: (id: string) => void;
}) {
  // A device that is not in the list any more is not what runs.
  const shown = devices.find((device) => device.id === chosen)?.id ?? devices[0]?.id ?? '';
  return (
    <label class="field">
      <span>{label}</span>
      <select
        disabled={devices.length === 0}
        value={shown}
        onChange={(event) => onChoose(event.currentTarget.value)}
      >
        {devices.length === 0 && <option value="">None found</option>}
        {devices.map((device) => (
          <option key={device.id} value={device.id}>
            {device.label}
          </option>
        ))}
      </select>
    </label>
  );
}
