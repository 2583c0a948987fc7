/** Why only these people can see and hear the call, how to check it, and what stays possible. SPEC P34, P35. */
import type { CallView, Person } from '@conclave/calling/view';
import { arrivalWords } from '../arrivals.ts';
import type { CallModel } from '../call-model.ts';
import { shownName } from '../person-look.ts';
import { CHANGED_LINK_MEANS, COMPARING, LIMITS_IN_WORDS, STANDING_WORDS, SUITE_WORDS } from '../words.ts';
import { Panel } from './panel.tsx';
import { ServerSees } from './server-sees.tsx';

export function SecurityPanel({ call, view }: { readonly call: CallModel; readonly view: CallView }) {
  const suite = SUITE_WORDS[view.suite];
  const isAlone = view.people.length <= 1;
  return (
    <Panel title="Security" onClose={() => (call.panel.value = undefined)}>
      <p class="lead">{leadOf(view)}</p>
      {!isAlone && <Code call={call} view={view} />}
      <section>
        <h3>{suite.name}</h3>
        <p>{suite.text}</p>
        <p class="hint">{suite.detail}</p>
      </section>
      <People call={call} view={view} />
      <section>
        <h3>What the server can see</h3>
        <ServerSees />
      </section>
      <section>
        <h3>When the link changes</h3>
        <Sentences list={CHANGED_LINK_MEANS} />
      </section>
      <details>
        <summary>What stays possible</summary>
        <Sentences list={LIMITS_IN_WORDS} />
      </details>
    </Panel>
  );
}

function Sentences({ list }: { readonly list: readonly string[] }) {
  return (
    <ul class="limits">
      {list.map((sentence) => (
        <li key={sentence}>{sentence}</li>
      ))}
    </ul>
  );
}

function leadOf(view: CallView): string {
  if (view.pause === 'FORKED') return 'There is proof that the server shows people different calls.';
  if (view.phase === 'reconnecting')
    return 'The connection is lost: who is here is not known for the moment.';
  const count = view.people.length;
  if (count <= 1) return 'Nobody else is here. Whoever comes in by your link appears on the page first.';
  return `Only the ${count} people here can see and hear this. Their devices hold the keys; the server has none.`;
}

function Code({ call, view }: { readonly call: CallModel; readonly view: CallView }) {
  const { code } = view;
  const isCurrent = code !== undefined && code.epoch === view.epoch;
  return (
    <section>
      <h3>Code of this call</h3>
      {code ? (
        <>
          <p class={`code ${isCurrent ? '' : 'is-old'}`}>
            {groupsOf(code.digits).map((group, index) => (
              <span key={`${index} ${group}`}>{group}</span>
            ))}
          </p>
          <p class="hint">
            {isCurrent ? 'At' : 'Before people came or went, at'}{' '}
            {new Date(code.atUnixMs).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })}. It
            changes when people come and go.
          </p>
        </>
      ) : (
        <p class="hint" role="status">
          The code is being computed…
        </p>
      )}
      {COMPARING.map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
      {code && !isCurrent && (
        <button type="button" onClick={() => call.showCode()}>
          Show the new code
        </button>
      )}
    </section>
  );
}

function groupsOf(digits: string): readonly string[] {
  return digits.replaceAll(/\D/g, '').match(/.{1,5}/g) ?? [];
}

/** Who is here, since when as this device saw it, and who has confirmed. */
function People({ call, view }: { readonly call: CallModel; readonly view: CallView }) {
  return (
    <section>
      <h3>Who is here</h3>
      <ul class="facts">
        {view.people.map((person) => (
          <li key={person.key}>
            <span dir="auto">{shownName(person.name)}</span>
            {person.isSelf && ' (you)'}
            <small>
              {joined(
                person.isSelf ? '' : standingWords(person),
                arrivalWords(call.arrivals.value.get(person.key)),
              )}
            </small>
          </li>
        ))}
      </ul>
      {view.people.length > 1 && (
        <p class="hint">
          Confirmed means: in the last 25 seconds this person’s device signed, with a key of its own, that it
          is in this call.
        </p>
      )}
    </section>
  );
}

function standingWords(person: Person): string {
  return STANDING_WORDS[person.standing] || 'Confirmed';
}

function joined(...words: readonly string[]): string {
  const sentence = words.filter((word) => word !== '').join(', ');
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
