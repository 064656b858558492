/** Where this device is: its own fix, or a place set by hand on the map when there is none. */

import type { PositionReport } from './api';
import { clock } from './clock.svelte';

export type PositionSource = 'waiting' | 'gps' | 'manual' | 'denied';

/** A finger on a map of a town is about this exact. */
const MANUAL_ACCURACY_M = 20;
/** Somebody who stands still gets no new fixes by themselves; so often the device is asked again. */
const ASK_AGAIN_MS = 8_000;

const ACCURATE: PositionOptions = { enableHighAccuracy: true, maximumAge: 5_000 };

export class Position {
  source = $state<PositionSource>('waiting');
  current = $state.raw<PositionReport | null>(null);
  #watch: number | null = null;
  #askTimer: number | undefined;
  #onFix: (fix: PositionReport) => void = () => undefined;

  /** Starts listening; `onFix` is called for every new position. */
  start(onFix: (fix: PositionReport) => void): void {
    this.#onFix = onFix;
    if (!('geolocation' in navigator)) {
      this.source = 'denied';
      return;
    }
    this.#watch = navigator.geolocation.watchPosition((fix) => this.#heard(fix), () => this.#missing(), ACCURATE);
    this.#askTimer = window.setInterval(() => this.#askAgain(), ASK_AGAIN_MS);
  }

  #askAgain(): void {
    const old = this.source === 'gps' && this.current !== null && clock.read() - this.current.at >= ASK_AGAIN_MS;
    if (old) navigator.geolocation.getCurrentPosition((fix) => this.#heard(fix), () => undefined, ACCURATE);
  }

  #heard(fix: GeolocationPosition): void {
    const { latitude, longitude, accuracy } = fix.coords;
    this.#take('gps', { lat: latitude, lon: longitude, accuracy_m: accuracy, at: Math.round(fix.timestamp) });
  }

  stop(): void {
    if (this.#watch !== null) navigator.geolocation.clearWatch(this.#watch);
    this.#watch = null;
    window.clearInterval(this.#askTimer);
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
    this.#onFix(fix);
  }

  #missing(): void {
    if (this.source === 'waiting') this.source = 'denied';
  }
}
