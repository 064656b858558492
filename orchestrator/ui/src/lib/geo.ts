/** Distances on the map. */

import type { LatLon } from './types';

const EARTH_RADIUS_M = 6_371_008.8;
const RADIANS = Math.PI / 180;

/** Great-circle distance, metres. */
export function distanceM(a: LatLon, b: LatLon): number {
  const halfLat = ((b.lat - a.lat) * RADIANS) / 2;
  const halfLon = ((b.lon - a.lon) * RADIANS) / 2;
  const h = Math.sin(halfLat) ** 2 + Math.cos(a.lat * RADIANS) * Math.cos(b.lat * RADIANS) * Math.sin(halfLon) ** 2;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** `[west, south, east, north]` round all points; `null` for none. */
export function bounds(points: readonly LatLon[]): [number, number, number, number] | null {
  if (points.length === 0) return null;
  const lats = points.map((p) => p.lat);
  const lons = points.map((p) => p.lon);
  return [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)];
}

/** A circle of a radius as a polygon ring, for accuracies. */
export function circle(centre: LatLon, radiusM: number, corners = 48): [number, number][] {
  const dLat = radiusM / (EARTH_RADIUS_M * RADIANS);
  const dLon = dLat / Math.max(Math.cos(centre.lat * RADIANS), 1e-6);
  return Array.from({ length: corners + 1 }, (_, i) => {
    const angle = (2 * Math.PI * i) / corners;
    return [centre.lon + dLon * Math.sin(angle), centre.lat + dLat * Math.cos(angle)];
  });
}
