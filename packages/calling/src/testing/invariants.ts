/**
 * What must hold after every step of every client, whatever the network does: one history for each (group, epoch), no
 * epoch granted twice to the media side, nobody back whom this client saw kicked, and a roster that is the tree.
 */
import { epochAuthenticator } from '@conclave/crypto/mls/engine';
import { toHex } from '@conclave/protocol/bytes';
import type { Device } from './world.ts';

export class Invariants {
  readonly #authenticators = new Map<string, string>();
  readonly #seenMedia = new Map<Device, number>();
  readonly #granted = new Map<Device, Set<string>>();

  /** Throws an error that names the device and what broke. */
  check(device: Device): void {
    this.#checkHistory(device);
    this.#checkMedia(device);
    checkRoster(device);
    checkKicked(device);
  }

  #checkHistory(device: Device): void {
    const { member } = device.state;
    if (member === undefined) return;
    const place = `${toHex(member.groupId)} ${member.epoch}`;
    const authenticator = toHex(epochAuthenticator(member.group));
    const known = this.#authenticators.get(place);
    const isTakenBack = device.service.reopened.has(`${toHex(member.groupId)} ${member.epoch - 1}`);
    if (known !== undefined && known !== authenticator && !isTakenBack) {
      throw new Error(`${device.name} is in another history at epoch ${member.epoch}`);
    }
    this.#authenticators.set(place, authenticator);
  }

  #checkMedia(device: Device): void {
    const granted = this.#granted.get(device) ?? new Set<string>();
    this.#granted.set(device, granted);
    // A reload starts the media side anew, with an empty list.
    const from = Math.min(this.#seenMedia.get(device) ?? 0, device.media.length);
    for (const instruction of device.media.slice(from)) {
      if (instruction.t !== 'epoch') continue;
      const place = `${toHex(instruction.groupId)} ${instruction.epoch}`;
      if (granted.has(place)) throw new Error(`${device.name} got epoch ${instruction.epoch} twice`);
      granted.add(place);
    }
    this.#seenMedia.set(device, device.media.length);
  }
}

function checkRoster(device: Device): void {
  const { member } = device.state;
  if (member === undefined || device.view === undefined || device.view.phase === 'left') return;
  const tree = member.leaves.map(({ signatureKey }) => toHex(signatureKey)).sort();
  const roster = device.view.people.map(({ key }) => key).sort();
  if (tree.join() !== roster.join()) throw new Error(`${device.name} shows other people than the tree has`);
}

function checkKicked(device: Device): void {
  const { member, kickedKeys } = device.state;
  const back = member?.leaves.some(({ signatureKey }) => kickedKeys.has(toHex(signatureKey)));
  if (back) throw new Error(`${device.name} has somebody in the tree whom a host kicked`);
}
