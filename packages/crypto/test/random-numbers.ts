/** A seeded source of numbers, so that a failing test prints a seed that replays it. */
export function randomNumbers(seed: number): (below: number) => number {
  let state = (Math.imul(seed, 7919) + 1) >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % below;
  };
}
