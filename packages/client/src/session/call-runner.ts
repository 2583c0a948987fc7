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
import type { ServerMessage } from '@conclave/protocol/wire';
import { HELD_LINKS_MAX, REHEARSAL_DELAY_MS, REHEARSALS } from '../limits.ts';
import type { LiveContexts } from '../media/live-contexts.ts';
import { DeliverySocket, type SessionMessage } from './delivery-socket.ts';
import { Mailbox } from './mailbox.ts';
import type { PersonEvent } from './mls-worker.types.ts';
import type { StoredLink } from './tab-links.ts';
import { requestTree } from './tree-request.ts';

export interface CallRunnerOptions {
  /** Newest first; a reload after a rotation finds two (D10). */
  readonly links: readonly Link[];
  /** Hexadecimal leaf keys stored with the links. */
  readonly kickedKeys?: readonly string[];
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
  onStoreLink(stored: StoredLink): Promise<void> | void;
  onSfu(ticket: string, token: string): void;
  onClosed(reason: ClosedReason): void;
  /** The machine broke: a fault of ours. The media side has been shut. */
  onFailed(): void;
}

/** Requests of the runner itself are numbered above every request of the machine. */
const FIRST_OWN_REQUEST = 2 ** 40;

export class CallRunner {
  readonly #options: CallRunnerOptions;
  readonly #socket: DeliverySocket;
  readonly #suite: Promise<Suite>;
  readonly #mailbox = new Mailbox();
  #links: readonly Link[];
  #state: CallState | undefined;
  #sessionToken: string | undefined;
  /** Came with the last Welcome. */
  #treeAtHand: { readonly groupId: Bytes; readonly epoch: number; readonly tree: Bytes } | undefined;
  #rehearsal: ReturnType<typeof setTimeout> | undefined;
  #isJoining = false;
  #hasCompany = false;
  #building: Promise<void> | undefined;
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
      onSession: (session, link) => this.#open(session, link),
      onMessage: (message, bytes) => this.#receive(message, bytes),
      onLost: () => this.#take({ t: 'disconnected' }),
      onClosed: (code) => this.#refused(code),
    });
  }

  /** Goes again and again through what a click on Join and a knock go through, but never in the way of a join. */
  #rehearseSoon(suite: Suite, turns = REHEARSALS): void {
    if (turns === 0 || this.#isClosed || this.#hasCompany) return;
    this.#rehearsal = setTimeout(async () => {
      // What is wrong with the engine shows when somebody joins.
      if (!this.#isJoining) await rehearse(suite).catch(() => undefined);
      this.#rehearseSoon(suite, this.#isJoining ? turns : turns - 1);
    }, REHEARSAL_DELAY_MS);
  }

  /** What the person at the device does. */
  feed(event: PersonEvent): void {
    if (this.#isClosed) return;
    this.#isJoining ||= event.t === 'join';
    this.#mailbox.pushPerson(event);
    void this.#run();
  }

  /** How far the own live senders have counted, for the next beat. */
  noteContexts(contexts: LiveContexts): void {
    this.#take({ t: 'set-contexts', ...contexts });
  }

  /** A mailbox that overflows drops the connection: the log brings everything back. */
  #take(event: CallEvent, bytes = 0): void {
    if (this.#isClosed) return;
    if (!this.#mailbox.pushOutside(event, bytes)) this.#socket.drop();
    void this.#run();
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

  /** What comes after the session waits behind it, also while the first one is still building the state. */
  #open(session: SessionMessage, link: Link): void {
    this.#sessionToken = session.sessionToken;
    this.#take({ t: 'connected', session, link });
    this.requestSfu();
    this.#building ??= this.#build(link);
  }

  async #build(link: Link): Promise<void> {
    const suite = await this.#suite;
    // Newest first, whichever the server took: that a later one is stored tells that a change was on its way.
    const [newest = link, ...otherLinks] = this.#links;
    const { key: signingKey, kickedKeys = [] } = this.#options;
    const identity = { link: newest, otherLinks, kickedKeys, signingKey, suite };
    this.#state = await createCall(identity, { random: Math.random });
    this.#rehearseSoon(suite);
    void this.#run();
  }

  #receive(message: ServerMessage, bytes: number): void {
    if (message.t === 'sfu') this.#options.onSfu(message.ticket, message.token);
    else {
      if (message.t === 'welcome' && message.tree) this.#treeAtHand = { ...message, tree: message.tree };
      this.#take({ t: 'message', message }, bytes);
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
      while (this.#state !== undefined && !this.#isClosed) {
        const event = this.#mailbox.next();
        if (event === undefined) break;
        const { state, effects } = await step(this.#state, event, this.#options.nowMs());
        this.#state = state;
        for (const effect of effects) if (!this.#isClosed) await this.#carryOut(effect);
      }
    } catch {
      this.#fail();
    } finally {
      this.#isRunning = false;
    }
  }

  /** A step that broke says nothing about who is there any more: nothing leaves, nobody is shown, and the page says so. */
  #fail(): void {
    this.close();
    this.#options.onMedia({ t: 'gate', isOpen: false });
    this.#options.onMedia({ t: 'confirmed', leafKeys: [] });
    this.#options.onFailed();
  }

  async #carryOut(effect: CallEffect): Promise<void> {
    if (effect.t === 'send') this.#socket.send(effect.message);
    else if (effect.t === 'media') this.#options.onMedia(effect.instruction);
    else if (effect.t === 'view') this.#show(effect.view);
    else if (effect.t === 'wake') this.#wake(effect.atMs);
    else if (effect.t === 'fetch-tree') void this.#fetchTree(effect.groupId, effect.epoch);
    else if (effect.t === 'store-link') await this.#keepLink(effect);
    else if (effect.t === 'reconnect') this.#socket.drop();
    else {
      this.close();
      this.#options.onClosed(effect.reason);
    }
  }

  #show(view: CallView): void {
    if (view.phase === 'in') this.#isJoining = false;
    this.#hasCompany = view.people.length > 1;
    this.#options.onView(view);
  }

  async #keepLink({ link, replaces, kickedKeys }: Extract<CallEffect, { t: 'store-link' }>): Promise<void> {
    const isInForce = replaces !== undefined;
    const others = this.#links.filter((other) => !equalBytes(other.secret, link.secret));
    this.#links = isInForce ? [link] : [link, ...others].slice(0, HELD_LINKS_MAX);
    await this.#options.onStoreLink({ link, isInForce, kickedKeys });
  }

  /** One at a time: the latest takes the place of the one before. */
  #wake(atMs: number): void {
    clearTimeout(this.#timer);
    const delayMs = Math.max(0, atMs - this.#options.nowMs());
    this.#timer = setTimeout(() => this.#take({ t: 'wake' }), delayMs);
  }

  async #fetchTree(groupId: Bytes, epoch: number): Promise<void> {
    const atHand = this.#treeAtHand;
    this.#treeAtHand = undefined;
    if (atHand?.epoch === epoch && equalBytes(atHand.groupId, groupId)) {
      return this.#take({ t: 'tree', groupId, epoch, tree: atHand.tree });
    }
    const room = this.#links[0];
    const path = [room?.roomId ?? new Uint8Array(), groupId].map(toBase64Url).join('/');
    const url = `${this.#options.origin}/api/trees/${path}/${epoch}`;
    const tree = await requestTree(url, this.#sessionToken ?? '');
    this.#take({ t: 'tree', groupId, epoch, tree });
  }
}

/** How a call ends for a person when the server's refusal will not mend by itself. */
function closedReasonOf(code: ErrorCode): ClosedReason {
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
