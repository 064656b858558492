/** What a guard's terminal tells the server about itself at this moment. Decides only; the terminal sends. */

/** Positions and signs of life go out at least this often: a guard who stands still stays fresh for the search. */
export const BEAT_INTERVAL_MAX_MS = 5_000;
/** A guard on the move sends no more often than this. */
export const BEAT_INTERVAL_MIN_MS = 1_000;

/** `presence` means: somebody is here, this device does not know where. */
export type Beat = 'position' | 'presence' | 'nothing';

export interface Pulse {
  onDuty: boolean;
  /** The device knows where it is. */
  known: boolean;
  /** Its place differs from the one that the server has. */
  moved: boolean;
  /** How long ago anything was last tried to be sent. */
  sinceMs: number;
}

export function beat({ onDuty, known, moved, sinceMs }: Pulse): Beat {
  if (!onDuty) return 'nothing';
  if (known && moved && sinceMs >= BEAT_INTERVAL_MIN_MS) return 'position';
  if (sinceMs < BEAT_INTERVAL_MAX_MS) return 'nothing';
  return known ? 'position' : 'presence';
}
