/** Thrown by a scenario that cannot run here; the reason is printed. */
export class Skipped extends Error {}
