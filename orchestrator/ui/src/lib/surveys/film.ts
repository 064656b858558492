/** A survey as a film: what was known at each moment of it, from the frames that counted and what they showed. Draws nothing. */

import type { LatLon } from '../types';
import type { FindingView } from './api';

export interface FilmView {
  survey: string;
  /** Pictures that counted, in the order in which they were taken; `picture` names one that is kept. */
  frames: { at_ms: number; place: LatLon; picture: string | null }[];
  /** When a bay was first seen, and whenever what is known of it changed. */
  bays: { at_ms: number; bay: string; taken: boolean | null }[];
  /** When an area's code was read first. */
  beacons: { at_ms: number; area: string }[];
}

export type Known = 'free' | 'taken' | 'unknown';

/** What a moment of the film shows. */
export interface Moment {
  atMs: number;
  /** Where the aircraft looks down. */
  place: LatLon | null;
  /** Where it has been; a line for each flight. */
  trail: LatLon[][];
  occupancy: Record<string, Known>;
  /** Areas whose code has been read. */
  read: string[];
  /** Numbers of findings that have appeared. */
  found: number[];
  /** The kept picture of about now. */
  picture: string | null;
}

/** Between two frames further apart than this the aircraft was elsewhere: another sortie. */
const GAP_MS = 10_000;
/** So long such a gap lasts in the film. */
const CUT_MS = 1_500;
/** A kept picture is shown for so long after it was taken. */
const PICTURE_MS = 20_000;
/** A finding asks for two pictures that agree; it appears with the second. */
const PICTURES_OF_FINDING = 2;

/** How many times faster than it was flown. */
export const SPEEDS = [1, 5, 20, 60] as const;

/** The film's own time of each frame: gaps between sorties are cut. */
export function times(film: FilmView): number[] {
  let now = 0;
  return film.frames.map((frame, index) => {
    const before = film.frames[index - 1];
    const passed = before ? frame.at_ms - before.at_ms : 0;
    now += passed > GAP_MS ? CUT_MS : Math.max(0, passed);
    return now;
  });
}

/** Length of the film, milliseconds of its own time. */
export const lengthMs = (film: FilmView): number => times(film).at(-1) ?? 0;

/** The film moves on; it stops at its end. */
export const advanced = (positionMs: number, passedMs: number, speed: number, endMs: number): number =>
  Math.min(endMs, Math.max(0, positionMs + passedMs * speed));

/** The last of these that is not after; -1 when all are. */
function lastUntil(sorted: readonly number[], at: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const half = (low + high) >> 1;
    if ((sorted[half] ?? 0) <= at) low = half + 1;
    else high = half;
  }
  return low - 1;
}

const between = (a: LatLon, b: LatLon, share: number): LatLon => ({ lat: a.lat + (b.lat - a.lat) * share, lon: a.lon + (b.lon - a.lon) * share });

/** The moment at a position of the film's own time. */
export function momentAt(film: FilmView, findings: readonly FindingView[], positionMs: number): Moment {
  const own = times(film);
  const index = lastUntil(own, positionMs);
  const [frame, next] = [film.frames[index], film.frames[index + 1]];
  if (!frame) return { atMs: film.frames[0]?.at_ms ?? 0, place: null, trail: [], occupancy: {}, read: [], found: [], picture: null };
  const step = next ? next.at_ms - frame.at_ms : 0;
  const flying = next !== undefined && step > 0 && step <= GAP_MS;
  const share = flying ? Math.min(1, (positionMs - (own[index] ?? 0)) / step) : 0;
  const place = next && flying ? between(frame.place, next.place, share) : frame.place;
  const atMs = frame.at_ms + share * step;
  return {
    atMs,
    place,
    trail: trail(film, index, place),
    occupancy: occupancyAt(film, atMs),
    read: film.beacons.filter((beacon) => beacon.at_ms <= atMs).map((beacon) => beacon.area),
    found: foundAt(film, findings, atMs),
    picture: film.frames.findLast((kept, at) => at <= index && kept.picture !== null && atMs - kept.at_ms <= PICTURE_MS)?.picture ?? null,
  };
}

function trail(film: FilmView, until: number, place: LatLon): LatLon[][] {
  const lines: LatLon[][] = [];
  for (let at = 0; at <= until; at += 1) {
    const [frame, before] = [film.frames[at], film.frames[at - 1]];
    if (!frame) break;
    if (!before || frame.at_ms - before.at_ms > GAP_MS) lines.push([]);
    lines.at(-1)?.push(frame.place);
  }
  lines.at(-1)?.push(place);
  return lines;
}

function occupancyAt(film: FilmView, atMs: number): Record<string, Known> {
  const known: Record<string, Known> = {};
  for (const turn of film.bays) {
    if (turn.at_ms > atMs) break;
    known[turn.bay] = turn.taken === null ? 'unknown' : turn.taken ? 'taken' : 'free';
  }
  return known;
}

/** By the pictures of this survey that show it; a finding that an earlier survey made, and this one did not, stays away. */
function foundAt(film: FilmView, findings: readonly FindingView[], atMs: number): number[] {
  const taken = new Map(film.frames.flatMap((frame) => (frame.picture === null ? [] : [[frame.picture, frame.at_ms] as const])));
  return findings
    .filter((finding) => {
      const moments = finding.pictures.flatMap((name) => taken.get(name) ?? []).sort((a, b) => a - b);
      const appears = moments[Math.min(PICTURES_OF_FINDING, moments.length) - 1];
      return appears !== undefined && appears <= atMs;
    })
    .map((finding) => finding.number);
}
