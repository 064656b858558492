/** How long to wait before trying again: quickly at first, never longer than a person would wait. */

const FIRST_MS = 400;
const LONGEST_MS = 5_000;

/** Wait before attempt `attempt` (from 1); `jitter` in 0..1 spreads clients so that they do not return as one. */
export function backoffMs(attempt: number, jitter: number): number {
  const doubled = FIRST_MS * 2 ** Math.min(Math.max(attempt, 1) - 1, 10);
  const capped = Math.min(doubled, LONGEST_MS);
  return Math.round(capped * (0.75 + 0.5 * jitter));
}
