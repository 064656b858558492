/** Figures as people read them. */

import type { Messages } from './i18n/en';

/** `85 m`, `1.2 km`. */
export function metres(m: number): string {
  if (m < 995) return `${Math.round(m)} m`;
  return `${(m / 1000).toFixed(1)} km`;
}

export const percent = (pct: number): string => `${Math.round(pct)} %`;
export const metresPerSecond = (v: number): string => `${v.toFixed(1)} m/s`;
export const degrees = (d: number): string => `${Math.round(((d % 360) + 360) % 360)}°`;

/** An age in one unit: `12 s`, `4 min`, `2 h`, `3 d`. */
export function age(texts: Messages, ageMs: number): string {
  const s = Math.max(0, Math.floor(ageMs / 1000));
  if (s < 60) return texts.time.seconds(s);
  if (s < 3600) return texts.time.minutes(Math.floor(s / 60));
  if (s < 86_400) return texts.time.hours(Math.floor(s / 3600));
  return texts.time.days(Math.floor(s / 86_400));
}

/** A short age that matters: `0.2 s` under ten seconds, then as above. */
export function fineAge(texts: Messages, ageMs: number): string {
  return ageMs < 10_000 ? texts.time.seconds((Math.max(0, ageMs) / 1000).toFixed(1)) : age(texts, ageMs);
}

/** A time to go, coarse enough not to flicker: seconds under 90, then minutes. */
export function eta(texts: Messages, etaS: number): string {
  const s = Math.max(0, Math.round(etaS));
  return s < 90 ? texts.time.seconds(s) : texts.time.minutes(Math.round(s / 60));
}

/** `21:04:37`, in the reader's time zone, always 24 hours. */
export function timeOfDay(atMs: number): string {
  return new Date(atMs).toLocaleTimeString('en-GB', { hour12: false });
}

/** The tail of a long identifier; short ones stay whole. */
export function shortId(id: string): string {
  return id.length <= 12 ? id : `…${id.slice(-6)}`;
}
