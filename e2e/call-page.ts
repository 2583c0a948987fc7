/**
 * One person in front of the app: the steps and the observations of the end-to-end scenarios, in the words of the pages.
 * Whatever it looks at it waits for; nothing here sleeps for a fixed time.
 */

import assert from 'node:assert/strict';
import type { Driver, Size } from './call/driver.ts';
import {
  countDecoded,
  listen,
  listenByRecording,
  lookAt,
  readPeople,
  readPlaces,
  readTile,
  readWords,
  type Sight,
  tileNames,
  wakeControls,
} from './call/senses.ts';
import { until } from './scenario.ts';

/** Pictures that must differ before a picture counts as moving. */
const MOVING_CHANGES = 4;
/** RMS of a tone that nobody would call silence. */
const AUDIBLE_LEVEL = 0.01;
/** For what crosses the network and two browsers on a busy machine. */
const PATIENCE_MS = 30_000;
/** Questions, 50 ms or more apart, that make a silence: longer than the pause of a fake microphone's beep. */
const QUIET_QUESTIONS = 40;

export class CallPage {
  readonly name: string;
  readonly driver: Driver;

  constructor(name: string, driver: Driver) {
    this.name = name;
    this.driver = driver;
  }

  /** First page → preview → in the call; gives the link. */
  async startCall(origin: string): Promise<string> {
    await this.driver.goTo(`${origin}/`);
    await this.driver.click('button', 'Start a call');
    await this.join();
    return this.linkOnPage();
  }

  /** Opens a link and goes through the preview into the call. */
  async enter(link: string): Promise<void> {
    await this.driver.goTo(link);
    await this.join();
  }

  /** On the preview: original sound, a name, Join; ends when the call is shown. */
  async join(): Promise<void> {
    await this.driver.fill('Your name', this.name);
    await this.driver.clickWords('Original sound');
    await this.driver.click('button', 'Join');
    await this.isIn();
  }

  async isIn(): Promise<void> {
    await this.hasTile(this.name);
  }

  async leave(): Promise<void> {
    await this.driver.click('button', 'Leave');
    await this.reads('You left.');
  }

  async linkOnPage(): Promise<string> {
    const read = () => {
      const field = document.querySelector<HTMLInputElement>('input[aria-label="Link of this call"]');
      return field?.value ?? '';
    };
    return until('the link on the page', () => this.driver.run(read, undefined), PATIENCE_MS);
  }

  /** By the button of the bar, and the clipboard. Chromium only. */
  async copyLink(): Promise<string> {
    await this.driver.click('button', 'Copy link');
    await this.reads('Link copied.');
    return this.driver.run(() => navigator.clipboard.readText(), undefined);
  }

  /** Waits until these words can be read on the page. */
  async reads(words: string, patienceMs = PATIENCE_MS): Promise<void> {
    await until(
      `${this.name} reads '${words}'`,
      async () => (await this.words()).includes(words),
      patienceMs,
    );
  }

  async readsInTile(name: string, words: RegExp): Promise<void> {
    const what = `${this.name} reads ${words} in the tile of ${name}`;
    await until(
      what,
      async () => words.test((await this.driver.run(readTile, name))?.text ?? ''),
      PATIENCE_MS,
    );
  }

  async readsNot(words: string): Promise<void> {
    const what = `${this.name} no longer reads '${words}'`;
    await until(what, async () => !(await this.words()).includes(words), PATIENCE_MS);
  }

  words(): Promise<string> {
    return this.driver.run(readWords, undefined);
  }

  async hasTile(name: string): Promise<void> {
    await until(
      `${this.name} has a tile of ${name}`,
      async () => (await this.driver.run(readTile, name)) !== null,
      PATIENCE_MS,
    );
  }

  async hasNoTile(name: string): Promise<void> {
    await until(
      `${this.name} has no tile of ${name}`,
      async () => (await this.driver.run(readTile, name)) === null,
      PATIENCE_MS,
    );
  }

  tiles(): Promise<readonly string[]> {
    return this.driver.run(tileNames, undefined);
  }

  /** The rendered picture of this person keeps changing. */
  async sees(name: string): Promise<Sight> {
    const prints = new Set<number>();
    return until(
      `${this.name} sees ${name} move`,
      async () => {
        const sight = await this.driver.run(lookAt, name);
        if (sight) prints.add(sight.print);
        return sight && prints.size > MOVING_CHANGES ? sight : undefined;
      },
      PATIENCE_MS,
    );
  }

  /** The picture of this person fits: its colour after a switch of camera, say. */
  seesThat(what: string, name: string, isSo: (sight: Sight) => boolean): Promise<Sight> {
    return until(
      `${this.name} sees ${name}: ${what}`,
      async () => {
        const sight = await this.driver.run(lookAt, name);
        return sight && isSo(sight) ? sight : undefined;
      },
      PATIENCE_MS,
    );
  }

  /** The tile stands, with the initials instead of a picture. */
  async seesNoPicture(name: string, initials: string): Promise<void> {
    await until(
      `${this.name} sees initials of ${name}`,
      async () => {
        const tile = await this.driver.run(readTile, name);
        return tile !== null && !tile.hasVideo && tile.text.startsWith(initials);
      },
      PATIENCE_MS,
    );
  }

  /** As many sounds as there are others, each loud at some time. */
  async hears(count: number): Promise<void> {
    let loudest: number[] = [];
    const hear = async () => {
      const levels = await this.#levels();
      if (levels.length !== loudest.length) loudest = levels.map(() => 0);
      loudest = levels.map((level, index) => Math.max(level, loudest[index] ?? 0));
      return loudest.length === count && loudest.every((level) => level > AUDIBLE_LEVEL);
    };
    await until(`${this.name} hears ${count}`, hear, PATIENCE_MS).catch((error: Error) => {
      throw new Error(`${error.message}; loudest ${JSON.stringify(loudest)}`);
    });
  }

  /** Of the sounds on the page only so many are loud, in a second's worth of questions. */
  async hearsOnly(count: number): Promise<void> {
    let heard: (readonly number[])[] = [];
    const loud = () =>
      (heard[0] ?? []).filter((_, at) => heard.some((levels) => (levels[at] ?? 0) > AUDIBLE_LEVEL));
    await until(
      `${this.name} hears only ${count}`,
      async () => {
        heard = [...heard, await this.#levels()].slice(-QUIET_QUESTIONS);
        return heard.length === QUIET_QUESTIONS && loud().length === count;
      },
      PATIENCE_MS,
    );
  }

  #levels(): Promise<readonly number[]> {
    return this.driver.run(this.driver.engine === 'firefox' ? listenByRecording : listen, undefined);
  }

  async seesMuted(name: string, isMuted: boolean): Promise<void> {
    const what = `${this.name} sees ${name} ${isMuted ? 'muted' : 'not muted'}`;
    await until(what, async () => (await this.driver.run(readTile, name))?.isMuted === isMuted, PATIENCE_MS);
  }

  decoded(): Promise<{ readonly frames: number; readonly packets: number }> {
    return this.driver.run(countDecoded, undefined);
  }

  async openPanel(name: 'People' | 'Security' | 'Camera and sound'): Promise<void> {
    await this.driver.click('button', name);
  }

  /** The rows of the open People panel. */
  people(): Promise<readonly string[]> {
    return this.driver.run(readPeople, undefined);
  }

  /** With the People panel open: asks, confirms. */
  async remove(name: string): Promise<void> {
    await this.driver.click('button', `More for ${name}`);
    await this.driver.click('button', 'Remove…');
    await this.driver.click('button', 'Remove');
  }

  /** In the open panel of devices. Chromium only. */
  async chooseCamera(label: string): Promise<void> {
    const page = this.driver.chromium;
    assert.ok(page, 'a list is chosen from in Chromium only');
    await page.getByRole('combobox', { name: 'Camera' }).selectOption({ label });
  }

  /** With the controls shown, once nothing on the page moves its place any more. */
  async screenshotAt(size: Size, path: string): Promise<void> {
    await this.driver.resize(size);
    await this.driver.run(wakeControls, undefined);
    let before = '';
    await until(`the page of ${this.name} rests`, async () => {
      const now = await this.driver.run(readPlaces, undefined);
      const isResting = now === before;
      before = now;
      return isResting;
    });
    await this.driver.screenshot(path);
  }
}
