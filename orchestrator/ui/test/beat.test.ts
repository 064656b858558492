/** A guard's terminal: presence and position are two things. */

import { expect, it } from 'vitest';
import { beat, BEAT_INTERVAL_MAX_MS, BEAT_INTERVAL_MIN_MS, type Beat } from '../src/lib/beat';
import { FIX_AGE_MAX_MS, Position } from '../src/lib/position.svelte';

/** The server replaces a guard unheard for so long (`policy.guard_silence_max_ms`). */
const SILENCE_MAX_MS = 30_000;

const [LONG, SHORT, AT_ONCE] = [BEAT_INTERVAL_MAX_MS, BEAT_INTERVAL_MIN_MS, 0];

it.each<[string, boolean, boolean, boolean, number, Beat]>([
  ['without a position says that it is there', true, false, false, LONG, 'presence'],
  ['that lost its position says so too, and does not repeat the old one', true, false, true, LONG, 'presence'],
  ['without a position is not chatty', true, false, true, SHORT, 'nothing'],
  ['that moves tells where', true, true, true, SHORT, 'position'],
  ['that moves fast keeps to its rate', true, true, true, AT_ONCE, 'nothing'],
  ['that stands still repeats where, in time', true, true, false, LONG, 'position'],
  ['that stands still is not chatty', true, true, false, SHORT, 'nothing'],
  ['off duty is nobody’s business', false, true, true, LONG, 'nothing'],
  ['off duty without a position is silent', false, false, false, LONG, 'nothing'],
])('a terminal %s', (_, onDuty, known, moved, sinceMs, expected) => expect(beat({ onDuty, known, moved, sinceMs })).toBe(expected));

it('a place that the device has not confirmed for long is known no more; one set by hand is', () => {
  const position = new Position();
  position.heardAtMs = 1_000;
  expect(position.isKnown(1_000)).toBe(false);
  position.source = 'gps';
  expect([1_000 + FIX_AGE_MAX_MS, 1_001 + FIX_AGE_MAX_MS].map((nowMs) => position.isKnown(nowMs))).toEqual([true, false]);
  position.source = 'manual';
  expect(position.isKnown(1_001 + FIX_AGE_MAX_MS)).toBe(true);
});

it('several beats in a row must be lost before a guard counts as silent', () => {
  expect(SILENCE_MAX_MS / BEAT_INTERVAL_MAX_MS).toBeGreaterThanOrEqual(5);
});
