/**
 * Where a stroke of the row tool is meant to lie: at ends of rows and corners of areas, on their edges, along their directions, a whole number of bays
 * long. Changes no drawing.
 */

import { BAY_LENGTH_M, BAY_WIDTH_M, distance, type Drawing, type Spot } from './drawing';

/** Korea's aisle between bays at a right angle to it (Enforcement Rule of the Parking Lot Act, article 6). */
const AISLE_M = 6;
/** A stroke this close to a direction is meant to have it, degrees. */
const DIRECTION_DEG = 8;
/** How far beyond a row's ends its lines go on, metres: a lot's width. */
const BEYOND_M = 80;

/** A stroke, with the places that it was drawn to. */
export interface Snapped {
  from: Spot;
  to: Spot;
  /** Places of the drawing that the ends lie on. */
  holds: Spot[];
}

interface Line {
  a: Spot;
  b: Spot;
}

const minus = (a: Spot, b: Spot): Spot => ({ x: a.x - b.x, y: a.y - b.y });
const plus = (a: Spot, b: Spot, times = 1): Spot => ({ x: a.x + times * b.x, y: a.y + times * b.y });
const dot = (a: Spot, b: Spot): number => a.x * b.x + a.y * b.y;
const cross = (a: Spot, b: Spot): number => a.x * b.y - a.y * b.x;
const unit = (v: Spot): Spot => ({ x: v.x / Math.hypot(v.x, v.y), y: v.y / Math.hypot(v.x, v.y) });
const left = (v: Spot): Spot => ({ x: -v.y, y: v.x });

const edgesOf = (ring: readonly Spot[]): Line[] =>
  ring.map((a, index) => ({ a, b: ring[(index + 1) % ring.length] ?? a })).filter((edge) => distance(edge.a, edge.b) > 0.1);

/** A bay's mouth, from its left to its right as seen from the aisle, and the way in. */
function mouth(bay: Drawing['bays'][number]): { line: Line; into: Spot } {
  const into = { x: Math.sin((bay.headingDeg * Math.PI) / 180), y: Math.cos((bay.headingDeg * Math.PI) / 180) };
  const nearest = [...bay.ring].sort((p, q) => dot(p, into) - dot(q, into)).slice(0, 2);
  const [a = { x: 0, y: 0 }, b = a] = nearest;
  return { line: { a, b }, into };
}

/** Lines that mouths of bays lie on: edges of areas and a bay's length inside them; rows going on, back to back, and across an aisle. */
function lines(drawing: Drawing): Line[] {
  const all: Line[] = [];
  for (const area of drawing.areas) {
    for (const edge of edgesOf(area.ring)) {
      const aside = left(unit(minus(edge.b, edge.a)));
      for (const off of [0, BAY_LENGTH_M, -BAY_LENGTH_M]) all.push({ a: plus(edge.a, aside, off), b: plus(edge.b, aside, off) });
    }
  }
  for (const bay of drawing.bays) {
    const { line, into } = mouth(bay);
    if (distance(line.a, line.b) < 0.1) continue;
    const along = unit(minus(line.b, line.a));
    for (const off of [0, 2 * BAY_LENGTH_M, -AISLE_M]) {
      all.push({ a: plus(plus(line.a, into, off), along, -BEYOND_M), b: plus(plus(line.b, into, off), along, BEYOND_M) });
    }
  }
  return all;
}

/** Ends that a row may meet: corners of bays and areas. */
const points = (drawing: Drawing): Spot[] => [...drawing.bays.flatMap((bay) => bay.ring), ...drawing.areas.flatMap((area) => area.ring)];

function nearest(spots: readonly Spot[], at: Spot, reachM: number): Spot | null {
  const near = spots.filter((spot) => distance(spot, at) <= reachM);
  return near.reduce<Spot | null>((best, spot) => (!best || distance(spot, at) < distance(best, at) ? spot : best), null);
}

/** The foot of a place on a line; `null` beyond its ends. */
function foot(line: Line, at: Spot): Spot | null {
  const along = minus(line.b, line.a);
  const share = dot(minus(at, line.a), along) / dot(along, along);
  return share >= 0 && share <= 1 ? plus(line.a, along, share) : null;
}

/** Where two lines cross; `null` for those that hardly do. */
function crossing(one: Line, other: Line): Spot | null {
  const [along, across] = [minus(one.b, one.a), minus(other.b, other.a)];
  const turn = cross(along, across);
  if (Math.abs(turn) < 0.1 * Math.hypot(along.x, along.y) * Math.hypot(across.x, across.y)) return null;
  return plus(one.a, along, cross(minus(other.a, one.a), across) / turn);
}

/** A place of the drawing that is meant by a place near it: an end, else where two lines cross, else on a line. */
function held(drawing: Drawing, at: Spot, reachM: number): Spot | null {
  const near = lines(drawing)
    .flatMap((line) => {
      const on = foot(line, at);
      return on && distance(on, at) <= reachM ? [{ line, on }] : [];
    })
    .sort((a, b) => distance(a.on, at) - distance(b.on, at));
  const crossings = near.slice(1).flatMap(({ line }) => crossing(near[0]?.line ?? line, line) ?? []);
  return nearest(points(drawing), at, reachM) ?? nearest(crossings, at, reachM) ?? near[0]?.on ?? null;
}

/** Directions of edges and rows, and those across them. */
function directions(drawing: Drawing): Spot[] {
  const edges = drawing.areas.flatMap((area) => edgesOf(area.ring));
  const own = [...edges, ...drawing.bays.map((bay) => mouth(bay).line)].filter((line) => distance(line.a, line.b) > 0.1);
  return own.map((line) => unit(minus(line.b, line.a))).flatMap((along) => [along, left(along), plus({ x: 0, y: 0 }, along, -1), plus({ x: 0, y: 0 }, left(along), -1)]);
}

/** The direction of a stroke, or that of the drawing which it nearly has. */
function direction(drawing: Drawing, stroke: Spot): Spot {
  const own = unit(stroke);
  const closest = directions(drawing).reduce((best, one) => (dot(one, own) > dot(best, own) ? one : best), { x: -own.x, y: -own.y });
  return dot(closest, own) >= Math.cos((DIRECTION_DEG * Math.PI) / 180) ? closest : own;
}

/** How far along a stroke it meets an edge of an area, or comes beside a bay of a row, across an aisle at most. */
function stops(drawing: Drawing, from: Spot, along: Spot, reachM: number): number[] {
  const met = drawing.areas.flatMap((area) => edgesOf(area.ring)).flatMap(({ a, b }) => {
    const edge = minus(b, a);
    const across = cross(along, edge);
    if (Math.abs(across) < 1e-6) return [];
    const share = cross(minus(a, from), along) / across;
    return share >= 0 && share <= 1 ? [cross(minus(a, from), edge) / across] : [];
  });
  const beside = drawing.bays.flatMap((bay) => bay.ring).filter((spot) => Math.abs(cross(along, minus(spot, from))) <= AISLE_M + reachM);
  return [...met, ...beside.map((spot) => dot(along, minus(spot, from)))];
}

/** The stroke that is meant by one drawn from here to there; within `reachM` things hold it. */
export function snapped(drawing: Drawing, from: Spot, to: Spot, reachM: number): Snapped {
  const begin = held(drawing, from, reachM);
  const start = begin ?? from;
  const stroke = minus(to, start);
  const holds = begin ? [begin] : [];
  if (Math.hypot(stroke.x, stroke.y) < BAY_WIDTH_M / 2) return { from: start, to, holds };
  const along = direction(drawing, stroke);
  const length = dot(stroke, along);
  const stop = stops(drawing, start, along, reachM).reduce((best, one) => (Math.abs(one - length) < Math.abs(best - length) ? one : best), Infinity);
  if (Math.abs(stop - length) <= reachM) {
    const end = plus(start, along, stop);
    return { from: start, to: end, holds: [...holds, end] };
  }
  return { from: start, to: plus(start, along, Math.max(1, Math.round(length / BAY_WIDTH_M)) * BAY_WIDTH_M), holds };
}
