import { err, ok, type Result } from '@conclave/protocol/result';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { SfuConnection, SfuState } from '../livekit/sfu-connection.ts';
import { SfuLink } from './sfu-link.ts';

/** A connection that remembers what it was told, and fails or is lost when the test says so. */
class FakeConnection implements SfuConnection {
  readonly told: string[] = [];
  readonly outcome: Result<void, 'UNREACHABLE'>;
  lose: () => void = () => undefined;
  constructor(outcome: Result<void, 'UNREACHABLE'>) {
    this.outcome = outcome;
  }
  connect = async ({ url }: { readonly url: string }) => {
    this.told.push(`connect ${url}`);
    return this.outcome;
  };
  publish = (kind: string) => void this.told.push(`publish ${kind}`);
  start = () => void this.told.push('start');
  unpublish = (kind: string) => void this.told.push(`unpublish ${kind}`);
  setMuted = (kind: string, isMuted: boolean) =>
    void this.told.push(`${isMuted ? 'mute' : 'unmute'} ${kind}`);
  wish = (wishes: readonly unknown[]) => void this.told.push(`wish ${wishes.length}`);
  close = async () => void this.told.push('close');
}

const track = {} as MediaStreamTrack;
let connections: FakeConnection[];
let states: string[];
let tickets: number;
let outcome: Result<void, 'UNREACHABLE'>;

function createLink(): SfuLink {
  return new SfuLink({
    createConnection: ({ onState }) => {
      const connection = new FakeConnection(outcome);
      connection.lose = () => onState('disconnected' satisfies SfuState);
      connections.push(connection);
      return connection;
    },
    requestTicket: () => void tickets++,
    onState: (state) => void states.push(state),
  });
}

beforeEach(() => {
  vi.useFakeTimers();
  connections = [];
  states = [];
  tickets = 0;
  outcome = ok(undefined);
});
afterEach(() => void vi.useRealTimers());

describe('the way to the SFU', () => {
  test('[S74] a new ticket takes the place of the old connection and carries over what is wanted', async () => {
    const link = createLink();
    await link.useTicket('wss://a', 'token');
    link.setTrack('camera', track);
    link.setTrack('microphone', track);
    link.setTrack('microphone', undefined);
    link.wish([{ participantId: 'ada', kind: 'camera', width: 640, height: 360 }]);
    await link.useTicket('wss://again', 'token');
    expect(connections).toHaveLength(1);
    vi.advanceTimersByTime(1_000);
    await link.useTicket('wss://b', 'token');
    expect(connections[0]?.told).toContain('close');
    expect(connections[1]?.told).toEqual([
      'mute microphone',
      'publish camera',
      'publish microphone',
      'wish 1',
      'connect wss://b',
    ]);
  });

  test('[S41] who has joined has also joined on every connection that follows', async () => {
    const link = createLink();
    await link.useTicket('wss://a', 'token');
    expect(connections[0]?.told).not.toContain('start');
    link.start();
    expect(connections[0]?.told).toContain('start');
    vi.advanceTimersByTime(1_000);
    await link.useTicket('wss://b', 'token');
    expect(connections[1]?.told[0]).toBe('start');
  });

  test('[S75] nothing is wished for before the page has said what is on the screen', async () => {
    const link = createLink();
    await link.useTicket('wss://a', 'token');
    expect(connections[0]?.told).toEqual(['connect wss://a']);
    link.wish([]);
    vi.advanceTimersByTime(1_000);
    await link.useTicket('wss://b', 'token');
    expect(connections[1]?.told).toEqual(['wish 0', 'connect wss://b']);
  });

  test('[S76] a connection that is lost or never made asks for another ticket, after pauses that double', async () => {
    const link = createLink();
    await link.useTicket('wss://a', 'token');
    connections[0]?.lose();
    expect(states.at(-1)).toBe('reconnecting');
    await vi.advanceTimersByTimeAsync(250);
    expect(tickets).toBe(1);
    outcome = err('UNREACHABLE');
    await link.useTicket('wss://b', 'token');
    await vi.advanceTimersByTimeAsync(999);
    expect(tickets).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(tickets).toBe(2);
  });

  test('[S76] a ticket that does not come is asked for again, and nobody waits for the connection before', async () => {
    const link = createLink();
    await link.useTicket('wss://a', 'token');
    const [first] = connections;
    if (first) first.close = () => new Promise(() => undefined);
    first?.lose();
    await vi.advanceTimersByTimeAsync(250 + 500 + 1_000);
    expect(tickets).toBe(3);
    await link.useTicket('wss://b', 'token');
    await vi.advanceTimersByTimeAsync(60_000);
    expect([tickets, connections.length, states.at(-1)]).toEqual([3, 2, 'connecting']);
  });

  test('[S76] after the end nothing is asked for or connected any more', async () => {
    const link = createLink();
    await link.useTicket('wss://a', 'token');
    await link.close();
    connections[0]?.lose();
    await link.useTicket('wss://b', 'token');
    await vi.advanceTimersByTimeAsync(60_000);
    expect([tickets, connections.length]).toEqual([0, 1]);
  });
});
