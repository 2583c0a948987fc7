/**
 * The runner: one mailbox that feeds the call machine and carries out what it asks for, SPEC S65–S69. It wires the
 * socket, the trees, the timer and the outputs together and decides nothing. Lives in the MLS worker; runs in Node, too.
 */
import {
  type CallEffect,
  type CallEvent,
  type CallState,
  createCall,
  step,
} from '@conclave/calling/call.machine';
import type { MediaInstruction } from '@conclave/calling/media-instruction';
import type { CallView, ClosedReason } from '@conclave/calling/view';
import type { Link } from '@conclave/crypto/link';
import { rehearse } from '@conclave/crypto/mls/rehearsal';
import type { SigningKey } from '@conclave/crypto/mls/signing-key';
import { createSuite, type Suite } from '@conclave/crypto/mls/suite';
import { type Bytes, equalBytes, toBase64Url } from '@conclave/protocol/bytes';
import type { ErrorCode } from '@conclave/protocol/error-codes';
import { TREE_BYTES_MAX } from '@conclave/protocol/limits';
import type { ServerMessage } from '@conclave/protocol/wire';
import { HELD_LINKS_MAX, MAILBOX_EVENTS_MAX, REHEARSAL_DELAY_MS } from '../limits.ts';
import { DeliverySocket, type SessionMessage } from './delivery-socket.ts';

export interface CallRunnerOptions {
  /** Newest first; a reload after a rotation finds two (D10). */
  readonly links: readonly Link[];
  readonly key: SigningKey;
  readonly isFounder: boolean;
  readonly operatorToken?: string;
  /** Origin of the server: `https://…`. */
  readonly origin: string;
  readonly openSocket?: (url: string) => WebSocket;
  /** Unix milliseconds that never jump back. */
  nowMs(): number;
  onView(view: CallView): void;
  onMedia(instruction: MediaInstruction): void;
  /** To be kept beside the others, or in their place once it is in force. */
  onStoreLink(link: Link, isInForce: boolean): void;
  onSfu(ticket: string, token: string): void;
  onClosed(reason: ClosedReason): void;
}

/** Requests of the runner itself are numbered above every request of the machine. */
const FIRST_OWN_REQUEST = 2 ** 40;

export class CallRunner {
  readonly #options: CallRunnerOptions;
  readonly #socket: DeliverySocket;
  readonly #suite: Promise<Suite>;
  readonly #mailbox: CallEvent[] = [];
  #links: readonly Link[];
  #state: CallState | undefined;
  #sessionToken: string | undefined;
  /** Came with the last Welcome. */
  #treeAtHand: { readonly groupId: Bytes; readonly epoch: number; readonly tree: Bytes } | undefined;
  #rehearsal: ReturnType<typeof setTimeout> | undefined;
  #hasJoined = false;
  #isRunning = false;
  #isClosed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ownRequest = FIRST_OWN_REQUEST;

  constructor(options: CallRunnerOptions) {
    this.#options = options;
    this.#links = options.links;
    const first = options.links[0];
    if (first === undefined) throw new Error('a call has a link');
    this.#suite = createSuite(first.suite);
    this.#socket = new DeliverySocket({
      url: `${options.origin.replace(/^http/, 'ws')}/socket`,
      ...(options.openSocket && { openSocket: options.openSocket }),
      key: options.key,
      links: () => this.#links,
      ...(options.isFounder && {
        create: {
          hostKeyHash: first.hostKeyHash,
          ...(options.operatorToken !== undefined && { token: options.operatorToken }),
        },
      }),
      onSession: (session, link) => void this.#open(session, link),
      onMessage: (message) => this.#receive(message),
      onLost: () => this.feed({ t: 'disconnected' }),
      onClosed: (code) => this.#refused(code),
    });
  }

  /** Goes once through what a click on Join will go through, unless that came first. */
  #rehearseSoon(suite: Suite): void {
    this.#rehearsal ??= setTimeout(() => {
      if (!this.#hasJoined && !this.#isClosed) void rehearse(suite);
    }, REHEARSAL_DELAY_MS);
  }

  /** Puts an event into the mailbox. A mailbox that overflows drops the connection: the log brings everything back. */
  feed(event: CallEvent): void {
    if (this.#isClosed) return;
    this.#hasJoined ||= event.t === 'join';
    if (this.#mailbox.length >= MAILBOX_EVENTS_MAX) {
      this.#mailbox.length = 0;
      this.#socket.drop();
    }
    this.#mailbox.push(event);
    if (this.#state !== undefined) void this.#run();
  }

  /** Asks for a ticket and token for the SFU; `onSfu` answers. False while there is no session. */
  requestSfu(): boolean {
    if (!this.#socket.isOpen) return false;
    this.#ownRequest += 1;
    this.#socket.send({ t: 'sfu', request: this.#ownRequest });
    return true;
  }

  /** The network is said to be back: no need to wait for the next attempt. */
  hurry(): void {
    this.#socket.hurry();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#rehearsal);
    this.#socket.close();
  }

  async #open(session: SessionMessage, link: Link): Promise<void> {
    this.#sessionToken = session.sessionToken;
    if (this.#state === undefined) {
      const suite = await this.#suite;
      const otherLinks = this.#links.filter((other) => other !== link);
      const identity = { link, otherLinks, signingKey: this.#options.key, suite };
      this.#state ??= await createCall(identity, { random: Math.random });
      this.#rehearseSoon(suite);
    }
    this.#mailbox.push({ t: 'connected', session, link });
    void this.#run();
    this.requestSfu();
  }

  #receive(message: ServerMessage): void {
    if (message.t === 'sfu') this.#options.onSfu(message.ticket, message.token);
    else {
      if (message.t === 'welcome' && message.tree) this.#treeAtHand = { ...message, tree: message.tree };
      this.feed({ t: 'message', message });
    }
  }

  #refused(code: ErrorCode): void {
    this.close();
    this.#options.onClosed(closedReasonOf(code));
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      for (;;) {
        const event = this.#mailbox.shift();
        if (event === undefined || this.#state === undefined || this.#isClosed) break;
        const { state, effects } = await step(this.#state, event, this.#options.nowMs());
        this.#state = state;
        for (const effect of effects) this.#carryOut(effect);
      }
    } finally {
      this.#isRunning = false;
    }
  }

  #carryOut(effect: CallEffect): void {
    if (effect.t === 'send') this.#socket.send(effect.message);
    else if (effect.t === 'media') this.#options.onMedia(effect.instruction);
    else if (effect.t === 'view') this.#options.onView(effect.view);
    else if (effect.t === 'wake') this.#wake(effect.atMs);
    else if (effect.t === 'fetch-tree') void this.#fetchTree(effect.groupId, effect.epoch);
    else if (effect.t === 'store-link') this.#keepLink(effect.link, effect.replaces !== undefined);
    else if (effect.t === 'reconnect') this.#socket.drop();
    else {
      this.close();
      this.#options.onClosed(effect.reason);
    }
  }

  #keepLink(link: Link, isInForce: boolean): void {
    const others = this.#links.filter((other) => !equalBytes(other.secret, link.secret));
    this.#links = isInForce ? [link] : [link, ...others].slice(0, HELD_LINKS_MAX);
    this.#options.onStoreLink(link, isInForce);
  }

  /** One at a time: the latest takes the place of the one before. */
  #wake(atMs: number): void {
    clearTimeout(this.#timer);
    const delayMs = Math.max(0, atMs - this.#options.nowMs());
    this.#timer = setTimeout(() => this.feed({ t: 'wake' }), delayMs);
  }

  async #fetchTree(groupId: Bytes, epoch: number): Promise<void> {
    const atHand = this.#treeAtHand;
    this.#treeAtHand = undefined;
    if (atHand?.epoch === epoch && equalBytes(atHand.groupId, groupId)) {
      return this.feed({ t: 'tree', groupId, epoch, tree: atHand.tree });
    }
    const room = this.#links[0];
    const path = [room?.roomId ?? new Uint8Array(), groupId].map(toBase64Url).join('/');
    const tree = await fetch(`${this.#options.origin}/api/trees/${path}/${epoch}`, {
      headers: { authorization: `Bearer ${this.#sessionToken ?? ''}` },
    }).then(
      async (response) => (response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined),
      () => undefined,
    );
    const isUsable = tree !== undefined && tree.length <= TREE_BYTES_MAX;
    this.feed({ t: 'tree', groupId, epoch, tree: isUsable ? tree : undefined });
  }
}

/** How a call ends for a person when the server's refusal will not mend by itself. */
export function closedReasonOf(code: ErrorCode): ClosedReason {
  switch (code) {
    case 'NO_SUCH_ROOM':
    case 'ACCESS_DENIED':
    case 'LINK_CHANGED':
    case 'ROOM_FULL':
    case 'ROOMS_NEED_TOKEN':
    case 'TOO_MANY':
    case 'SUPERSEDED':
      return code;
    case 'REMOVED':
      return 'REMOVED_BY_SERVER';
    default:
      return 'CANNOT_RECOVER';
  }
}
