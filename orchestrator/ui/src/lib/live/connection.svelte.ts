/** The live connection: opens, notices when it is dead, comes back where it left off, and never calls old data live. */

import { SvelteMap } from 'svelte/reactivity';
import { API_BASE } from '../api';
import { clock } from '../clock.svelte';
import type { Account } from '../types';
import { backoffMs } from './backoff';
import { apply, parseMessage, type LiveCursor, type LiveTables } from './store';

/** Told to the window when a lost server speaks again, for what need not wait until it notices by itself. */
export const SERVER_BACK = 'server-back';

export type LinkState = 'idle' | 'connecting' | 'live' | 'lost';

/** After this much silence the server is asked whether it is still there. */
const SILENCE_PROBE_MS = 8_000;
/** How long the answer may take before the connection counts as lost. */
const PROBE_TIMEOUT_MS = 4_000;
/** An attempt that has not said hello by then is given up. */
const HELLO_TIMEOUT_MS = 6_000;

export class LiveConnection {
  state = $state<LinkState>('idle');
  account = $state<Account | null>(null);
  /** When anything was heard last, by the corrected clock; 0 when never. */
  heardAtMs = $state(0);
  /** When the connection was lost; 0 while it stands. */
  lostAtMs = $state(0);

  readonly tables: LiveTables = {
    incidents: new SvelteMap(),
    drones: new SvelteMap(),
    guards: new SvelteMap(),
    offers: new SvelteMap(),
    alerts: new SvelteMap(),
    notices: new SvelteMap(),
  };

  #cursor: LiveCursor = { account: null, seq: 0, greetedAtMs: 0 };
  #socket: WebSocket | null = null;
  #token: string | null = null;
  #attempt = 0;
  #retryTimer: number | undefined;
  #watchTimer: number | undefined;
  #probing = false;
  #stopped = true;
  #onOnline = () => this.#retryNow();
  #onOffline = () => this.#fail();

  /** Opens the connection, as the signed-in account or as the terminal that holds `token`. */
  start(token: string | null = null): void {
    this.stop();
    this.#stopped = false;
    this.#token = token;
    window.addEventListener('online', this.#onOnline);
    window.addEventListener('offline', this.#onOffline);
    this.#watchTimer = window.setInterval(() => void this.#watch(), 1_000);
    this.#open();
  }

  /** Closes it for good; what was heard stays readable but is not live any more. */
  stop(): void {
    this.#stopped = true;
    window.clearTimeout(this.#retryTimer);
    window.clearInterval(this.#watchTimer);
    window.removeEventListener('online', this.#onOnline);
    window.removeEventListener('offline', this.#onOffline);
    this.#dropSocket();
    this.state = 'idle';
  }

  #open(): void {
    if (this.#stopped) return;
    window.clearTimeout(this.#retryTimer);
    this.#dropSocket();
    this.state = this.lostAtMs ? 'lost' : 'connecting';
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const after = this.#cursor.seq > 0 ? `?after=${this.#cursor.seq}` : '';
    const url = `${scheme}://${location.host}${API_BASE}/live${after}`;
    const socket = this.#token ? new WebSocket(url, ['bearer', this.#token]) : new WebSocket(url);
    this.#socket = socket;
    const helloTimer = window.setTimeout(() => this.#fail(), HELLO_TIMEOUT_MS);
    socket.onmessage = (event) => {
      window.clearTimeout(helloTimer);
      this.#hear(String(event.data));
    };
    socket.onclose = () => {
      window.clearTimeout(helloTimer);
      if (this.#socket === socket) this.#fail();
    };
  }

  #hear(text: string): void {
    const message = parseMessage(text);
    this.heardAtMs = clock.read();
    if (!message) return;
    apply(this.tables, this.#cursor, message, this.heardAtMs);
    if (message.type !== 'hello') return;
    this.account = message.account;
    if (this.lostAtMs) window.dispatchEvent(new Event(SERVER_BACK));
    this.state = 'live';
    this.lostAtMs = 0;
    this.#attempt = 0;
  }

  /** Marks the connection as lost at once and tries again by itself. */
  #fail(): void {
    if (this.#stopped) return;
    this.#dropSocket();
    if (!this.lostAtMs) this.lostAtMs = clock.read();
    this.state = 'lost';
    this.#attempt += 1;
    window.clearTimeout(this.#retryTimer);
    this.#retryTimer = window.setTimeout(() => this.#open(), backoffMs(this.#attempt, Math.random()));
  }

  #retryNow(): void {
    if (this.state !== 'live') this.#open();
  }

  #dropSocket(): void {
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }

  /** A quiet connection may be a dead one that nobody told us of: ask the server over HTTP. */
  async #watch(): Promise<void> {
    if (this.state !== 'live' || this.#probing) return;
    if (clock.read() - this.heardAtMs < SILENCE_PROBE_MS) return;
    this.#probing = true;
    try {
      const answer = await fetch('/healthz', { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS), cache: 'no-store' });
      if (answer.ok) this.heardAtMs = clock.read();
      else this.#fail();
    } catch {
      this.#fail();
    } finally {
      this.#probing = false;
    }
  }
}
