/** Deadlines and ages as people read them. */

/** Whole seconds left, never negative; rounds up so that 0 means over. */
export function secondsLeft(untilMs: number, nowMs: number): number {
  return Math.max(0, Math.ceil((untilMs - nowMs) / 1_000));
}

/** The share of a span that is left, 1..0. */
export function shareLeft(fromMs: number, untilMs: number, nowMs: number): number {
  const spanMs = untilMs - fromMs;
  if (spanMs <= 0) return 0;
  return Math.min(1, Math.max(0, (untilMs - nowMs) / spanMs));
}

/** Seconds until something said to take `etaS` from `fromMs`; `null` when the estimate has run out and says nothing any more. */
export function etaLeftS(fromMs: number, etaS: number, nowMs: number): number | null {
  const leftS = Math.round(etaS - (nowMs - fromMs) / 1_000);
  return leftS > 0 ? leftS : null;
}

/** `4:05`, `1:02:09`: minutes and seconds of a duration. */
export function clockText(totalS: number): string {
  const s = Math.max(0, Math.round(totalS));
  const two = (n: number) => String(n).padStart(2, '0');
  const hours = Math.floor(s / 3600);
  const minutes = Math.floor((s % 3600) / 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(s % 60)}` : `${minutes}:${two(s % 60)}`;
}
