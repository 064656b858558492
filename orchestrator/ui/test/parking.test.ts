/** Parking's pages: what they keep, ask again and send again. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../src/lib/api';
import { Area } from '../src/lib/area.svelte';
import { type AreaView, kept, mayAccept, openCodes, orders, type Owed, type PaymentView, type Review, type Stay, stayPace } from '../src/lib/parking';
import { CardPayment, Presses } from '../src/lib/press';
import { CALM_MS, LIVELY_MS, type Page, SOON_MS, watch } from '../src/lib/watching';

const E1: AreaView = { id: 'E1', lot_name: 'East', name: 'E1', place: '1 Market Street', provider: 'sandbox', client_key: null };

/** Answers one after the other; errors are thrown. */
function answers<T>(...all: (T | Error)[]): { ask: () => Promise<T>; asked: () => number } {
  let asked = 0;
  const ask = (): Promise<T> => {
    const next = all[asked++];
    if (next === undefined) throw new Error('asked too often');
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
  };
  return { ask, asked: () => asked };
}

describe('the area behind a code', () => {
  it('is asked for again while the line is bad, and not once it is known', async () => {
    const line = answers<AreaView>(new ApiError(0, 'unreachable', ''), new ApiError(503, 'away', ''), E1);
    const area = new Area(line.ask);
    await area.look();
    expect([area.view, area.refused, area.problem instanceof ApiError]).toEqual([null, false, true]);
    for (let time = 0; time < 4; time++) await area.look();
    expect([area.view, area.problem, line.asked()]).toEqual([E1, null, 3]);
  });

  it('is not asked for again when the board was withdrawn', async () => {
    const line = answers<AreaView>(new ApiError(422, 'withdrawn', '', 'code-withdrawn'));
    const area = new Area(line.ask);
    for (let time = 0; time < 3; time++) await area.look();
    expect([area.view, area.refused, line.asked()]).toEqual([null, true, 1]);
  });
});

/** What a browser keeps, empty. */
function storage(): Storage {
  const all = new Map<string, string>();
  return {
    getItem: (key: string) => all.get(key) ?? null,
    setItem: (key: string, value: string) => void all.set(key, value),
    removeItem: (key: string) => void all.delete(key),
    clear: () => all.clear(),
    key: () => null,
    length: 0,
  };
}

describe('what a phone keeps', () => {
  beforeEach(() => {
    vi.stubGlobal('localStorage', storage());
    vi.stubGlobal('sessionStorage', storage());
  });
  afterEach(() => vi.unstubAllGlobals());

  it('the secret of an entry whose answer was lost stays when an earlier stay is taken up', () => {
    const earlier = { session: 'ps-1', token: 'a' };
    kept.putAside(earlier);
    const secret = kept.begun();
    kept.takeUp(earlier);
    expect([kept.get(), kept.begun()]).toEqual([earlier, secret]);
    kept.entered({ session: 'ps-2', token: secret });
    expect(kept.begun()).not.toBe(secret);
  });

  it('a payment window that comes back without its order leads to where it was opened', () => {
    expect(orders.backFrom('')).toBeNull();
    orders.remember('o1', '/p/A1');
    orders.remember('o2', '/pay/abc');
    expect(['o1', 'o2', ''].map(orders.backFrom)).toEqual(['/p/A1', '/pay/abc', '/pay/abc']);
  });
});

const lost = new ApiError(0, 'unreachable', '');
const refused = (fault: string): ApiError => new ApiError(422, 'refused', '', 'invalid', undefined, undefined, undefined, fault);

it('the same remission asked again before it was answered carries the same key', async () => {
  const presses = new Presses();
  const keys: string[] = [];
  const press = (what: string, error?: ApiError): Promise<unknown> =>
    presses.once(what, (key) => (keys.push(key), error ? Promise.reject(error) : Promise.resolve())).catch(() => undefined);
  await press('ps-1 500 gate', lost);
  await press('ps-1 500 gate');
  await press('ps-1 500 gate', refused('not_payable'));
  await press('ps-1 500 gate');
  await press('ps-1 600 gate');
  expect(keys[1]).toBe(keys[0]);
  expect(new Set(keys).size).toBe(4);
});

/** A server that takes each key once, and whose first answer is lost. */
class Till {
  readonly taken = new Map<string, number>();
  losesNext = true;

  pay = async (amount: number, key: string): Promise<void> => {
    const before = this.taken.get(key);
    if (before !== undefined && before !== amount) throw refused('key_reused');
    this.taken.set(key, amount);
    if (this.losesNext) {
      this.losesNext = false;
      throw lost;
    }
  };
}

it('a payment whose answer was lost is not paid again when the fee has grown, and paying goes on', async () => {
  const [till, card] = [new Till(), new CardPayment()];
  const ask = (amount: number): Promise<string> => card.ask((key) => till.pay(amount, key)).catch(() => 'lost');
  expect([await ask(3_000), await ask(4_000), await ask(1_000), await ask(1_000)]).toEqual(['lost', 'before', 'asked', 'asked']);
  expect([...till.taken.values()]).toEqual([3_000, 1_000, 1_000]);
});

it('a payment that never arrived is paid with the new amount', async () => {
  const card = new CardPayment();
  const keys: string[] = [];
  await card.ask((key) => (keys.push(key), Promise.reject(lost))).catch(() => undefined);
  expect(await card.ask(async (key) => void keys.push(key))).toBe('asked');
  expect(keys[1]).toBe(keys[0]);
});

const payment = (state: PaymentView['state']): PaymentView => ({ id: 'pp-1', amount: 1, state, by: 'driver', returned: 0, due: null });
const owed = (due: number): Owed => ({ minutes: 1, lines: [], fee: 1, remitted: 0, paid: 0, reserved: 0, due, payable: due });
const stay = (left: boolean, due: number, ...states: PaymentView['state'][]): Stay => ({
  ...E1, id: 'ps-1', lot: 'east', area_name: 'E1', plate: '12가3456', entered_at_ms: 0, planned_until_ms: null,
  left_at_ms: left ? 1 : null, owed: owed(due), payments: states.map(payment), proxies: [],
});

it('names the codes that can be taken back: those that can be paid with, but for the one that is shown', () => {
  const code = (id: string, end: string | null) => ({ id, expires_at_ms: 1, end });
  const parked: Stay = { ...stay(false, 500), proxies: [code('px-1', null), code('px-2', 'used'), code('px-3', null)] };
  const named = (shown: string | null): string[] => openCodes(parked, shown === null ? null : { proxy: shown }).map(({ id }) => id);
  expect([named(null), named('px-3')]).toEqual([['px-1', 'px-3'], ['px-1']]);
});

describe('how often a page looks', () => {
  it.each<[string, Stay | null, boolean, number | null]>([
    ['before the first answer', null, false, SOON_MS],
    ['parked', stay(false, 500), false, CALM_MS],
    ['parked and paid so far', stay(false, 0, 'captured'), false, CALM_MS],
    ['a code is shown', stay(false, 500), true, SOON_MS],
    ['a payment is under way', stay(true, 500, 'captured', 'capturing'), false, LIVELY_MS],
    ['left and owing', stay(true, 500, 'declined'), false, CALM_MS],
    ['left and paid', stay(true, 0, 'captured'), true, null],
  ])('a driver’s, %s', (_, shown, code, expected) => expect(stayPace(shown, code)).toBe(expected));

  it('not while nobody looks at it, and at once when somebody does again', () => {
    vi.useFakeTimers();
    let back = (): void => undefined;
    const page = { visibilityState: 'visible' as DocumentVisibilityState, addEventListener: (_: string, heard: () => void) => void (back = heard), removeEventListener: () => undefined };
    let [looks, pace] = [0, 3_000 as number | null];
    const stop = watch(() => looks++, () => pace, page as unknown as Page);
    vi.advanceTimersByTime(9_000);
    expect(looks).toBe(4);
    page.visibilityState = 'hidden';
    vi.advanceTimersByTime(60_000);
    expect(looks).toBe(4);
    page.visibilityState = 'visible';
    back();
    expect(looks).toBe(5);
    pace = null;
    vi.advanceTimersByTime(60_000);
    expect(looks).toBe(5);
    stop();
    pace = 3_000;
    vi.advanceTimersByTime(60_000);
    expect(looks).toBe(5);
    vi.useRealTimers();
  });
});

it('a read that resembles parked cars is accepted only when a person has said which car it was', () => {
  const review = (reason: Review['reason'], frame = false): Review => ({
    id: 'pv-1', at_ms: 0, reason, read: null, candidates: [], ...(frame ? { frame: { id: '1', camera: 'out', seen_at_ms: 0 } } : {}),
  });
  expect([mayAccept(review('alike'), undefined), mayAccept(review('alike'), ' '), mayAccept(review('alike'), '12가3456')]).toEqual([false, false, true]);
  expect([mayAccept(review('unread', true), ''), mayAccept(review('unsure'), undefined)]).toEqual([false, true]);
});
