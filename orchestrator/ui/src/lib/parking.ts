/** Parking's calls to the server, and the secret of the stay that this phone keeps. */

import { API_BASE, request } from './api';
import { CALM_MS, LIVELY_MS, SOON_MS } from './watching';

export interface FeeLine {
  kind: 'free' | 'base' | 'day' | 'night' | 'holiday' | 'night_cap' | 'day_cap' | 'permit' | 'rounding' | 'unpriced';
  day: string | null;
  minutes: number;
  amount: number;
}

export interface Owed {
  minutes: number;
  lines: FeeLine[];
  fee: number;
  remitted: number;
  paid: number;
  reserved: number;
  due: number;
  payable: number;
}

export interface PaymentView {
  id: string;
  amount: number;
  state: 'authorising' | 'capturing' | 'captured' | 'declined';
  by: 'driver' | 'proxy';
  returned: number;
  due: number | null;
}

/** What may be paid for without the board: its code may be withdrawn while the car stands. */
export interface Stay extends Cashier {
  id: string;
  lot: string;
  lot_name: string;
  area_name: string;
  place: string;
  plate: string;
  entered_at_ms: number;
  planned_until_ms: number | null;
  left_at_ms: number | null;
  owed: Owed | null;
  payments: PaymentView[];
  /** The codes made for somebody else to pay by; `end` says why one cannot be paid with any more. */
  proxies: { id: string; expires_at_ms: number; end: string | null }[];
}

/** The codes that can still be paid with, but for the one that is shown. */
export const openCodes = (stay: Stay, shown: { proxy: string } | null): Stay['proxies'] =>
  stay.proxies.filter((code) => code.end === null && code.id !== shown?.proxy);

const isUnderWay = (payment: PaymentView): boolean => payment.state === 'authorising' || payment.state === 'capturing';

/** How often a driver's page asks for its stay, milliseconds; `null` when all is over and paid. `shown`: a code is shown to somebody. */
export function stayPace(stay: Stay | null, shown: boolean): number | null {
  if (!stay) return SOON_MS;
  if (stay.payments.some(isUnderWay)) return LIVELY_MS;
  if (stay.left_at_ms !== null && stay.owed?.due === 0) return null;
  return shown ? SOON_MS : CALM_MS;
}

/** How often a payer's page asks, milliseconds; `null` when the code is of no use any more. */
export function payerPace(view: PayerView | null): number | null {
  if (!view) return SOON_MS;
  if (view.end === 'under_way') return LIVELY_MS;
  return view.end ? null : SOON_MS;
}

/** Who takes the money, and the key for its window where it has one. */
export interface Cashier {
  provider: string;
  client_key: string | null;
}

export interface OrderInput {
  amount: number;
  language: string;
  phone?: string;
}

/** What somebody is about to pay in the provider's window, and what became of it. */
export interface OrderView {
  order: string;
  amount: number;
  by: 'driver' | 'proxy';
  expires_at_ms: number;
  payment: PaymentView | null;
}

export interface AreaView extends Cashier {
  id: string;
  lot_name: string;
  name: string;
  place: string;
}

export interface PayerView extends Cashier {
  lot_name: string;
  area_name: string;
  plate: string;
  entered_at_ms: number;
  due: number;
  payable: number;
  end: 'expired' | 'revoked' | 'under_way' | 'used' | 'tried_out' | null;
  payment: PaymentView | null;
}

export interface LotView {
  id: string;
  name: string;
  tariff: string;
  active: number;
  unpaid: number;
  unpaid_amount: number;
  revenue_today: number;
  reviews: number;
  today: string;
}

export interface Review {
  id: string;
  at_ms: number;
  reason: 'unsure' | 'alike' | 'exit_without_session' | 'elsewhere' | 'still_parked' | 'clock_wrong' | 'refund_failed' | 'unread';
  read: { plate: string; confidence_pct: number; camera: string; seen_at_ms: number } | null;
  /** A gate's picture, whose plate a person reads. */
  frame?: { id: string; camera: string; seen_at_ms: number };
  /** Parked cars that it may be about. */
  candidates: { session: string; plate: string; area_name: string; entered_at_ms: number }[];
}

/** Whether a person must say which car it was: a picture tells no plate, and a read that resembles parked cars' is by itself none of them. */
export const needsPlate = (review: Review): boolean => review.frame !== undefined || review.reason === 'alike';
export const mayAccept = (review: Review, typed: string | undefined): boolean => !needsPlate(review) || Boolean(typed?.trim());

export interface Kept {
  session: string;
  token: string;
  /** As shown among earlier stays. */
  plate?: string;
}

const KEPT = 'escort.parking';
const EARLIER = 'escort.parking.earlier';
const BEGUN = 'escort.parking.begun';
const LAST_PAYING = 'escort.paying.last';
/** Earlier stays that a phone keeps, newest first: enough for a family's cars. */
const EARLIER_MAX = 10;
const part = encodeURIComponent;

const stored = <T>(key: string): T | null => JSON.parse(localStorage.getItem(key) ?? 'null') as T | null;

/** The stays that this phone began. A secret is never thrown away while its stay may still be going on or owe. */
export const kept = {
  get: (): Kept | null => stored<Kept>(KEPT),
  set: (stay: Kept): void => localStorage.setItem(KEPT, JSON.stringify(stay)),
  /** The entry is known: the next car's gets a secret of its own. */
  entered: (stay: Kept): void => {
    kept.set(stay);
    localStorage.removeItem(BEGUN);
  },
  forget: (): void => localStorage.removeItem(KEPT),
  earlier: (): Kept[] => stored<Kept[]>(EARLIER) ?? [],
  /** Makes room for another car; the stay can be opened again. */
  putAside: (stay: Kept): void => {
    const others = kept.earlier().filter((one) => one.session !== stay.session);
    localStorage.setItem(EARLIER, JSON.stringify([stay, ...others].slice(0, EARLIER_MAX)));
    kept.forget();
  },
  takeUp: (stay: Kept): void => {
    localStorage.setItem(EARLIER, JSON.stringify(kept.earlier().filter((one) => one.session !== stay.session)));
    kept.set(stay);
  },
  /** The secret of an entry whose answer may be lost: drawn and kept before it is asked for, the same until the entry is known. */
  begun: (): string => {
    const secret = localStorage.getItem(BEGUN) ?? freshSecret();
    localStorage.setItem(BEGUN, secret);
    return secret;
  },
};

const driver = <T>(stay: Kept, path: string, method: 'GET' | 'POST' | 'DELETE' = 'GET', body?: unknown, key?: string): Promise<T> =>
  request<T>(`/parking/sessions/${part(stay.session)}${path}`, {
    method,
    body,
    headers: { 'parking-token': stay.token, ...(key ? { 'idempotency-key': key } : {}) },
  });

export const parking = {
  area: (code: string) => request<AreaView>(`/areas/${part(code)}`),
  enter: (body: { area: string; plate: string; phone?: string; language: string; instrument?: string; secret: string }) =>
    request<{ session: string; token: string; stay: Stay }>('/parking/entries', { method: 'POST', body }),
  stay: (stay: Kept) => driver<Stay>(stay, ''),
  extend: (stay: Kept) => driver<Stay>(stay, '/extend', 'POST', { minutes: 30 }),
  leave: (stay: Kept) => driver<Stay>(stay, '/exit', 'POST'),
  pay: (stay: Kept, { amount, instrument }: { amount: number; instrument: string }, key: string) =>
    driver<PaymentView>(stay, '/payments', 'POST', { amount, instrument }, key),
  orderOwn: (stay: Kept, input: OrderInput) => driver<OrderView>(stay, '/payments/orders', 'POST', input),
  orderFor: (token: string, input: OrderInput) => request<OrderView>(`/pay/${part(token)}/payments/orders`, { method: 'POST', body: input }),
  order: (order: string) => request<OrderView>(`/payments/orders/${part(order)}`),
  confirm: (order: string, instrument: string) => request<OrderView>(`/payments/orders/${part(order)}`, { method: 'POST', body: { instrument } }),
  proxy: (stay: Kept) => driver<{ proxy: string; path: string; qr_svg: string }>(stay, '/proxy', 'POST', {}),
  revoke: (stay: Kept, proxy: string) => driver<void>(stay, `/proxy/${part(proxy)}`, 'DELETE'),
  look: (token: string) => request<PayerView>(`/pay/${part(token)}`),
  payFor: (token: string, body: { amount: number; instrument: string; phone?: string; language: string }, key: string) =>
    request<PaymentView>(`/pay/${part(token)}/payments`, { method: 'POST', body, headers: { 'idempotency-key': key } }),

  lots: () => request<LotView[]>('/parking/lots'),
  stays: (lot: string, state: string) => request<Stay[]>(`/parking/sessions?lot=${part(lot)}&state=${part(state)}`),
  close: (session: string) => request<Stay>(`/parking/sessions/${part(session)}/close`, { method: 'POST', body: {} }),
  refund: (session: string, amount: number, reason: string, key: string) =>
    request<Stay>(`/parking/sessions/${part(session)}/refunds`, { method: 'POST', body: { amount, reason }, headers: { 'idempotency-key': key } }),
  reviews: () => request<Review[]>('/parking/reviews'),
  decide: (review: string, decision: { accept: boolean; plate?: string; ended_at_ms?: number }) =>
    request<void>(`/parking/reviews/${part(review)}`, { method: 'POST', body: decision }),
  pictureUrl: (review: string) => `${API_BASE}/parking/reviews/${part(review)}/picture`,
  statementUrl: (lot: string, day: string) => `${API_BASE}/parking/lots/${part(lot)}/statement?day=${part(day)}`,
};

/** From which of our pages an order went to the provider's window: there the return page leads back to. */
export const orders = {
  remember: (order: string, path: string): void => {
    sessionStorage.setItem(`escort.order.${order}`, path);
    sessionStorage.setItem(LAST_PAYING, path);
  },
  /** A window that was closed early comes back without its order: then to where the last one was opened. */
  backFrom: (order: string): string | null => sessionStorage.getItem(`escort.order.${order}`) ?? sessionStorage.getItem(LAST_PAYING),
};

/** A key of its own for each press of a button; repeats of the press over a bad network carry the same. */
export const freshKey = (): string => random(16);
const freshSecret = (): string => random(32);
const random = (bytes: number): string => Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** `12,500`. */
export const figures = (amount: number): string => amount.toLocaleString('en-US');
