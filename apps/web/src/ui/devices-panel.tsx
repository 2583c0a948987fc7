/** Devices during a call, and the one switch of the sounds. SPEC P13, P65. */
import type { CallModel } from '../call-model.ts';
import { DeviceFields } from './device-fields.tsx';
import { Panel } from './panel.tsx';
import { Switch } from './switch.tsx';

export function DevicesPanel({ call }: { readonly call: CallModel }) {
  const { habits, own } = call;
  return (
    <Panel title="Camera and sound" onClose={() => (call.panel.value = undefined)}>
      <DeviceFields own={own} />
      <Switch
        label="Sounds"
        note="When people come and go, and when you speak while muted"
        isOn={habits.areSoundsOn.value}
        onChange={(isOn) => habits.setSounds(isOn)}
      />
    </Panel>
  );
}
