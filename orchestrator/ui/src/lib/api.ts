/** Calls to the server: one place that knows the base path, the credentials and how errors look. */

import { clock } from './clock.svelte';
import type {
  Account,
  Cause,
  CodeOutcome,
  DroneView,
  GuardView,
  IncidentView,
  LatLon,
  OfferNotice,
  RegisteredCaller,
  SiteView,
  Trigger,
} from './types';

export const API_BASE = '/api/v1';
/** A request that takes longer than this is treated as lost; the server gives up by itself a little earlier. */
const REQUEST_TIMEOUT_MS = 22_000;
/** A call for help is rather sent again with the same key than waited for. */
const CALL_TIMEOUT_MS = 6_000;

/** Why a call did not succeed. `status` is 0 when no answer came at all. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    /** The last part of the problem's `type`: "not-now". */
    readonly kind = '',
    /** The dispatcher's own reason, for the reader's language. */
    readonly why?: Cause,
    /** How long to wait before trying again, where the server knows. */
    readonly retryAfterS?: number,
    /** Which feature of a drawing it is about, and what is wrong with it, as a code. */
    readonly feature?: string,
    readonly fault?: string,
  ) {
    super(detail || title);
    this.name = 'ApiError';
  }

  /** Whether trying the same request again can help. */
  get retryable(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

export interface RequestOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  body?: unknown;
  token?: string | null;
  headers?: Record<string, string>;
  timeoutMs?: number;
}

/** RFC 9457, with what the server adds. */
interface ProblemDetails {
  type?: string;
  title?: string;
  detail?: string;
  cause?: Cause;
  retry_after_s?: number;
  feature?: string;
  fault?: { code: string };
}

async function problemOf(response: Response): Promise<ApiError> {
  try {
    const problem = (await response.json()) as ProblemDetails;
    const kind = problem.type?.split('/').at(-1);
    const { title = response.statusText, detail = '', cause, retry_after_s, feature, fault } = problem;
    return new ApiError(response.status, title, detail, kind, cause, retry_after_s, feature, fault?.code);
  } catch {
    return new ApiError(response.status, response.statusText, '');
  }
}

/** One request; answers `undefined` for an empty body, throws [`ApiError`] otherwise. */
export async function request<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json', ...options.headers };
  if (options.body !== undefined) headers['content-type'] = 'application/json';
  if (options.token) headers['authorization'] = `Bearer ${options.token}`;
  let response: Response;
  try {
    response = await fetch(API_BASE + path, {
      method: options.method ?? 'GET',
      headers,
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      // A caller's or guard's token speaks for itself; a cookie of somebody else on the same browser must not ride along.
      credentials: options.token ? 'omit' : 'same-origin',
      signal: AbortSignal.timeout(options.timeoutMs ?? REQUEST_TIMEOUT_MS),
    });
  } catch (error) {
    throw new ApiError(0, 'unreachable', error instanceof Error ? error.message : '');
  }
  clock.learn(response.headers.get('date'));
  if (!response.ok) throw await problemOf(response);
  const text = await response.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

const post = <T = void>(path: string, body: unknown = {}, token?: string | null): Promise<T> =>
  request<T>(path, { method: 'POST', body, token });

/** A position as terminals send it. */
export interface PositionReport extends LatLon {
  accuracy_m: number;
  at: number;
  speed_m_s?: number;
  heading_deg?: number;
}

export interface Registration {
  name: string;
  phone: string;
  home_address?: string;
  emergency_contact?: { name: string; phone: string };
  consent: true;
  safe_code?: string;
  duress_code?: string;
  language?: string;
}

export interface CallBody {
  trigger: Trigger;
  position?: PositionReport;
  address?: string;
  silent?: boolean;
  drill?: boolean;
}

const id = encodeURIComponent;

export const api = {
  signIn: (name: string, password: string) => post<{ account: Account }>('/session', { name, password }),
  session: () => request<{ account: Account }>('/session'),
  signOut: () => request<void>('/session', { method: 'DELETE' }),

  register: (registration: Registration) => post<RegisteredCaller>('/callers', registration),
  replaceTerminal: (identification_code: string, safe_code: string) =>
    post<{ caller: string; token: string }>('/callers/me/terminal', { identification_code, safe_code }),
  stored: (token: string) => request<Record<string, unknown>>('/callers/me', { token }),
  forget: (token: string) => request<void>('/callers/me', { method: 'DELETE', token }),
  checkPhone: (token: string, code: string) => post('/callers/me/phone-check', { code }, token),
  sendPhoneCode: (token: string) => post<{ again_after_s: number }>('/callers/me/phone-code', {}, token),
  call: (token: string, key: string, body: CallBody) =>
    request<{ incident_id: string }>('/calls', { method: 'POST', body, token, headers: { 'idempotency-key': key }, timeoutMs: CALL_TIMEOUT_MS }),
  currentCall: (token: string) => request<IncidentView | undefined>('/calls/current', { token }),
  callerPosition: (token: string, incident: string, position: PositionReport) =>
    post(`/incidents/${id(incident)}/position`, position, token),
  cancel: (token: string, incident: string, code: string) =>
    post<{ outcome: CodeOutcome }>(`/incidents/${id(incident)}/cancel`, { code }, token),
  confirm: (token: string, incident: string, code: string) =>
    post<{ outcome: CodeOutcome }>(`/incidents/${id(incident)}/confirmation`, { code }, token),

  guardSelf: () => request<{ guard: GuardView; offers: OfferNotice[]; incident?: IncidentView | null }>('/guards/me'),
  duty: (on_duty: boolean) => post('/guards/me/duty', { on_duty }),
  guardPosition: (position: PositionReport) => post('/guards/me/position', position),
  guardPresence: () => post('/guards/me/presence'),
  offerReceived: (offer: string) => post(`/offers/${id(offer)}/received`),
  acceptOffer: (offer: string) => post(`/offers/${id(offer)}/accept`),
  declineOffer: (offer: string, reason?: string) => post(`/offers/${id(offer)}/decline`, reason ? { reason } : {}),
  onScene: (incident: string) => post(`/incidents/${id(incident)}/on-scene`),
  situationEnd: (incident: string) => post(`/incidents/${id(incident)}/situation-end`),
  backup: (incident: string) => post(`/incidents/${id(incident)}/backup`),

  site: (token: string | null) => request<SiteView>('/site', { token }),
  nearestAddress: ({ lat, lon }: LatLon, token: string | null) =>
    post<{ text?: string | null; distance_m?: number | null }>('/site/address', { lat, lon }, token),
  siteMap: (token: string | null) => request<GeoJSON.FeatureCollection>('/site/map', { token }),
  incidents: (openOnly: boolean) => request<IncidentView[]>(openOnly ? '/incidents?open=true' : '/incidents'),
  drones: () => request<DroneView[]>('/drones'),
  acknowledge: (incident: string) => post(`/incidents/${id(incident)}/acknowledge`),
  approve: (mission: string) => post(`/launches/${id(mission)}/approve`),
  deny: (mission: string, reason?: string) => post(`/launches/${id(mission)}/deny`, reason ? { reason } : {}),
  /** To a rally point of its plan instead of its pad; a recall takes it back. */
  rally: (drone: string, rallyPoint: string) => post(`/drones/${id(drone)}/rally`, { rally_point: rallyPoint }),
  drone: (drone: string, order: 'recall' | 'hold' | 'continue' | 'land') => post(`/drones/${id(drone)}/${order}`),
  control: (drone: string, action: 'take' | 'release') => post(`/drones/${id(drone)}/control`, { action }),
  light: (drone: string, on: boolean, brightness_pct: number) =>
    post(`/drones/${id(drone)}/light`, { on, brightness_pct }),
  tlogUrl: (drone: string) => `${API_BASE}/drones/${id(drone)}/tlog`,
};
