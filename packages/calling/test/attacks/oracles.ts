/**
 * What every attack ends with (attacks.md §1): O1 no key of the honest is the attacker's, O2 nobody unconfirmed or
 * foreign has frames released, O3 the view tells the truth, O4 the honest come back or stop with a reason.
 */
import { type Bytes, toHex } from '@conclave/protocol/bytes';
import { expect } from 'vitest';
import type { Accomplice } from '../../src/testing/accomplice.ts';
import { LyingService } from '../../src/testing/lying-service.ts';
import type { Device, WorldOptions } from '../../src/testing/world.ts';
import { callOf, type Scene } from '../scenes.ts';

export interface Attacked extends Scene {
  readonly liar: LyingService;
  readonly watch: Watch;
}

/** A quiet call that a lying service serves from now on. */
export async function attackedCall(names: readonly string[], options: WorldOptions = {}): Promise<Attacked> {
  const scene = await callOf(names, options);
  return { ...scene, liar: new LyingService(scene.world), watch: new Watch(scene) };
}

/** Looks at every step of every honest device. */
export class Watch {
  readonly #trusted = new Set<string>();
  readonly #seen = new Map<Device, number>();
  readonly violations: string[] = [];

  constructor({ world, all }: Scene) {
    for (const device of all) this.trust(device);
    for (const device of all) this.#seen.set(device, device.media.length);
    world.afterStep = (device) => this.#look(device);
  }

  /** This device's frames may be released from now on. */
  trust(device: { readonly key: { readonly publicKey: Bytes } }): void {
    this.#trusted.add(toHex(device.key.publicKey));
  }

  distrust(device: { readonly key: { readonly publicKey: Bytes } }): void {
    this.#trusted.delete(toHex(device.key.publicKey));
  }

  #look(device: Device): void {
    // A reload starts the list of media instructions anew.
    const from = Math.min(this.#seen.get(device) ?? 0, device.media.length);
    for (const instruction of device.media.slice(from)) {
      if (instruction.t !== 'confirmed') continue;
      const foreign = instruction.leafKeys.filter((key) => !this.#trusted.has(toHex(key)));
      if (foreign.length > 0) this.violations.push(`${device.name} releases frames of a stranger`);
    }
    this.#seen.set(device, device.media.length);
    this.#checkRoster(device);
  }

  #checkRoster({ name, state, view }: Device): void {
    if (state.member === undefined || view === undefined || view.phase === 'left') return;
    const tree = state.member.leaves.map(({ signatureKey }) => toHex(signatureKey)).sort();
    const shown = view.people.map(({ key }) => key).sort();
    if (tree.join() !== shown.join()) this.violations.push(`${name} shows other people than the tree has`);
  }
}

/** O1 and O2. @param since - epochs of the honest from here on must be out of the attackers' reach */
export function expectOutOfReach(
  { watch }: Pick<Attacked, 'watch'>,
  honest: readonly Device[],
  attackers: readonly Accomplice[],
  since = 0,
): void {
  expect(watch.violations).toEqual([]);
  const keys = new Set(honest.flatMap((device) => baseKeysOf(device, since)));
  expect(keys.size).toBeGreaterThan(0);
  for (const attacker of attackers) {
    expect([...attacker.baseKeys].filter((key) => keys.has(key))).toEqual([]);
  }
}

/** Media keys that a device was given, as hexadecimal. */
export function baseKeysOf({ media }: Device, since = 0): readonly string[] {
  return media.flatMap((instruction) =>
    instruction.t === 'epoch' && instruction.epoch >= since ? [toHex(instruction.baseKey)] : [],
  );
}

export function isGateOpen({ media }: Device): boolean {
  const last = media.findLast((instruction) => instruction.t === 'gate');
  return last?.t === 'gate' && last.isOpen;
}

/** Whether frames of this key are released now. */
export function releases({ media }: Device, key: Bytes): boolean {
  const last = media.findLast((instruction) => instruction.t === 'confirmed');
  return last?.t === 'confirmed' && last.leafKeys.some((leafKey) => toHex(leafKey) === toHex(key));
}

export function personOf(device: Device, key: Bytes) {
  return device.view?.people.find((person) => person.key === toHex(key));
}

export function epochOf(device: Device): number {
  return device.state.member?.epoch ?? -1;
}
