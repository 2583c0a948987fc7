/**
 * Media for the call machines of a `World`: every device has the real frame pipeline under the world's virtual clock, and
 * a new one with every reload. Frames pass through an SFU in memory.
 */

import type { VirtualClock } from '@conclave/calling/testing/virtual-clock';
import type { Device, World } from '@conclave/calling/testing/world';
import type { Clock } from '@conclave/client/media/clock';
import { NodeMedia } from './node-media.ts';
import { NodeSfu } from './node-sfu.ts';

interface Followed {
  media: NodeMedia;
  /** Instructions of the device that were obeyed. */
  obeyed: number;
}

export class WorldMedia {
  readonly sfu = new NodeSfu<NodeMedia>();
  /** Of every device, and of every page that it was before a reload. */
  readonly all: NodeMedia[] = [];
  readonly #world: World;
  readonly #clock: Clock;
  #isPaused = false;
  #obeying: Promise<void>[] = [];
  readonly #followed = new Map<Device, Followed>();

  constructor(world: World) {
    this.#world = world;
    this.#clock = clockOf(world.clock);
  }

  of(device: Device): NodeMedia {
    return this.#follow(device).media;
  }

  /** Hands on what the device's machine has said since; to be called after every step of it. */
  obey(device: Device): void {
    const followed = this.#follow(device);
    if (device.media.length < followed.obeyed) {
      this.sfu.disconnect(followed.media);
      followed.media = this.#open(device);
      followed.obeyed = 0;
    }
    for (const instruction of device.media.slice(followed.obeyed)) {
      this.#obeying.push(followed.media.instruct(instruction));
    }
    followed.obeyed = device.media.length;
  }

  /** No more frames fall due. */
  pause(): void {
    this.#isPaused = true;
  }

  /** Frames fall due and counters reach the machine from now on, in virtual time. */
  run(stepMs = 10): void {
    let sinceReportMs = 0;
    const tick = async (): Promise<void> => {
      sinceReportMs += stepMs;
      // Real time, in which keys are imported, must not let virtual time run ahead.
      await Promise.all(this.#obeying.splice(0));
      for (const [device, { media }] of this.#followed) {
        if (device.isGone || this.#isPaused) continue;
        await media.sendDue();
        if (sinceReportMs >= 1_000) device.feed({ t: 'set-contexts', ...media.contexts() });
      }
      if (sinceReportMs >= 1_000) sinceReportMs = 0;
      this.#world.clock.after(stepMs, tick);
    };
    this.#world.clock.after(stepMs, tick);
  }

  #follow(device: Device): Followed {
    const known = this.#followed.get(device);
    if (known) return known;
    const followed = { media: this.#open(device), obeyed: 0 };
    this.#followed.set(device, followed);
    return followed;
  }

  #open(device: Device): NodeMedia {
    const media = new NodeMedia(device.name, this.sfu, this.#clock);
    media.start('microphone');
    media.start('camera');
    this.all.push(media);
    return media;
  }
}

function clockOf(clock: VirtualClock): Clock {
  const startMs = clock.nowMs();
  return {
    nowMs: () => clock.nowMs() - startMs,
    unixMs: () => clock.nowMs(),
    after: (delayMs, callback) => {
      let isOff = false;
      clock.after(delayMs, () => {
        if (!isOff) callback();
      });
      return () => {
        isOff = true;
      };
    },
  };
}

/** A call in which everybody has confirmed everybody; the first is the host. */
export async function enterAll(world: World, names: readonly string[]): Promise<readonly Device[]> {
  const devices: Device[] = [];
  for (const name of names) {
    const device = await (devices.length === 0 ? world.addHost(name) : world.add(name));
    device.feed({ t: 'join' });
    devices.push(device);
    await world.until(() => areTogether(devices), 20_000, `${name} in`);
  }
  return devices;
}

/** All in one epoch, nobody else in the tree, everybody confirmed by everybody. */
export function areTogether(devices: readonly Device[]): boolean {
  return (
    new Set(devices.map(({ state }) => state.member?.epoch)).size === 1 &&
    devices.every(
      ({ view }) =>
        view?.phase === 'in' &&
        view.people.length === devices.length &&
        view.people.every(({ standing }) => standing === 'confirmed'),
    )
  );
}
