/** Surveys' calls to the server, and what they answer. */

import { API_BASE, request } from '../api';
import type { LatLon } from '../types';
import type { FilmView } from './film';

/** A share of a lot, or of its beacons, that a survey's path does not show, and why. */
export type Unseen = { share: number } & (
  | { reason: 'zone'; name: string }
  | { reason: 'obstacle'; id: string }
  | { reason: 'fence' }
  | { reason: 'lanes' }
);

export interface Coverage {
  seen: number;
  unseen?: Unseen[];
}

export interface SurveyView {
  id: string;
  lot: string;
  kind: 'sweep' | 'audit';
  state: 'open' | 'flown' | 'cancelled' | 'given_up';
  ended_at_ms: number | null;
  flown_m: number;
  whole_m: number;
  sorties: number;
  sorties_flown: number;
  drone: string | null;
  flights: string[];
  coverage?: Coverage | null;
  path: LatLon[];
  requested_by: string | null;
  requested_at_ms: number;
  report: { at_ms: number; pictures: number; dropped: number; found: number; opened: number[]; unseen: string[] } | null;
}

export type FindingKind =
  | 'beacon_missing'
  | 'beacon_unreadable'
  | 'beacon_moved'
  | 'beacon_duplicated'
  | 'beacon_forged'
  | 'beacon_revoked'
  | 'car_without_session'
  | 'session_without_car'
  | 'wrong_area';

/** What somebody may be cheated by: before all others. */
export const URGENT: ReadonlySet<FindingKind> = new Set(['beacon_forged', 'beacon_duplicated', 'beacon_revoked']);

export interface FindingView {
  number: number;
  kind: FindingKind;
  of: 'beacon' | 'code' | 'bay' | 'session' | 'area';
  subject: string;
  count: number;
  place: LatLon | null;
  confidence: number;
  pictures: string[];
  best: string | null;
  life: 'open' | 'acknowledged' | 'fixed';
  by: string | null;
  at_ms: number | null;
  first_ms: number;
  last_ms: number;
}

export interface BayView {
  bay: string;
  taken: boolean | null;
  seen_ms: number;
}

const path = (lot: string, rest: string): string => `/lots/${encodeURIComponent(lot)}/${rest}`;
const send = (address: string, body: unknown = {}): Promise<void> => request(address, { method: 'POST', body });

export const surveys = {
  list: (lot: string) => request<SurveyView[]>(path(lot, 'surveys')),
  ask: (lot: string, kind: 'sweep' | 'audit') => send(path(lot, 'surveys'), { kind }),
  callOff: (lot: string, survey: string) => request<void>(path(lot, `surveys/${survey}`), { method: 'DELETE' }),
  film: (lot: string, survey: string) => request<FilmView>(path(lot, `surveys/${encodeURIComponent(survey)}/film`)),
  findings: (lot: string) => request<FindingView[]>(path(lot, 'findings')),
  settle: (lot: string, finding: number, how: 'acknowledge' | 'fixed') => send(path(lot, `findings/${finding}/${how}`)),
  bays: (lot: string) => request<BayView[]>(path(lot, 'bays')),
};

/** A picture named `SURVEY/PICTURE`, as an address. */
export function pictureUrl(lot: string, name: string): string {
  const [survey = '', picture = ''] = name.split('/');
  return API_BASE + path(lot, `surveys/${encodeURIComponent(survey)}/pictures/${encodeURIComponent(picture)}`);
}

/** The share of a survey's way that is flown, per cent. */
export const flownPct = (survey: Pick<SurveyView, 'flown_m' | 'whole_m'>): number =>
  survey.whole_m > 0 ? Math.min(100, (100 * survey.flown_m) / survey.whole_m) : 0;

/** What keeps a survey from ground or beacons, the largest share first; strips between lanes are in every sweep and worth no word. */
export const kept = (survey: Pick<SurveyView, 'coverage'>): Exclude<Unseen, { reason: 'lanes' }>[] =>
  (survey.coverage?.unseen ?? []).filter((unseen) => unseen.reason !== 'lanes');

/** Bays counted by what was last seen. */
export function occupancy(bays: readonly BayView[]): { taken: number; free: number; unsure: number; seenMs: number | null } {
  const count = (is: (bay: BayView) => boolean): number => bays.filter(is).length;
  return {
    taken: count((bay) => bay.taken === true),
    free: count((bay) => bay.taken === false),
    unsure: count((bay) => bay.taken === null),
    seenMs: bays.length > 0 ? Math.max(...bays.map((bay) => bay.seen_ms)) : null,
  };
}
