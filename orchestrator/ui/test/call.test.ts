/** Making a call: the queue that loses nothing, the gestures, the codes, and what the caller is told. */

import { describe, expect, it } from 'vitest';
import { codeDigits, identificationCode, isCode } from '../src/lib/call/code';
import { droneProgress, guardProgress } from '../src/lib/call/progress';
import { CallQueue, QUEUE_AGE_MAX_MS, type KeyValueStore } from '../src/lib/call/queue';
import { CallGesture, HOLD_MS, PRESSES_NEEDED, PRESSES_WINDOW_MS } from '../src/lib/call/trigger';
import type { CallerNotice, IncidentState, IncidentView, Mission } from '../src/lib/types';

function memory(): KeyValueStore {
  const kept = new Map<string, string>();
  return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value), removeItem: (key) => void kept.delete(key) };
}

describe('the queue', () => {
  it('keeps a call over a reload, with its key, until the server has it', () => {
    const storage = memory();
    new CallQueue(storage).keep('key-1', { trigger: 'hold' }, 1_000);
    const reloaded = new CallQueue(storage);
    const waiting = reloaded.waiting(2_000);
    expect(waiting).toMatchObject({ key: 'key-1', raisedAtMs: 1_000, attempts: 0 });
    reloaded.settled();
    expect(new CallQueue(storage).waiting(2_000)).toBeNull();
  });

  it('takes a second press as the same call, with what is known by then', () => {
    const queue = new CallQueue(memory());
    queue.keep('key-1', { trigger: 'hold' }, 1_000);
    const again = queue.keep('key-2', { trigger: 'hold', address: '1 Main St' }, 5_000);
    expect(again).toMatchObject({ key: 'key-1', raisedAtMs: 1_000, body: { address: '1 Main St' } });
  });

  it('counts attempts over a reload', () => {
    const storage = memory();
    const queue = new CallQueue(storage);
    queue.attempted(queue.attempted(queue.keep('k', { trigger: 'hold' }, 0)));
    expect(new CallQueue(storage).waiting(1)?.attempts).toBe(2);
  });

  it.each([
    ['damaged', '{"key":'],
    ['of another shape', '{"key":1}'],
    ['too old', JSON.stringify({ key: 'k', body: { trigger: 'hold' }, raisedAtMs: 0, attempts: 3 })],
  ])('drops an entry that is %s', (_, text) => {
    const storage = memory();
    storage.setItem('escort.call', text);
    expect(new CallQueue(storage).waiting(QUEUE_AGE_MAX_MS + 1)).toBeNull();
    expect(storage.getItem('escort.call')).toBeNull();
  });
});

describe('the gesture', () => {
  it('is a call after two seconds, not before', () => {
    const gesture = new CallGesture();
    gesture.press(100);
    gesture.press(900); // a key that repeats does not start anew
    expect(gesture.progress(100 + HOLD_MS - 1)).toBeLessThan(1);
    expect(gesture.progress(100 + HOLD_MS)).toBe(1);
  });

  it('is nothing when the finger slides away', () => {
    const gesture = new CallGesture();
    gesture.press(0);
    gesture.abandon();
    expect(gesture.progress(HOLD_MS)).toBe(0);
    expect(gesture.release(HOLD_MS)).toBe(false);
  });

  it('takes enough presses in time, and forgets those that are too old', () => {
    const quick = new CallGesture();
    const presses = Array.from({ length: PRESSES_NEEDED }, (_, n) => quick.tap(n * 100));
    expect(presses).toEqual([false, false, false, false, true]);
    const slow = new CallGesture();
    expect(Array.from({ length: PRESSES_NEEDED }, (_, n) => slow.tap(n * PRESSES_WINDOW_MS)).some(Boolean)).toBe(false);
  });
});

it.each([
  ['12 34-56', '123456', true],
  ['１２３４', '1234', true],
  ['123', '123', false],
  ['123456789', '12345678', true],
  ['abc', '', false],
])('a code typed as %s is %s', (typed, digits, valid) => {
  expect(codeDigits(typed)).toBe(digits);
  expect(isCode(digits)).toBe(valid);
});

it('an identification code is read without blanks and case', () => {
  expect(identificationCode(' ab7 k-2q ')).toBe('AB7K-2Q');
});

function view(state: IncidentState, primary: string | null, missions: Mission[] = []): IncidentView {
  const incident = { id: 'i', silent: false, drill: false, raised_at_ms: 0, cancel_until_ms: 0, state, places: [], primary };
  const offers = primary
    ? [{ id: 'o', incident: 'i', guard: primary, state: 'primary' as const, backup: false, eta_s: 120, eta_by: 'road' as const, sent_at_ms: 0, expires_at_ms: 0 }]
    : [];
  return { incident, offers, missions, guards: primary ? [{ id: primary, name: 'Kim', on_duty: true }] : [] };
}
const told = (notice: CallerNotice) => [{ notice, heardAtMs: 0 }];

describe('what the caller is told of the guard', () => {
  it.each([
    ['nobody yet', guardProgress(view('offered', null), [], 0), { stage: 'searching', alerted: false }],
    ['nobody for long', guardProgress(view('offered', null), told({ notice: 'still_searching' }), 0), { stage: 'searching', alerted: true }],
    ['on the way', guardProgress(view('assigned', 'g'), [], 30_000), { stage: 'coming', name: 'Kim', etaS: 90 }],
    ['late: no figure is better than a wrong one', guardProgress(view('assigned', 'g'), [], 130_000), { stage: 'coming', name: 'Kim', etaS: null }],
    ['there', guardProgress(view('on_scene', 'g'), [], 0), { stage: 'there', name: 'Kim' }],
  ])('%s', (_, progress, expected) => expect(progress).toEqual(expected));
});

describe('what the caller is told of the drone', () => {
  const mission = (change: Partial<Mission>): Mission => ({ id: 'm', drone: 'd1', light: 'off', eta_s: 60, created_at_ms: 0, ended: false, phase: 'airborne', ...change });
  it.each<[string, Mission[], object]>([
    ['nothing while it waits for approval', [mission({ phase: null })], { stage: 'none' }],
    ['coming', [mission({})], { stage: 'coming', drone: 'd1', etaS: 50 }],
    ['there', [mission({ phase: 'on_scene' })], { stage: 'there', drone: 'd1' }],
    ['a recalled one is not coming', [mission({ recalled: true })], { stage: 'none' }],
    ['the one that took over', [mission({ id: 'm1', ended: true }), mission({ id: 'm2', drone: 'd2' })], { stage: 'coming', drone: 'd2', etaS: 50 }],
    ['the one that is there, while its relief is on its way', [mission({ phase: 'on_scene' }), mission({ id: 'm2', drone: 'd2', phase: 'ordered' })], { stage: 'there', drone: 'd1' }],
    ['the relief, once both are there', [mission({ phase: 'on_scene' }), mission({ id: 'm2', drone: 'd2', phase: 'on_scene' })], { stage: 'there', drone: 'd2' }],
    ['the best place before a second one', [mission({}), mission({ id: 'm2', drone: 'd2', second_place: true, phase: 'on_scene' })], { stage: 'coming', drone: 'd1', etaS: 50 }],
    ['the second place rather than nothing', [mission({ second_place: true, phase: 'on_scene' })], { stage: 'there', drone: 'd1' }],
  ])('%s', (_, missions, expected) => expect(droneProgress(view('assigned', 'g', missions), [], 10_000)).toEqual(expected));

  it('shows the one that was asked for, as long as it flies for the call', () => {
    const both = [mission({ phase: 'on_scene' }), mission({ id: 'm2', drone: 'd2' })];
    expect(droneProgress(view('assigned', 'g', both), [], 10_000, 'd2')).toEqual({ stage: 'coming', drone: 'd2', etaS: 50 });
    expect(droneProgress(view('assigned', 'g', both.slice(0, 1)), [], 10_000, 'd2')).toEqual({ stage: 'there', drone: 'd1' });
  });
});
