/** The gestures that make a call: holding the button, or pressing it several times. Time is handed in. */

export const HOLD_MS = 2_000;
/** For those who cannot hold, a screen reader's user among them: so many presses within the window. */
export const PRESSES_NEEDED = 5;
export const PRESSES_WINDOW_MS = 4_000;

export class CallGesture {
  #heldSinceMs: number | null = null;
  #presses: number[] = [];

  /** The finger or key goes down. */
  press(nowMs: number): void {
    if (this.#heldSinceMs === null) this.#heldSinceMs = nowMs;
  }

  /** The finger or key goes up; says whether this was the last of the needed presses. */
  release(nowMs: number): boolean {
    if (this.#heldSinceMs === null) return false;
    this.#heldSinceMs = null;
    return this.tap(nowMs);
  }

  /** One short press, also from a screen reader that knows no holding. */
  tap(nowMs: number): boolean {
    this.#presses = [...this.#presses.filter((at) => nowMs - at < PRESSES_WINDOW_MS), nowMs];
    if (this.#presses.length < PRESSES_NEEDED) return false;
    this.#presses = [];
    return true;
  }

  /** The finger slid away, or the page lost focus: nothing is meant. */
  abandon(): void {
    this.#heldSinceMs = null;
  }

  /** How far the hold has come, 0..1. */
  progress(nowMs: number): number {
    if (this.#heldSinceMs === null) return 0;
    return Math.min((nowMs - this.#heldSinceMs) / HOLD_MS, 1);
  }

  /** Presses still missing, or `null` while none was made lately. */
  pressesLeft(nowMs: number): number | null {
    const recent = this.#presses.filter((at) => nowMs - at < PRESSES_WINDOW_MS).length;
    return recent > 0 ? PRESSES_NEEDED - recent : null;
  }
}
