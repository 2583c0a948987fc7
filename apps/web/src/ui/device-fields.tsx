/** Which camera, microphone and speaker: the same fields before and during a call. SPEC P13. */
import type { NamedDevice } from '../device-lists.ts';
import type { OwnMedia } from '../own-media.ts';

export function DeviceFields({ own }: { readonly own: OwnMedia }) {
  const { cameras, microphones, speakers } = own.devices.value;
  const choice = own.choice.value;
  const cameraId = own.camera.value?.getSettings().deviceId ?? choice.cameraId;
  const microphoneId = own.microphone.value?.getSettings().deviceId ?? choice.microphoneId;
  return (
    <div class="device-fields">
      <DeviceField
        label="Camera"
        devices={cameras}
        chosen={cameraId}
        onChoose={(id) => void own.chooseCamera(id)}
      />
      <DeviceField
        label="Microphone"
        devices={microphones}
        chosen={microphoneId}
        onChoose={(id) => void own.chooseMicrophone(id)}
      />
      {speakers.length > 0 && (
        <DeviceField
          label="Speaker"
          devices={speakers}
          chosen={choice.speakerId}
          onChoose={(id) => own.chooseSpeaker(id)}
        />
      )}
      <label class="switch">
        <input
          type="checkbox"
          role="switch"
          aria-checked={choice.isOriginalSound}
          checked={choice.isOriginalSound}
          onChange={(event) => void own.setOriginalSound(event.currentTarget.checked)}
        />
        <span>
          Original sound
          <small>For music: no noise suppression, no echo cancelling</small>
        </span>
      </label>
    </div>
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
