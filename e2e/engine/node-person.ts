/**
 * A participant without a browser: the client's own runner and call machine in Node, against the real server. It has no
 * media; its views are what the pages would show.
 */
import type { MediaInstruction } from '@conclave/calling/media-instruction';
import type { CallView, ClosedReason, Person } from '@conclave/calling/view';
import { CallRunner } from '@conclave/client/session/call-runner';
import { createLink, isHostKey, type Link } from '@conclave/crypto/link';
import { generateSigningKey, type SigningKey } from '@conclave/crypto/mls/signing-key';

const WAIT_MS = 20_000;

export interface NodePersonOptions {
  readonly origin: string;
  readonly name: string;
  /** Left out: the person makes a room and is its host. */
  readonly link?: Link;
  readonly key?: SigningKey;
  readonly suite?: 1 | 2;
  /** In place of the real network: what is between this person and the server. */
  readonly openSocket?: (url: string) => WebSocket;
  /** Takes what the call tells the media worker. */
  readonly onMedia?: (instruction: MediaInstruction) => void;
}

export class NodePerson {
  readonly name: string;
  readonly key: SigningKey;
  readonly instructions: MediaInstruction[] = [];
  readonly #runner: CallRunner;
  readonly #waiting = new Set<() => void>();
  link: Link;
  view: CallView | undefined;
  closed: ClosedReason | undefined;
  hasFailed = false;
  tickets = 0;
  onMedia: ((instruction: MediaInstruction) => void) | undefined;
  onView: ((view: CallView) => void) | undefined;

  private constructor(options: NodePersonOptions, key: SigningKey, link: Link) {
    this.name = options.name;
    this.key = key;
    this.link = link;
    this.onMedia = options.onMedia;
    this.#runner = new CallRunner({
      links: [link],
      key,
      isFounder: isHostKey(link, key.publicKey),
      origin: options.origin,
      openSocket: options.openSocket ?? ((url) => openSocketFrom(options.origin, url)),
      nowMs: () => performance.timeOrigin + performance.now(),
      onView: (view) => {
        this.onView?.(view);
        this.#note(() => (this.view = view));
      },
      onMedia: (instruction) => {
        this.#note(() => this.instructions.push(instruction));
        this.onMedia?.(instruction);
      },
      onStoreLink: ({ link: changed }) => this.#note(() => (this.link = changed)),
      onSfu: () => this.#note(() => this.tickets++),
      onFailed: () => this.#note(() => (this.hasFailed = true)),
      onClosed: (reason) => this.#note(() => (this.closed = reason)),
    });
  }

  static async arrive(options: NodePersonOptions): Promise<NodePerson> {
    const key = options.key ?? (await generateSigningKey());
    return new NodePerson(options, key, options.link ?? newRoom(key, options.suite ?? 1));
  }

  /** Arrives, joins, and gives itself back once it is in. */
  static async join(options: NodePersonOptions): Promise<NodePerson> {
    const person = await NodePerson.arrive(options);
    person.feed({ t: 'join', name: options.name });
    await person.until('in', (view) => view?.phase === 'in');
    return person;
  }

  feed(event: Parameters<CallRunner['feed']>[0]): void {
    this.#runner.feed(event);
  }

  noteContexts(contexts: Parameters<CallRunner['noteContexts']>[0]): void {
    this.#runner.noteContexts(contexts);
  }

  /** Resolves once the latest view, or the end of the call, is as wanted. */
  until(what: string, isSo: (view: CallView | undefined, person: this) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        reject(new Error(`${this.name} never saw: ${what}; sees ${this.describe()}`));
      }, WAIT_MS);
      const look = () => {
        if (!isSo(this.view, this)) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Sees exactly these people, each confirmed. */
  untilSees(...names: readonly string[]): Promise<void> {
    const wanted = [...names].sort().join();
    return this.until(`only ${wanted}`, (view) => {
      const people = view?.people ?? [];
      const isEach = people.every((person) => person.isSelf || person.standing === 'confirmed');
      return (
        isEach &&
        people
          .map((person) => person.name)
          .sort()
          .join() === wanted
      );
    });
  }

  person(name: string): Person {
    const found = this.view?.people.find((each) => each.name === name);
    if (found === undefined) throw new Error(`${this.name} does not see ${name}`);
    return found;
  }

  describe(): string {
    const people = this.view?.people.map((each) => `${each.name} ${each.standing}`).join(', ');
    return `${this.closed ?? this.view?.phase} at epoch ${this.view?.epoch} with ${people}`;
  }

  /** The device goes away without a word. */
  vanish(): void {
    this.#runner.close();
  }

  #note(change: () => void): void {
    change();
    for (const look of this.#waiting) look();
  }
}

function newRoom(key: SigningKey, suite: 1 | 2): Link {
  return createLink({
    hostPublicKey: key.publicKey,
    suite,
    kind: 'e2ee',
    flags: { kept: false, lobby: false },
    nowUnixMs: Date.now(),
  });
}

/** As a page of that origin would open it; Node's WebSocket takes headers, which the DOM's type does not know. */
export function openSocketFrom(origin: string, url: string): WebSocket {
  const NodeWebSocket = WebSocket as unknown as new (
    url: string,
    options: { readonly headers: Readonly<Record<string, string>> },
  ) => WebSocket;
  return new NodeWebSocket(url, { headers: { origin } });
}
