/** Who is here, in order of arrival, hosts marked; what a host can do with each. SPEC P30. */
import type { CallView, Person } from '@conclave/calling/view';
import { useSignal } from '@preact/signals';
import { Ellipsis, MicOff, VideoOff } from 'lucide';
import type { CallModel } from '../call-model.ts';
import { hueOf, initialsOf, shownName } from '../person-look.ts';
import { reasonOf } from '../tiles.ts';
import { Icon } from './icon.tsx';
import { Panel } from './panel.tsx';

export function PeoplePanel({ call, view }: { readonly call: CallModel; readonly view: CallView }) {
  const hosts = view.people.filter((person) => person.isHost);
  const rest = view.people.filter((person) => !person.isHost);
  return (
    <Panel title="People" onClose={() => (call.panel.value = undefined)}>
      {view.waitingCount > 0 && (
        <p class="note" role="status">
          {view.waitingCount === 1
            ? 'One person is coming in…'
            : `${view.waitingCount} people are coming in…`}
        </p>
      )}
      <ul class="people">
        {[...hosts, ...rest].map((person) => (
          <PersonRow key={person.key} call={call} view={view} person={person} />
        ))}
      </ul>
      {view.isHost && (
        <div class="panel-actions">
          <button type="button" disabled={view.isFrozen} onClick={() => call.changeLink()}>
            Change the link
          </button>
          <p class="hint">Then the old one lets nobody in. Whoever is here stays.</p>
        </div>
      )}
    </Panel>
  );
}

function PersonRow({
  call,
  view,
  person,
}: {
  readonly call: CallModel;
  readonly view: CallView;
  readonly person: Person;
}) {
  const isOpen = useSignal(false);
  const name = shownName(person.name);
  const flags = person.isSelf
    ? { microphone: call.own.isMicrophoneOn.value, camera: call.own.isCameraOn.value }
    : person.flags;
  const standing = person.isSelf ? 'You' : (reasonOf(person, view, call.media.value) ?? 'Confirmed');
  return (
    <li>
      <div class="person">
        <span
          class="avatar"
          ref={(element) => element?.style.setProperty('--hue', String(hueOf(person.key)))}
        >
          {initialsOf(name)}
        </span>
        <span class="person-name">
          <span class="person-words">
            <span class="tile-text" dir="auto">
              {name}
            </span>
            {person.isHost && <span class="badge">Host</span>}
          </span>
          <small>{standing}</small>
        </span>
        {!flags.microphone && <StateIcon node={MicOff} label="Microphone muted" />}
        {!flags.camera && <StateIcon node={VideoOff} label="Camera off" />}
        {view.isHost && !person.isSelf && (
          <button
            type="button"
            class="round quiet"
            aria-label={`More for ${name}`}
            aria-expanded={isOpen.value}
            onClick={() => (isOpen.value = !isOpen.value)}
          >
            <Icon node={Ellipsis} />
          </button>
        )}
      </div>
      {isOpen.value && (
        <div class="person-actions">
          {!person.isHost && (
            <button
              type="button"
              onClick={() => {
                isOpen.value = false;
                call.makeHost(person);
              }}
            >
              Make host
            </button>
          )}
          <button type="button" class="danger-text" onClick={() => call.askToRemove(person)}>
            Remove…
          </button>
        </div>
      )}
    </li>
  );
}

function StateIcon({ node, label }: { readonly node: typeof MicOff; readonly label: string }) {
  return (
    <span class="state" role="img" aria-label={label} title={label}>
      <Icon node={node} size={16} />
    </span>
  );
}
