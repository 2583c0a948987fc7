/** What the scenario tests share: a call with people in it, and what to ask of it. */
import { epochAuthenticator } from '@conclave/crypto/mls/engine';
import { type Bytes, equalBytes, toHex } from '@conclave/protocol/bytes';
import { type Device, World, type WorldOptions } from '../src/testing/world.ts';

export interface Scene {
  readonly world: World;
  readonly host: Device;
  readonly guests: readonly Device[];
  readonly all: readonly Device[];
}

/** A call in which everybody has confirmed everybody; the first is the host. */
export async function callOf(names: readonly string[], options: WorldOptions = {}): Promise<Scene> {
  const world = await World.create(options);
  const [hostName = 'Ada', ...guestNames] = names;
  const host = await world.addHost(hostName);
  host.feed({ t: 'join' });
  await world.until(() => isIn(host), 5_000, 'founding');
  const guests: Device[] = [];
  for (const name of guestNames) guests.push(await world.add(name));
  for (const guest of guests) guest.feed({ t: 'join' });
  const all = [host, ...guests];
  await world.until(() => areTogether(all), 20_000, 'everybody in');
  return { world, host, guests, all };
}

export function isIn(device: Device): boolean {
  return device.view?.phase === 'in';
}

/** Epoch and authenticator: equal for those who are in one epoch of one history. */
export function placeOf(device: Device): string | undefined {
  const { member } = device.state;
  return (
    member &&
    `${toHex(member.groupId).slice(0, 8)} ${member.epoch} ${toHex(epochAuthenticator(member.group))}`
  );
}

/** All in one epoch, nobody else in the tree, and everybody confirmed by everybody. */
export function areTogether(devices: readonly Device[]): boolean {
  return (
    new Set(devices.map(placeOf)).size === 1 &&
    devices.every(
      (device) =>
        isIn(device) &&
        device.view?.people.length === devices.length &&
        device.view.people.every(({ standing }) => standing === 'confirmed') &&
        device.state.member?.freeze === undefined,
    )
  );
}

export function names(device: Device): readonly string[] {
  return device.view?.people.map(({ name }) => name) ?? [];
}

export function keyOf(device: Device): Bytes {
  return device.key.publicKey;
}

/** Whether all hold the same link and it is not this one. */
export function haveNewLink(devices: readonly Device[], old: Bytes): boolean {
  const [first] = devices;
  const secret = first?.view?.link.secret;
  return (
    secret !== undefined &&
    !equalBytes(secret, old) &&
    devices.every(({ view }) => view !== undefined && equalBytes(view.link.secret, secret))
  );
}
