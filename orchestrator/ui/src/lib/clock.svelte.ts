/**
 * The time as pages show it. Deadlines are the server's, so the phone's clock is corrected by what the server's answers say.
 */

/** A clock this close to the server's counts as right: the `Date` header only knows whole seconds. */
const OFFSET_TOLERANCE_MS = 1_500;
/** Four times a second: countdowns step evenly and cost nothing. */
const TICK_MS = 250;

/** How far the server's clock is ahead of ours, from the `Date` header of an answer; 0 when close enough or unreadable. */
export function serverOffsetMs(dateHeader: string | null, receivedAtMs: number): number {
  const serverMs = dateHeader ? Date.parse(dateHeader) : Number.NaN;
  if (!Number.isFinite(serverMs)) return 0;
  // The header is cut to the second, so the truth lies half a second later on average.
  const offsetMs = serverMs + 500 - receivedAtMs;
  return Math.abs(offsetMs) <= OFFSET_TOLERANCE_MS ? 0 : offsetMs;
}

class Clock {
  #offsetMs = 0;
  /** The server's time as far as we know it; pages that read it are redrawn at every tick. */
  nowMs = $state(Date.now());

  constructor() {
    if (typeof window !== 'undefined') window.setInterval(() => this.#tick(), TICK_MS);
  }

  #tick(): void {
    this.nowMs = Date.now() + this.#offsetMs;
  }

  /** The server's time now, for use outside of drawing. */
  read(): number {
    return Date.now() + this.#offsetMs;
  }

  /** Takes the correction from one answer of the server. */
  learn(dateHeader: string | null): void {
    if (dateHeader) this.#offsetMs = serverOffsetMs(dateHeader, Date.now());
  }
}

export const clock = new Clock();
