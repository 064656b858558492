/** Names on the map, written as HTML because our own style carries no glyphs; few of them, so that the map stays calm. */

import type { LatLon } from '../types';

export interface SiteLabel {
  at: LatLon;
  text: string;
  kind: 'place' | 'lot' | 'no_fly' | 'rally_point';
}

/** More names than this crowd a phone's map. */
export const LABELS_MAX = 16;

function middle(ring: readonly GeoJSON.Position[]): LatLon | null {
  const lons = ring.map((position) => position[0] ?? Number.NaN);
  const lats = ring.map((position) => position[1] ?? Number.NaN);
  if (ring.length === 0) return null;
  return { lat: (Math.min(...lats) + Math.max(...lats)) / 2, lon: (Math.min(...lons) + Math.max(...lons)) / 2 };
}

function placeOf(geometry: GeoJSON.Geometry): LatLon | null {
  if (geometry.type === 'Point') return { lat: geometry.coordinates[1] ?? Number.NaN, lon: geometry.coordinates[0] ?? Number.NaN };
  if (geometry.type === 'Polygon') return middle(geometry.coordinates[0] ?? []);
  return null;
}

/** No-fly zones first, then rally points, lots and named places, until the map is full. */
export function siteLabels(site: GeoJSON.FeatureCollection): SiteLabel[] {
  const kinds: readonly SiteLabel['kind'][] = ['no_fly', 'rally_point', 'lot', 'place'];
  const labels = kinds.flatMap((kind) =>
    site.features.flatMap((feature) => {
      if (feature.properties?.['kind'] !== kind) return [];
      const text: unknown = feature.properties['label'] ?? feature.properties['name'];
      const at = placeOf(feature.geometry);
      return typeof text === 'string' && text !== '' && at ? [{ at, text, kind }] : [];
    }),
  );
  return labels.slice(0, LABELS_MAX);
}
