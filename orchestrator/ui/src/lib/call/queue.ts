/**
 * Calls that have not been confirmed by the server yet. A call is kept before it is sent and until it is acknowledged, so
 * that a reload, a dead battery or a tunnel loses nothing; its key makes every repeat the same call.
 */

import type { CallBody } from '../api';

export interface QueuedCall {
  key: string;
  body: CallBody;
  /** When the button was held, milliseconds since 1970-01-01 UTC. */
  raisedAtMs: number;
  attempts: number;
}

/** The part of `localStorage` that is needed. */
export interface KeyValueStore {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

const STORAGE_KEY = 'escort.call';
/** A call older than this is not sent by itself any more: the person has long gone on, one way or the other. */
export const QUEUE_AGE_MAX_MS = 30 * 60_000;

function isQueuedCall(value: unknown): value is QueuedCall {
  const call = value as Partial<QueuedCall> | null;
  return typeof call?.key === 'string' && typeof call.raisedAtMs === 'number' && typeof call.body?.trigger === 'string';
}

export class CallQueue {
  constructor(private readonly storage: KeyValueStore) {}

  /** The call that waits, if any; one that is damaged or too old is dropped. */
  waiting(nowMs: number): QueuedCall | null {
    const text = this.storage.getItem(STORAGE_KEY);
    if (!text) return null;
    try {
      const call: unknown = JSON.parse(text);
      if (isQueuedCall(call) && nowMs - call.raisedAtMs <= QUEUE_AGE_MAX_MS) return call;
    } catch {
      // Falls through to dropping it: a damaged entry must not block the next call.
    }
    this.storage.removeItem(STORAGE_KEY);
    return null;
  }

  /** Keeps a call. While one waits, a second press is the same call: the first one's key and time stay. */
  keep(key: string, body: CallBody, nowMs: number): QueuedCall {
    const before = this.waiting(nowMs);
    const call: QueuedCall = before ? { ...before, body } : { key, body, raisedAtMs: nowMs, attempts: 0 };
    this.storage.setItem(STORAGE_KEY, JSON.stringify(call));
    return call;
  }

  /** Counts one more attempt. */
  attempted(call: QueuedCall): QueuedCall {
    const next = { ...call, attempts: call.attempts + 1 };
    this.storage.setItem(STORAGE_KEY, JSON.stringify(next));
    return next;
  }

  /** The server has it, or has refused it for good. */
  settled(): void {
    this.storage.removeItem(STORAGE_KEY);
  }
}

/** A fresh key for one press. */
export function callKey(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
  // Browsers give randomUUID only to secure pages; a test set-up over plain HTTP on a local network is none.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
