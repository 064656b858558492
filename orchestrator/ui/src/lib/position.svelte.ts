/** Where this device is: its own fix, or a place set by hand on the map when there is none. */

import type { PositionReport } from './api';
import { clock } from './clock.svelte';

/** Where the position comes from, or why there is none. */
export type PositionSource = 'waiting' | 'gps' | 'manual' | 'denied' | 'insecure' | 'unavailable';

/** A finger on a map of a town is about this exact. */
const MANUAL_ACCURACY_M = 20;
/** Somebody who stands still gets no new fixes by themselves; so often the device is asked again. */
const ASK_AGAIN_MS = 8_000;
/** A device that answered none of three questions does not know where it is any more. */
export const FIX_AGE_MAX_MS = 30_000;

const ACCURATE: PositionOptions = { enableHighAccuracy: true, maximumAge: 5_000 };

/** How the device goes, as far as its receiver says so: browsers give null for what they do not know, and NaN for who stands. */
export function going(speed: number | null, heading: number | null): Pick<PositionReport, 'speed_m_s' | 'heading_deg'> {
  const known = (value: number | null): value is number => value !== null && Number.isFinite(value) && value >= 0;
  if (!known(speed)) return {};
  return known(heading) ? { speed_m_s: speed, heading_deg: heading } : { speed_m_s: speed };
}

export class Position {
  source = $state<PositionSource>('waiting');
  current = $state.raw<PositionReport | null>(null);
  /** When the device last said where it is, by the clock of the pages; its own clock may be wrong. */
  heardAtMs = $state(0);
  #watch: number | null = null;
  #askTimer: number | undefined;
  #permission: PermissionStatus | null = null;
  #onFix: (fix: PositionReport) => void = () => undefined;

  /** Whether the device knows now where it is. */
  isKnown(nowMs: number): boolean {
    return this.source === 'manual' || (this.source === 'gps' && nowMs - this.heardAtMs <= FIX_AGE_MAX_MS);
  }

  /** Starts listening; `onFix` is called for every new position. */
  start(onFix: (fix: PositionReport) => void): void {
    this.#onFix = onFix;
    if (!('geolocation' in navigator)) {
      this.source = 'unavailable';
      return;
    }
    this.#listen();
    this.#askTimer = window.setInterval(() => this.#askAgain(), ASK_AGAIN_MS);
    void this.#followPermission();
  }

  /** Asks the device once more, because the reader wants it; a browser that may asks the reader. */
  retry(): void {
    this.#unlisten();
    if ('geolocation' in navigator) this.#listen();
  }

  #listen(): void {
    this.#watch = navigator.geolocation.watchPosition((fix) => this.#heard(fix), (error) => this.#missing(error), ACCURATE);
  }

  #unlisten(): void {
    if (this.#watch !== null) navigator.geolocation.clearWatch(this.#watch);
    this.#watch = null;
  }

  /** A browser tells a page that was refused nothing more; when the reader allows it later, we begin anew. */
  async #followPermission(): Promise<void> {
    const permission = await navigator.permissions?.query({ name: 'geolocation' }).catch(() => null);
    if (!permission) return;
    this.#permission = permission;
    permission.onchange = () => permission.state === 'granted' && this.retry();
  }

  #askAgain(): void {
    // Not where it was refused: a browser would put its question over the page every time.
    if (this.source === 'denied' || this.source === 'insecure' || this.source === 'waiting') return;
    const old = clock.read() - this.heardAtMs >= ASK_AGAIN_MS;
    if (old) navigator.geolocation.getCurrentPosition((fix) => this.#heard(fix), () => undefined, ACCURATE);
  }

  #heard(fix: GeolocationPosition): void {
    const { latitude, longitude, accuracy, speed, heading } = fix.coords;
    const at = Math.round(fix.timestamp);
    this.#take('gps', { lat: latitude, lon: longitude, accuracy_m: accuracy, at, ...going(speed, heading) });
  }

  stop(): void {
    this.#unlisten();
    window.clearInterval(this.#askTimer);
    if (this.#permission) this.#permission.onchange = null;
  }

  /** The reader tapped where they are; holds until the device finds a fix by itself. */
  setByHand(lat: number, lon: number): void {
    this.#take('manual', { lat, lon, accuracy_m: MANUAL_ACCURACY_M, at: clock.read() });
  }

  /** What is sent now: a place set by hand stays true until moved, a fix goes with the time at which it was true. */
  report(): PositionReport | null {
    return this.current && this.source === 'manual' ? { ...this.current, at: clock.read() } : this.current;
  }

  #take(source: 'gps' | 'manual', fix: PositionReport): void {
    this.source = source;
    this.current = fix;
    this.heardAtMs = clock.read();
    this.#onFix(fix);
  }

  #missing(error: GeolocationPositionError): void {
    // An old fix remains, with its age; a place set by hand remains true.
    if (this.current) return;
    const refused = error.code === error.PERMISSION_DENIED;
    this.source = !window.isSecureContext ? 'insecure' : refused ? 'denied' : 'unavailable';
  }
}
