/** The sounds of the pages, made with Web Audio: short, soft, of two notes. SPEC P65, P66. */
import type { Chime } from './chimes.ts';
import { CHIME_DELAY_MS } from './limits.ts';

interface Note {
  readonly hertz: number;
  readonly atS: number;
  readonly lengthS: number;
}

/** A little above the quietest speech. */
const GAIN = 0.06;
const TEST_GAIN = 0.16;
const ATTACK_S = 0.015;

const NOTES: Readonly<Record<Chime, readonly Note[]>> = {
  knock: [
    { hertz: 392, atS: 0, lengthS: 0.12 },
    { hertz: 392, atS: 0.16, lengthS: 0.12 },
  ],
  join: [
    { hertz: 523.25, atS: 0, lengthS: 0.22 },
    { hertz: 783.99, atS: 0.1, lengthS: 0.32 },
  ],
  leave: [
    { hertz: 587.33, atS: 0, lengthS: 0.22 },
    { hertz: 392, atS: 0.1, lengthS: 0.32 },
  ],
  muted: [{ hertz: 329.63, atS: 0, lengthS: 0.18 }],
};
const TEST_NOTES: readonly Note[] = [523.25, 659.25, 783.99, 1046.5].map((hertz, index) => ({
  hertz,
  atS: index * 0.22,
  lengthS: 0.5,
}));
/** Until the last note has died away. */
const TEST_MS = 1_400;
const KNOCK_PULSE_MS = 60;

let shared: AudioContext | undefined;

/** After what is more urgent than a sound: the picture of whom it announces. */
export function playChime(chime: Chime): void {
  setTimeout(() => playNow(chime), CHIME_DELAY_MS);
}

/** Says nothing while the browser waits for a first click: a late sound would be a wrong one. */
function playNow(chime: Chime): void {
  shared ??= new AudioContext();
  if (shared.state !== 'running') {
    void shared.resume().catch(() => undefined);
    if (!navigator.userActivation?.hasBeenActive) return;
  }
  play(shared, shared.destination, NOTES[chime], GAIN);
  if (chime === 'knock') navigator.vibrate?.([KNOCK_PULSE_MS, KNOCK_PULSE_MS, KNOCK_PULSE_MS]);
}

/** A few notes through one loudspeaker; resolves when they have sounded. */
export async function testSpeaker(speakerId: string | undefined): Promise<void> {
  const context = new AudioContext();
  const audio = new Audio();
  try {
    const target = context.createMediaStreamDestination();
    audio.srcObject = target.stream;
    if (speakerId !== undefined) await audio.setSinkId?.(speakerId);
    await audio.play();
    play(context, target, TEST_NOTES, TEST_GAIN);
    await new Promise((resolve) => setTimeout(resolve, TEST_MS));
  } finally {
    audio.srcObject = null;
    await context.close();
  }
}

function play(context: AudioContext, target: AudioNode, notes: readonly Note[], gain: number): void {
  for (const { hertz, atS, lengthS } of notes) {
    const startS = context.currentTime + atS;
    const tone = new OscillatorNode(context, { type: 'sine', frequency: hertz });
    const loudness = new GainNode(context, { gain: 0 });
    loudness.gain.setValueAtTime(0, startS);
    loudness.gain.linearRampToValueAtTime(gain, startS + ATTACK_S);
    loudness.gain.exponentialRampToValueAtTime(0.0001, startS + lengthS);
    tone.connect(loudness).connect(target);
    tone.start(startS);
    tone.stop(startS + lengthS);
  }
}
