/**
 * What the live connection has told so far. Messages only ever add or replace, so a replay after a reconnect is harmless.
 * Plain maps in, plain maps out: the pages hand in reactive ones, the tests ordinary ones.
 */

import type {
  Account,
  AlertMessage,
  CallerNotice,
  DroneView,
  GuardNotice,
  GuardView,
  IncidentView,
  LiveMessage,
  OfferNotice,
} from '../types';

/** Alerts and notices kept; older ones are in the incident's timeline. */
export const ALERTS_MAX = 50;
export const NOTICES_MAX = 30;

/** After its hello the server tells again what was told before; notices within this time are not news. */
export const BACKLOG_MS = 1_500;

/** A thing and when it reached us, by our clock, so that its age can be shown. */
export interface Heard<T> {
  value: T;
  heardAtMs: number;
}

export interface KnownIncident extends Heard<IncidentView> {
  seq: number;
}

export interface Notice {
  id: string;
  incident: string;
  notice: CallerNotice | GuardNotice;
  heardAtMs: number;
  /** Told again on connecting, not news. */
  repeated: boolean;
}

export interface LiveTables {
  incidents: Map<string, KnownIncident>;
  drones: Map<string, Heard<DroneView>>;
  guards: Map<string, Heard<GuardView>>;
  offers: Map<string, OfferNotice>;
  alerts: Map<string, AlertMessage>;
  notices: Map<string, Notice>;
}

/** The mutable rest: who we are to the server, and from where to resume. */
export interface LiveCursor {
  account: Account | null;
  seq: number;
  /** When the server last said hello, by our clock. */
  greetedAtMs: number;
}

function clear(tables: LiveTables): void {
  tables.incidents.clear();
  tables.drones.clear();
  tables.guards.clear();
  tables.offers.clear();
  tables.alerts.clear();
  tables.notices.clear();
}

function greet(tables: LiveTables, cursor: LiveCursor, message: Extract<LiveMessage, { type: 'hello' }>): void {
  const otherAccount = cursor.account !== null && cursor.account.id !== message.account.id;
  // A log shorter than what we have seen is another log: nothing we know holds there.
  if (otherAccount || message.seq < cursor.seq) {
    clear(tables);
    cursor.seq = 0;
  }
  // What an offer or a position was before the gap may be over; the server sends what still stands after its hello.
  tables.offers.clear();
  cursor.account = message.account;
}

function upsertIncident(tables: LiveTables, seq: number, view: IncidentView, heardAtMs: number): void {
  const known = tables.incidents.get(view.incident.id);
  if (known && known.seq > seq) return;
  tables.incidents.set(view.incident.id, { value: view, seq, heardAtMs });
}

function drop<T>(map: Map<string, T>, sizeMax: number): void {
  // A Map keeps the order of insertion, so the first key is the oldest.
  while (map.size > sizeMax) {
    const oldest = map.keys().next().value;
    if (oldest === undefined) return;
    map.delete(oldest);
  }
}

/** Takes in one message heard at `heardAtMs`. */
export function apply(tables: LiveTables, cursor: LiveCursor, message: LiveMessage, heardAtMs: number): void {
  switch (message.type) {
    case 'hello':
      greet(tables, cursor, message);
      cursor.greetedAtMs = heardAtMs;
      return;
    case 'incident':
      upsertIncident(tables, message.seq, message.view, heardAtMs);
      cursor.seq = Math.max(cursor.seq, message.seq);
      return;
    case 'incident_gone':
      tables.incidents.delete(message.incident);
      return;
    case 'drone':
      tables.drones.set(message.drone.status.drone, { value: message.drone, heardAtMs });
      return;
    case 'guard':
      tables.guards.set(message.guard.id, { value: message.guard, heardAtMs });
      return;
    case 'offer':
      tables.offers.set(message.offer.offer, message.offer);
      return;
    case 'offer_gone':
      tables.offers.delete(message.offer);
      return;
    case 'notice':
      if (tables.notices.has(message.id)) return;
      tables.notices.set(message.id, {
        id: message.id,
        incident: message.incident,
        notice: message.notice,
        heardAtMs,
        repeated: heardAtMs - cursor.greetedAtMs < BACKLOG_MS,
      });
      drop(tables.notices, NOTICES_MAX);
      return;
    case 'alert':
      tables.alerts.set(message.id, message);
      drop(tables.alerts, ALERTS_MAX);
      return;
  }
}

/** Reads one text frame; `null` when it is not a message that we know, which an older page may well meet. */
export function parseMessage(text: string): LiveMessage | null {
  try {
    const message = JSON.parse(text) as { type?: unknown };
    return typeof message.type === 'string' ? (message as LiveMessage) : null;
  } catch {
    return null;
  }
}
