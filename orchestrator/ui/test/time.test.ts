/** Countdowns, ages, clocks and retries. */

import { expect, it } from 'vitest';
import { serverOffsetMs } from '../src/lib/clock.svelte';
import { clockText, etaLeftS, secondsLeft, shareLeft } from '../src/lib/countdown';
import { age, eta, metres, shortId } from '../src/lib/format';
import { en } from '../src/lib/i18n/en';
import { backoffMs } from '../src/lib/live/backoff';

it.each([[10_000, 0, 10], [10_000, 9_001, 1], [10_000, 10_000, 0], [10_000, 99_000, 0]])('%i at %i has %i s left', (until, now, left) => {
  expect(secondsLeft(until, now)).toBe(left);
});

it('a share of a span stays between 0 and 1, also when clocks disagree', () => {
  expect([shareLeft(0, 100, -50), shareLeft(0, 100, 25), shareLeft(0, 100, 500), shareLeft(5, 5, 5)]).toEqual([1, 0.75, 0, 0]);
});

it('an estimate that has run out says nothing', () => {
  expect([etaLeftS(0, 60, 20_000), etaLeftS(0, 60, 60_000), etaLeftS(0, 60, 90_000)]).toEqual([40, null, null]);
});

it.each([[0, '0:00'], [65, '1:05'], [3_725, '1:02:05'], [-4, '0:00']])('%i s read %s', (s, text) => expect(clockText(s)).toBe(text));

it.each([[0, '0 s'], [59_999, '59 s'], [61_000, '1 min'], [7_200_000, '2 h'], [200_000_000, '2 d'], [-5_000, '0 s']])('an age of %i ms reads %s', (ms, text) => {
  expect(age(en, ms)).toBe(text);
});

it.each([[12, '12 s'], [89, '89 s'], [90, '2 min'], [200, '3 min']])('an eta of %i s reads %s', (s, text) => expect(eta(en, s)).toBe(text));

it('figures are short', () => {
  expect([metres(84.6), metres(1_240), shortId('inc-1'), shortId('incident-00017-3')]).toEqual(['85 m', '1.2 km', 'inc-1', '…0017-3']);
});

it('a clock that is right stays as it is, a wrong one is corrected', () => {
  const at = Date.parse('2026-01-01T00:00:10Z');
  const header = 'Thu, 01 Jan 2026 00:00:10 GMT';
  expect(serverOffsetMs(header, at + 700)).toBe(0);
  expect(serverOffsetMs(header, at - 60_000)).toBe(60_500);
  expect(serverOffsetMs(null, at)).toBe(0);
  expect(serverOffsetMs('nonsense', at)).toBe(0);
});

it('waits grow, stay short enough for a person, and are spread', () => {
  const waits = [1, 2, 3, 4, 5, 6, 50].map((attempt) => backoffMs(attempt, 0.5));
  expect(waits).toEqual([400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]);
  expect(backoffMs(1, 0)).toBeLessThan(backoffMs(1, 1));
});
