/** Why only these people can see and hear the call, how to check it, and what stays possible. SPEC P34, P35. */
import type { CallView } from '@conclave/calling/view';
import type { CallModel } from '../call-model.ts';
import { shownName } from '../person-look.ts';
import { LIMITS_IN_WORDS, STANDING_WORDS, SUITE_WORDS } from '../words.ts';
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
      {!isAlone && <Confirmations view={view} />}
      <section>
        <h3>What the server can see</h3>
        <ServerSees />
      </section>
      <details>
        <summary>What stays possible</summary>
        <ul class="limits">
          {LIMITS_IN_WORDS.map((limit) => (
            <li key={limit}>{limit}</li>
          ))}
        </ul>
      </details>
    </Panel>
  );
}

function leadOf(view: CallView): string {
  if (view.pause === 'FORKED') return 'There is proof that the server shows people different calls.';
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
      <p>
        Compare it aloud, or by another way than this server. The same code for everybody means the same call.
      </p>
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

function Confirmations({ view }: { readonly view: CallView }) {
  const others = view.people.filter((person) => !person.isSelf);
  return (
    <section>
      <h3>Who confirmed being here</h3>
      <ul class="facts">
        {others.map((person) => (
          <li key={person.key}>
            {shownName(person.name)}
            <small>
              {STANDING_WORDS[person.standing] ||
                'Confirmed, with a key of their own, in the last 25 seconds'}
            </small>
          </li>
        ))}
      </ul>
    </section>
  );
}
