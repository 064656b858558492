/**
 * The caller's terminal: keeps the call until the server has it, sends positions while it is open, and follows what the
 * server says about it. Pages only draw what this knows.
 */

import { api, ApiError, type PositionReport } from '../../lib/api';
import { callKey, CallQueue, type QueuedCall } from '../../lib/call/queue';
import { clock } from '../../lib/clock.svelte';
import { backoffMs } from '../../lib/live/backoff';
import { LiveConnection } from '../../lib/live/connection.svelte';
import { Position } from '../../lib/position.svelte';
import { terminal } from '../../lib/session.svelte';
import type { CallerNotice, IncidentView, Trigger } from '../../lib/types';

export type Delivery = 'none' | 'sending' | 'waiting' | 'refused';

const INCIDENT_KEY = 'escort.incident';
/** Positions are sent at most this often, and at least this often while standing still. */
const POSITION_INTERVAL_MIN_MS = 2_000;
const POSITION_INTERVAL_MAX_MS = 10_000;
/** How often the open call is asked for while the live connection is away. */
const POLL_MS = 4_000;

export class CallerTerminal {
  readonly live = new LiveConnection();
  readonly position = new Position();
  readonly #queue = new CallQueue(localStorage);
  delivery = $state<Delivery>('none');
  refusal = $state('');
  queued = $state.raw<QueuedCall | null>(null);
  incidentId = $state<string | null>(localStorage.getItem(INCIDENT_KEY));
  /** When the position that the server has was true; 0 when it has none. */
  positionSentAtMs = $state(0);
  /** The token does not work any more: this phone was replaced or forgotten. */
  revoked = $state(false);
  #polled = $state.raw<IncidentView | null>(null);
  #token: string;
  #sendTimer: number | undefined;
  #beatTimer: number | undefined;
  #pollTimer: number | undefined;
  #positionTriedAtMs = 0;
  /** Positions go on after "closed" until the server wants no more: under duress only it knows that the call is still open. */
  #positionsWanted = true;
  #onOnline = () => this.#send();

  constructor(token: string) {
    this.#token = token;
  }

  get token(): string {
    return this.#token;
  }

  get view(): IncidentView | null {
    if (!this.incidentId) return null;
    const live = this.live.tables.incidents.get(this.incidentId)?.value;
    return live ?? (this.#polled?.incident.id === this.incidentId ? this.#polled : null);
  }

  /** Notices about this call, oldest first. */
  get notices(): { notice: CallerNotice; heardAtMs: number }[] {
    return [...this.live.tables.notices.values()]
      .filter((heard) => heard.incident === this.incidentId && typeof heard.notice === 'object')
      .map((heard) => ({ notice: heard.notice as CallerNotice, heardAtMs: heard.heardAtMs }));
  }

  start(): void {
    this.live.start(this.#token);
    this.position.start(() => this.#sendPosition());
    window.addEventListener('online', this.#onOnline);
    this.#beatTimer = window.setInterval(() => this.#sendPosition(), 1_000);
    this.#pollTimer = window.setInterval(() => void this.#poll(), POLL_MS);
    void this.#poll(true);
    this.queued = this.#queue.waiting(clock.read());
    if (this.queued) this.#send();
  }

  stop(): void {
    this.live.stop();
    this.position.stop();
    window.removeEventListener('online', this.#onOnline);
    window.clearTimeout(this.#sendTimer);
    window.clearInterval(this.#beatTimer);
    window.clearInterval(this.#pollTimer);
  }

  /** Makes the call: kept first, then sent, and sent again until the server answers. */
  call(trigger: Trigger, address: string, silent: boolean, drill: boolean): void {
    const position = this.position.report() ?? undefined;
    const body = { trigger, position, address: address.trim() || undefined, silent, drill };
    this.queued = this.#queue.keep(callKey(), body, clock.read());
    this.#positionsWanted = true;
    this.#send();
  }

  /** Puts a finished call away. */
  done(): void {
    this.incidentId = null;
    this.#polled = null;
    localStorage.removeItem(INCIDENT_KEY);
  }

  /** Gives up on a call that the server refused. */
  dismissRefusal(): void {
    this.delivery = 'none';
    this.queued = null;
  }

  #send(): void {
    window.clearTimeout(this.#sendTimer);
    void this.#attempt();
  }

  async #attempt(): Promise<void> {
    if (!this.queued || this.delivery === 'sending') return;
    const call = this.#queue.attempted(this.queued);
    this.queued = call;
    this.delivery = 'sending';
    try {
      const { incident_id } = await api.call(this.#token, call.key, call.body);
      this.#delivered(incident_id);
    } catch (error) {
      this.#undelivered(call, error);
    }
  }

  #delivered(incidentId: string): void {
    this.#queue.settled();
    this.queued = null;
    this.delivery = 'none';
    this.incidentId = incidentId;
    localStorage.setItem(INCIDENT_KEY, incidentId);
    this.#sendPosition();
  }

  #undelivered(call: QueuedCall, error: unknown): void {
    const refused = error instanceof ApiError && !error.retryable;
    if (refused) {
      this.#queue.settled();
      this.delivery = 'refused';
      this.refusal = error.message;
      this.revoked = error.status === 401;
      return;
    }
    this.delivery = 'waiting';
    this.#sendTimer = window.setTimeout(() => void this.#attempt(), backoffMs(call.attempts, Math.random()));
  }

  /** Finds an open call again after a reload, and stands in for the live connection while that is away. */
  async #poll(always = false): Promise<void> {
    if (!always && (this.live.state === 'live' || !this.incidentId)) return;
    try {
      const view = await api.currentCall(this.#token);
      if (!view) return;
      this.#polled = view;
      this.incidentId = view.incident.id;
    } catch (error) {
      this.revoked = error instanceof ApiError && error.status === 401;
    }
  }

  #sendPosition(): void {
    const nowMs = clock.read();
    const sinceMs = nowMs - this.#positionTriedAtMs;
    const fix = this.position.report();
    if (!this.incidentId || !fix || !this.#positionsWanted || sinceMs < POSITION_INTERVAL_MIN_MS) return;
    if (this.#lastSent === this.position.current && sinceMs < POSITION_INTERVAL_MAX_MS) return;
    this.#positionTriedAtMs = nowMs;
    void this.#postPosition(this.incidentId, fix);
  }

  #lastSent: PositionReport | null = null;

  async #postPosition(incident: string, fix: PositionReport): Promise<void> {
    const sent = this.position.current;
    try {
      await api.callerPosition(this.#token, incident, fix);
      this.#lastSent = sent;
      this.positionSentAtMs = fix.at;
    } catch (error) {
      const over = error instanceof ApiError && !error.retryable;
      if (over && error.status !== 400 && error.status !== 422) this.#positionsWanted = false;
    }
  }

  cancel(code: string): Promise<{ outcome: 'accepted' | 'wrong' }> {
    return api.cancel(this.#token, this.incidentId ?? '', code);
  }

  confirm(code: string): Promise<{ outcome: 'accepted' | 'wrong' }> {
    return api.confirm(this.#token, this.incidentId ?? '', code);
  }

  /** Deletes everything stored about this caller, here and on the server. */
  async forget(): Promise<void> {
    await api.forget(this.#token);
    this.done();
    terminal.forget();
  }

  stored(): Promise<Record<string, unknown>> {
    return api.stored(this.#token);
  }

  /** Sends the one-time code again; answers in how many seconds the next can be asked for. */
  async sendPhoneCode(): Promise<number> {
    return (await api.sendPhoneCode(this.#token)).again_after_s;
  }

  checkPhone(code: string): Promise<void> {
    return api.checkPhone(this.#token, code);
  }
}
