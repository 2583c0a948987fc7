/**
 * The own camera and microphone, from the preview to the end of the call: what is chosen, what runs, and why something
 * does not. One change at a time; a switch of device replaces the track, and a camera that is off is released, so that
 * its light goes out. SPEC P12–P15.
 */
import type { CameraWish, MicrophoneWish } from '@conclave/client/media/devices';
import { SPEAKING_LEVEL } from '@conclave/client/media/level-meter';
import { computed, signal } from '@preact/signals';
import { type DeviceLists, deviceLists, NO_DEVICES } from './device-lists.ts';
import type { DevicePorts, DeviceTrouble } from './device-ports.ts';

export interface OwnChoice {
  readonly cameraId?: string;
  readonly microphoneId?: string;
  readonly speakerId?: string;
  readonly isCameraOn: boolean;
  readonly isMicrophoneOn: boolean;
  readonly isOriginalSound: boolean;
}

export const FIRST_CHOICE: OwnChoice = { isCameraOn: true, isMicrophoneOn: true, isOriginalSound: false };

export class OwnMedia {
  readonly choice = signal<OwnChoice>(FIRST_CHOICE);
  readonly devices = signal<DeviceLists>(NO_DEVICES);
  readonly camera = signal<MediaStreamTrack | undefined>(undefined);
  readonly microphone = signal<MediaStreamTrack | undefined>(undefined);
  readonly cameraTrouble = signal<DeviceTrouble | undefined>(undefined);
  readonly microphoneTrouble = signal<DeviceTrouble | undefined>(undefined);
  readonly isStarting = signal(true);
  /** Loudness of the own microphone, also while it is muted. */
  readonly level = signal(0);
  readonly isCameraOn = computed(() => this.camera.value !== undefined);
  readonly isMicrophoneOn = computed(() => this.sending.value !== undefined);
  readonly isSpeaking = computed(() => this.isMicrophoneOn.value && this.level.value > SPEAKING_LEVEL);
  /** The track whose frames may leave: none while muted. */
  readonly sending = computed(() => (this.choice.value.isMicrophoneOn ? this.microphone.value : undefined));

  readonly #ports: DevicePorts;
  #last: Promise<void> = Promise.resolve();
  #stopMeter: () => void = () => undefined;
  #stopListening: () => void = () => undefined;
  #isDisposed = false;

  constructor(ports: DevicePorts, choice: OwnChoice = FIRST_CHOICE) {
    this.#ports = ports;
    this.choice.value = choice;
  }

  /** Opens what is wanted with one question of the browser. */
  start(): Promise<void> {
    this.#stopListening = this.#ports.onChange(() => void this.#listDevices());
    return this.#inOrder(async () => {
      if (this.choice.value.isCameraOn) {
        const both = await this.#ports.openBoth(this.#cameraWish(), this.#microphoneWish());
        this.#takeCamera(both.camera);
        this.#takeMicrophone(both.microphone);
      } else {
        this.#takeMicrophone(await this.#ports.openMicrophone(this.#microphoneWish()));
      }
      this.isStarting.value = false;
      await this.#listDevices();
    });
  }

  /** Asks again for what did not start. */
  retry(): Promise<void> {
    return this.#inOrder(async () => {
      if (this.choice.value.isCameraOn && !this.camera.value) await this.#openCamera();
      if (!this.microphone.value) await this.#openMicrophone();
      await this.#listDevices();
    });
  }

  setCameraOn(isCameraOn: boolean): Promise<void> {
    this.#choose({ isCameraOn });
    return this.#inOrder(async () => {
      if (!this.choice.value.isCameraOn) {
        this.#dropCamera();
        this.cameraTrouble.value = undefined;
      } else if (!this.camera.value) await this.#openCamera();
    });
  }

  setMicrophoneOn(isMicrophoneOn: boolean): Promise<void> {
    this.#choose({ isMicrophoneOn });
    return this.#inOrder(async () => {
      if (isMicrophoneOn && !this.microphone.value) await this.#openMicrophone();
    });
  }

  chooseCamera(cameraId: string): Promise<void> {
    this.#choose({ cameraId });
    return this.#inOrder(async () => {
      if (this.choice.value.isCameraOn) await this.#openCamera();
    });
  }

  chooseMicrophone(microphoneId: string): Promise<void> {
    this.#choose({ microphoneId });
    return this.#inOrder(() => this.#openMicrophone());
  }

  chooseSpeaker(speakerId: string): void {
    this.#choose({ speakerId });
  }

  /** Plays a few notes through the chosen speaker; a speaker that is gone says nothing. */
  async testSpeaker(): Promise<void> {
    await this.#ports.testSpeaker(this.choice.value.speakerId).catch(() => undefined);
  }

  setOriginalSound(isOriginalSound: boolean): Promise<void> {
    this.#choose({ isOriginalSound });
    return this.#inOrder(() => this.#openMicrophone());
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#stopListening();
    this.#dropCamera();
    this.#dropMicrophone();
  }

  async #openCamera(): Promise<void> {
    // Released first: many cameras open only once at a time.
    this.camera.value?.stop();
    this.#takeCamera(await this.#ports.openCamera(this.#cameraWish()));
  }

  async #openMicrophone(): Promise<void> {
    const before = this.microphone.value;
    const opened = await this.#ports.openMicrophone(this.#microphoneWish());
    before?.stop();
    this.#takeMicrophone(opened);
  }

  #takeCamera(opened: Awaited<ReturnType<DevicePorts['openCamera']>>): void {
    if (this.#isGone(opened)) return;
    this.cameraTrouble.value = opened.ok ? undefined : opened.error;
    this.camera.value = opened.ok ? opened.value : undefined;
    if (!opened.ok) return;
    const track = opened.value;
    track.addEventListener('ended', () => {
      if (this.camera.value !== track) return;
      this.camera.value = undefined;
      this.cameraTrouble.value = 'GONE';
    });
  }

  #takeMicrophone(opened: Awaited<ReturnType<DevicePorts['openMicrophone']>>): void {
    if (this.#isGone(opened)) return;
    this.#stopMeter();
    this.level.value = 0;
    this.microphoneTrouble.value = opened.ok ? undefined : opened.error;
    this.microphone.value = opened.ok ? opened.value : undefined;
    if (!opened.ok) return;
    const track = opened.value;
    this.#stopMeter = this.#ports.measure(track, (level) => {
      this.level.value = level;
    });
    track.addEventListener('ended', () => {
      if (this.microphone.value !== track) return;
      this.#dropMicrophone();
      this.microphoneTrouble.value = 'GONE';
    });
  }

  /** A device that opens after the page has left is let go at once. */
  #isGone(opened: Awaited<ReturnType<DevicePorts['openCamera']>>): boolean {
    if (this.#isDisposed && opened.ok) opened.value.stop();
    return this.#isDisposed;
  }

  #dropCamera(): void {
    const track = this.camera.value;
    this.camera.value = undefined;
    track?.stop();
  }

  #dropMicrophone(): void {
    this.#stopMeter();
    this.#stopMeter = () => undefined;
    const track = this.microphone.value;
    this.microphone.value = undefined;
    this.level.value = 0;
    track?.stop();
  }

  #cameraWish(): CameraWish {
    const { cameraId } = this.choice.value;
    return cameraId === undefined ? {} : { deviceId: cameraId };
  }

  #microphoneWish(): MicrophoneWish {
    const { microphoneId, isOriginalSound } = this.choice.value;
    return { ...(microphoneId !== undefined && { deviceId: microphoneId }), isOriginalSound };
  }

  async #listDevices(): Promise<void> {
    const devices = deviceLists(await this.#ports.list(), this.#ports.canChooseSpeaker());
    if (!this.#isDisposed) this.devices.value = devices;
  }

  #choose(change: Partial<OwnChoice>): void {
    this.choice.value = { ...this.choice.value, ...change };
  }

  #inOrder(change: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(change);
    return this.#last;
  }
}
