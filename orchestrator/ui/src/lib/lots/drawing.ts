/** A parking lot as somebody draws it: plain data in metres, and the changes that can be made to it. Each change makes a new drawing. */

import type { LatLon } from '../types';

/** Metres east and north of the lot's first corner. */
export interface Spot {
  x: number;
  y: number;
}

export interface Area {
  id: string;
  name: string;
  ring: Spot[];
}

export interface Bay {
  id: string;
  area: string;
  ring: Spot[];
  /** From the aisle into the bay, degrees clockwise from north. */
  headingDeg: number;
}

export interface Beacon {
  id: string;
  area: string;
  at: Spot;
  heightM: number;
  headingDeg: number;
  tiltDeg: number;
  moduleMm: number;
  key?: number;
  state: 'planned' | 'mounted' | 'withdrawn';
}

export interface Drawing {
  id: string;
  name: string;
  origin: LatLon;
  ring: Spot[];
  holes: Spot[][];
  areas: Area[];
  bays: Bay[];
  beacons: Beacon[];
}

/** Korea's general bay at a right angle to its aisle (Enforcement Rule of the Parking Lot Act, article 3). */
export const BAY_WIDTH_M = 2.5;
export const BAY_LENGTH_M = 5;
/** More bays in one stroke are a slip of the finger. */
export const ROW_MAX = 100;
/** What a sheet for 15 m and 1920 pixels over 70 degrees has. */
const MODULE_MM = 33;

/** WGS 84 (the same plane as the server's). */
const A_M = 6_378_137;
const E2 = 6.69437999014e-3;
const RADIANS = Math.PI / 180;

function metresPerDegree(origin: LatLon): { lat: number; lon: number } {
  const sin = Math.sin(origin.lat * RADIANS);
  const w = Math.sqrt(1 - E2 * sin * sin);
  return { lat: ((A_M * (1 - E2)) / w ** 3) * RADIANS, lon: (A_M / w) * Math.max(Math.cos(origin.lat * RADIANS), 1e-9) * RADIANS };
}

export function toSpot(origin: LatLon, [lon, lat]: readonly number[]): Spot {
  const scale = metresPerDegree(origin);
  return { x: ((lon ?? 0) - origin.lon) * scale.lon, y: ((lat ?? 0) - origin.lat) * scale.lat };
}

export function toPlace(origin: LatLon, spot: Spot): [number, number] {
  const scale = metresPerDegree(origin);
  const kept = (degrees: number): number => Math.round(degrees * 1e7) / 1e7;
  return [kept(origin.lon + spot.x / scale.lon), kept(origin.lat + spot.y / scale.lat)];
}

type Layout = GeoJSON.FeatureCollection;
type Properties = Record<string, unknown>;

/** Reads what the server keeps (docs/sites.md tells the properties). */
export function read(layout: Layout): Drawing {
  const kindIs = (kind: string) => layout.features.filter((feature) => feature.properties?.['kind'] === kind);
  const lot = kindIs('lot')[0];
  const outline = lot && lot.geometry.type === 'Polygon' ? lot.geometry.coordinates : [];
  const first = outline[0]?.[0];
  if (!lot || !first) throw new Error('a layout without a lot');
  const origin = { lon: first[0] ?? 0, lat: first[1] ?? 0 };
  const ring = (positions: readonly number[][]): Spot[] => positions.slice(0, -1).map((position) => toSpot(origin, position));
  const ringOf = (feature: GeoJSON.Feature): Spot[] => (feature.geometry.type === 'Polygon' ? ring(feature.geometry.coordinates[0] ?? []) : []);
  const said = (feature: GeoJSON.Feature): Properties => feature.properties ?? {};
  return {
    id: String(lot.id),
    name: String(said(lot)['name']),
    origin,
    ring: ring(outline[0] ?? []),
    holes: outline.slice(1).map(ring),
    areas: kindIs('area').map((feature) => ({ id: String(feature.id), name: String(said(feature)['name']), ring: ringOf(feature) })),
    bays: kindIs('bay').map((feature) => ({
      id: String(feature.id),
      area: String(said(feature)['area']),
      ring: ringOf(feature),
      headingDeg: Number(said(feature)['heading_deg']),
    })),
    beacons: kindIs('beacon').map((feature) => readBeacon(origin, feature)),
  };
}

function readBeacon(origin: LatLon, feature: GeoJSON.Feature): Beacon {
  const said: Properties = feature.properties ?? {};
  const key = said['key'];
  return {
    id: String(feature.id),
    area: String(said['area']),
    at: toSpot(origin, feature.geometry.type === 'Point' ? feature.geometry.coordinates : []),
    heightM: Number(said['height_m']),
    headingDeg: Number(said['heading_deg']),
    tiltDeg: Number(said['tilt_deg']),
    moduleMm: Number(said['module_mm']),
    ...(typeof key === 'number' ? { key } : {}),
    state: said['state'] as Beacon['state'],
  };
}

/** Writes what the server takes. */
export function write(drawing: Drawing): Layout {
  const place = (spot: Spot) => toPlace(drawing.origin, spot);
  const closed = (ring: readonly Spot[]) => [...ring, ...ring.slice(0, 1)].map(place);
  const feature = (id: string, geometry: GeoJSON.Geometry, properties: Properties): GeoJSON.Feature => ({ type: 'Feature', id, geometry, properties });
  const polygon = (...rings: Spot[][]): GeoJSON.Geometry => ({ type: 'Polygon', coordinates: rings.map(closed) });
  return {
    type: 'FeatureCollection',
    features: [
      feature(drawing.id, polygon(drawing.ring, ...drawing.holes), { kind: 'lot', name: drawing.name }),
      ...drawing.areas.map((area) => feature(area.id, polygon(area.ring), { kind: 'area', lot: drawing.id, name: area.name })),
      ...drawing.bays.map((bay) => feature(bay.id, polygon(bay.ring), { kind: 'bay', area: bay.area, heading_deg: bay.headingDeg })),
      ...drawing.beacons.map((beacon) =>
        feature(beacon.id, { type: 'Point', coordinates: place(beacon.at) }, {
          kind: 'beacon',
          area: beacon.area,
          height_m: beacon.heightM,
          heading_deg: beacon.headingDeg,
          tilt_deg: beacon.tiltDeg,
          module_mm: beacon.moduleMm,
          ...(beacon.key === undefined ? {} : { key: beacon.key }),
          state: beacon.state,
        }),
      ),
    ],
  };
}

export const distance = (a: Spot, b: Spot): number => Math.hypot(a.x - b.x, a.y - b.y);

/** The middle of a ring's corners. */
export function middle(ring: readonly Spot[]): Spot {
  const sum = ring.reduce((total, corner) => ({ x: total.x + corner.x, y: total.y + corner.y }), { x: 0, y: 0 });
  return { x: sum.x / Math.max(ring.length, 1), y: sum.y / Math.max(ring.length, 1) };
}

/** Even-odd rule. */
export function contains(ring: readonly Spot[], at: Spot): boolean {
  return ring.filter((a, index) => {
    const b = ring[(index + 1) % ring.length] ?? a;
    return a.y > at.y !== b.y > at.y && at.x < a.x + ((at.y - a.y) / (b.y - a.y)) * (b.x - a.x);
  }).length % 2 === 1;
}

const heading = (dx: number, dy: number): number => Math.round(((Math.atan2(dx, dy) / RADIANS + 360) % 360) * 10) / 10 % 360;

/** The area that a place is in; the last drawn wins. */
export const areaAt = (drawing: Drawing, at: Spot): Area | undefined => drawing.areas.findLast((area) => contains(area.ring, at));

/** Every id of the drawing. */
const ids = (drawing: Drawing): Set<string> =>
  new Set([drawing.id, ...drawing.areas.map((area) => area.id), ...drawing.bays.map((bay) => bay.id), ...drawing.beacons.map((beacon) => beacon.id)]);

function freshBayIds(drawing: Drawing, area: string, count: number): string[] {
  const taken = ids(drawing);
  const fresh: string[] = [];
  for (let number = 1; fresh.length < count; number += 1) {
    const id = `${area}-${String(number).padStart(2, '0')}`;
    if (!taken.has(id)) fresh.push(id);
  }
  return fresh;
}

/** How many bays a stroke of this length holds. */
export const baysAlong = (from: Spot, to: Spot): number => Math.min(ROW_MAX, Math.floor((distance(from, to) + 0.05) / BAY_WIDTH_M));

/** Corners of a row of bays whose mouths lie on the stroke; they lie left of it, or right. */
export function rowRings(from: Spot, to: Spot, count: number, right: boolean): Spot[][] {
  const length = distance(from, to);
  if (length === 0 || count < 1) return [];
  const along = { x: (to.x - from.x) / length, y: (to.y - from.y) / length };
  const side = right ? 1 : -1;
  const into = { x: along.y * side, y: -along.x * side };
  const width = Math.max(length / count, BAY_WIDTH_M);
  const at = (step: number, depth: number): Spot => ({
    x: from.x + along.x * step * width + into.x * depth,
    y: from.y + along.y * step * width + into.y * depth,
  });
  return Array.from({ length: count }, (_, step) => [at(step, 0), at(step + 1, 0), at(step + 1, BAY_LENGTH_M), at(step, BAY_LENGTH_M)]);
}

/** A row of bays from here to there, in the area that its middle bay is in; `null` outside every area. */
export function addRow(drawing: Drawing, from: Spot, to: Spot, count: number, right: boolean): Drawing | null {
  const rings = rowRings(from, to, count, right);
  const area = areaAt(drawing, middle(rings[Math.floor(rings.length / 2)] ?? []));
  if (!area || rings.length === 0) return null;
  const side = right ? 1 : -1;
  const headingDeg = heading((to.y - from.y) * side, -(to.x - from.x) * side);
  const fresh = freshBayIds(drawing, area.id, rings.length);
  const added = rings.map((ring, index) => ({ id: fresh[index] ?? '', area: area.id, ring, headingDeg }));
  return { ...drawing, bays: [...drawing.bays, ...added] };
}

/** A rectangle from corner to corner, along the lot's longest side. */
export function areaRing(drawing: Drawing, from: Spot, to: Spot): Spot[] {
  const longest = drawing.ring.reduce(
    (best, a, index) => {
      const b = drawing.ring[(index + 1) % drawing.ring.length] ?? a;
      return distance(a, b) > best.length ? { length: distance(a, b), rad: Math.atan2(b.y - a.y, b.x - a.x) } : best;
    },
    { length: 0, rad: 0 },
  );
  const along = { x: Math.cos(longest.rad), y: Math.sin(longest.rad) };
  const reach = (to.x - from.x) * along.x + (to.y - from.y) * along.y;
  const aside = -(to.x - from.x) * along.y + (to.y - from.y) * along.x;
  const at = (u: number, v: number): Spot => ({ x: from.x + u * along.x - v * along.y, y: from.y + u * along.y + v * along.x });
  return [at(0, 0), at(reach, 0), at(reach, aside), at(0, aside)];
}

export function addArea(drawing: Drawing, from: Spot, to: Spot, id: string): Drawing {
  return { ...drawing, areas: [...drawing.areas, { id, name: id, ring: areaRing(drawing, from, to) }] };
}

/** What is no ground of the lot: a building, a bed of trees. */
export function addHole(drawing: Drawing, from: Spot, to: Spot): Drawing {
  return { ...drawing, holes: [...drawing.holes, areaRing(drawing, from, to)] };
}

/** A name for the next area: the lot's own pattern continued. */
export function nextAreaId(drawing: Drawing): string {
  const taken = ids(drawing);
  const last = drawing.areas.at(-1)?.id.match(/^(.*?)(\d+)$/);
  const stem = last?.[1] ?? `${drawing.id.replaceAll('.', '-').slice(0, 24)}-`;
  for (let number = Number(last?.[2] ?? 0) + 1; ; number += 1) if (!taken.has(`${stem}${number}`)) return `${stem}${number}`;
}

/** A planned beacon; `null` outside every area. */
export function addBeacon(drawing: Drawing, at: Spot): Drawing | null {
  const area = areaAt(drawing, at);
  if (!area) return null;
  const taken = ids(drawing);
  let id = `${area.id}-beacon`;
  for (let number = 2; taken.has(id); number += 1) id = `${area.id}-beacon-${number}`;
  const beacon: Beacon = { id, area: area.id, at, heightM: 0.9, headingDeg: 0, tiltDeg: 15, moduleMm: MODULE_MM, state: 'planned' };
  return { ...drawing, beacons: [...drawing.beacons, beacon] };
}

/** What can be pointed at. */
export interface Pick {
  kind: 'bay' | 'area' | 'beacon' | 'hole' | 'lot';
  /** A hole has no name: it is called by its place in the drawing. */
  ids: string[];
}

const shifted = (ring: readonly Spot[], by: Spot): Spot[] => ring.map((corner) => ({ x: corner.x + by.x, y: corner.y + by.y }));

/** Moves what is picked, whole. A lot is not moved whole: nobody ever wants that. */
export function move(drawing: Drawing, pick: Pick, by: Spot): Drawing {
  const is = (id: string): boolean => pick.ids.includes(id);
  switch (pick.kind) {
    case 'bay':
      return { ...drawing, bays: drawing.bays.map((bay) => (is(bay.id) ? { ...bay, ring: shifted(bay.ring, by) } : bay)) };
    case 'area':
      return { ...drawing, areas: drawing.areas.map((area) => (is(area.id) ? { ...area, ring: shifted(area.ring, by) } : area)) };
    case 'beacon':
      return { ...drawing, beacons: drawing.beacons.map((beacon) => (is(beacon.id) ? { ...beacon, at: shifted([beacon.at], by)[0] ?? beacon.at } : beacon)) };
    case 'hole':
      return { ...drawing, holes: drawing.holes.map((hole, index) => (is(String(index)) ? shifted(hole, by) : hole)) };
    case 'lot':
      return drawing;
  }
}

/** Changes the outline of the one thing that is picked. */
export function reshape(drawing: Drawing, pick: Pick, change: (ring: Spot[]) => Spot[]): Drawing {
  const is = (id: string): boolean => id === pick.ids[0];
  switch (pick.kind) {
    case 'bay':
      return { ...drawing, bays: drawing.bays.map((bay) => (is(bay.id) ? { ...bay, ring: change(bay.ring) } : bay)) };
    case 'area':
      return { ...drawing, areas: drawing.areas.map((area) => (is(area.id) ? { ...area, ring: change(area.ring) } : area)) };
    case 'hole':
      return { ...drawing, holes: drawing.holes.map((hole, index) => (is(String(index)) ? change(hole) : hole)) };
    case 'lot':
      return { ...drawing, ring: change(drawing.ring) };
    case 'beacon':
      return drawing;
  }
}

export const moveCorner = (at: number, to: Spot) => (ring: Spot[]): Spot[] => ring.map((corner, index) => (index === at ? to : corner));
/** The last three corners stay: two are no ground. */
export const dropCorner = (at: number) => (ring: Spot[]): Spot[] => (ring.length > 3 ? ring.filter((_, index) => index !== at) : ring);
export const addCorner = (after: number, at: Spot) => (ring: Spot[]): Spot[] => [...ring.slice(0, after + 1), at, ...ring.slice(after + 1)];

/** The outline of the one thing that is picked. */
export function ringOf(drawing: Drawing, pick: Pick): Spot[] {
  if (pick.ids.length !== 1) return [];
  switch (pick.kind) {
    case 'bay':
      return drawing.bays.find((bay) => bay.id === pick.ids[0])?.ring ?? [];
    case 'area':
      return drawing.areas.find((area) => area.id === pick.ids[0])?.ring ?? [];
    case 'hole':
      return drawing.holes[Number(pick.ids[0])] ?? [];
    case 'lot':
      return drawing.ring;
    case 'beacon':
      return [];
  }
}

/** Takes away what is picked; an area goes with its bays and beacons. */
export function remove(drawing: Drawing, pick: Pick): Drawing {
  const stays = (id: string): boolean => !pick.ids.includes(id);
  switch (pick.kind) {
    case 'bay':
      return { ...drawing, bays: drawing.bays.filter((bay) => stays(bay.id)) };
    case 'beacon':
      return { ...drawing, beacons: drawing.beacons.filter((beacon) => stays(beacon.id)) };
    case 'area':
      return {
        ...drawing,
        areas: drawing.areas.filter((area) => stays(area.id)),
        bays: drawing.bays.filter((bay) => stays(bay.area)),
        beacons: drawing.beacons.filter((beacon) => stays(beacon.area)),
      };
    case 'hole':
      return { ...drawing, holes: drawing.holes.filter((_, index) => stays(String(index))) };
    case 'lot':
      return drawing;
  }
}

/** The bays beside one: of its area, turned as it is, side by side. */
export function rowOf(drawing: Drawing, id: string): string[] {
  const start = drawing.bays.find((bay) => bay.id === id);
  if (!start) return [];
  const alike = drawing.bays.filter((bay) => bay.area === start.area && Math.abs(((bay.headingDeg - start.headingDeg + 540) % 360) - 180) < 2);
  const found = new Map([[start.id, start]]);
  for (let grown = true; grown; ) {
    const next = alike.filter((bay) => !found.has(bay.id) && [...found.values()].some((one) => touches(one, bay, start.headingDeg)));
    next.forEach((bay) => found.set(bay.id, bay));
    grown = next.length > 0;
  }
  return [...found.keys()];
}

/** Beside each other across the heading: no further than a bay and a half, and hardly before or behind. */
function touches(a: Bay, b: Bay, headingDeg: number): boolean {
  const [p, q] = [middle(a.ring), middle(b.ring)];
  const [sin, cos] = [Math.sin(headingDeg * RADIANS), Math.cos(headingDeg * RADIANS)];
  const ahead = (q.x - p.x) * sin + (q.y - p.y) * cos;
  const aside = (q.x - p.x) * cos - (q.y - p.y) * sin;
  return Math.abs(ahead) < 1 && Math.abs(aside) < BAY_WIDTH_M * 1.5;
}

/** Turns what is picked round its middle, degrees clockwise. */
export function turn(drawing: Drawing, pick: Pick, deg: number): Drawing {
  const is = (id: string): boolean => pick.ids.includes(id);
  const turned = (headingDeg: number): number => Math.round(((headingDeg + deg + 360) % 360) * 10) / 10;
  if (pick.kind === 'beacon') {
    return { ...drawing, beacons: drawing.beacons.map((beacon) => (is(beacon.id) ? { ...beacon, headingDeg: turned(beacon.headingDeg) } : beacon)) };
  }
  if (pick.kind !== 'bay') return drawing;
  const pivot = middle(drawing.bays.filter((bay) => is(bay.id)).flatMap((bay) => bay.ring));
  const [sin, cos] = [Math.sin(deg * RADIANS), Math.cos(deg * RADIANS)];
  const around = ({ x, y }: Spot): Spot => ({
    x: pivot.x + (x - pivot.x) * cos + (y - pivot.y) * sin,
    y: pivot.y - (x - pivot.x) * sin + (y - pivot.y) * cos,
  });
  return {
    ...drawing,
    bays: drawing.bays.map((bay) => (is(bay.id) ? { ...bay, ring: bay.ring.map(around), headingDeg: turned(bay.headingDeg) } : bay)),
  };
}

/** What was drawn, step by step. Drawings are never changed in place, so a step is a reference. */
export class Steps {
  #done: Drawing[];
  #undone: Drawing[] = [];
  /** Steps further back than this are forgotten; the server keeps versions. */
  static readonly KEPT = 200;

  constructor(start: Drawing) {
    this.#done = [start];
  }

  get now(): Drawing {
    return this.#done[this.#done.length - 1] as Drawing;
  }

  get canUndo(): boolean {
    return this.#done.length > 1;
  }

  get canRedo(): boolean {
    return this.#undone.length > 0;
  }

  add(next: Drawing): void {
    if (next === this.now) return;
    this.#done = [...this.#done, next].slice(-Steps.KEPT);
    this.#undone = [];
  }

  undo(): void {
    if (this.canUndo) this.#undone.push(this.#done.pop() as Drawing);
  }

  redo(): void {
    const next = this.#undone.pop();
    if (next) this.#done.push(next);
  }
}
