/** What is to be seen on a map, as plain data: pages describe it, the map view draws it. */

import { circle } from '../geo';
import type { DroneView, GuardView, IncidentView, LatLon, LightState, Mission } from '../types';

export type MarkerKind = 'caller' | 'guard' | 'drone' | 'station' | 'self';

export interface SceneMarker {
  id: string;
  kind: MarkerKind;
  at: LatLon;
  label: string;
  /** Degrees clockwise from north, for aircraft. */
  headingDeg?: number | null;
  light?: LightState;
  /** Old data: drawn faded, never as live. */
  stale?: boolean;
  selected?: boolean;
  /** Whether the label is written next to the marker. */
  showLabel?: boolean;
  urgent?: boolean;
  /** On the ground and free: drawn small. */
  idle?: boolean;
}

export interface Scene {
  markers: SceneMarker[];
  features: GeoJSON.Feature[];
}

const line = (kind: string, points: readonly LatLon[]): GeoJSON.Feature => ({
  type: 'Feature',
  properties: { kind },
  geometry: { type: 'LineString', coordinates: points.map((p) => [p.lon, p.lat]) },
});

/** Circles smaller than this say nothing on a map of a town. */
const ACCURACY_SHOWN_MIN_M = 15;

export function accuracyFeature(at: LatLon, accuracyM: number): GeoJSON.Feature[] {
  if (accuracyM < ACCURACY_SHOWN_MIN_M) return [];
  return [{ type: 'Feature', properties: { kind: 'accuracy' }, geometry: { type: 'Polygon', coordinates: [circle(at, accuracyM)] } }];
}

/** Where the caller is now: the latest fix, else the best place. */
export function callerPlace(view: IncidentView): { point: LatLon; accuracyM: number; atMs: number } | null {
  const fix = view.incident.track?.at(-1);
  if (fix) return { point: fix.point, accuracyM: fix.accuracy_m, atMs: fix.at_ms };
  const place = view.incident.places[0];
  return place ? { point: place.point, accuracyM: place.accuracy_m, atMs: place.at_ms } : null;
}

export function isOpen(view: IncidentView): boolean {
  return view.incident.state !== 'closed' && view.incident.state !== 'cancelled';
}

/** The planned way out and back of a flight that is not over. */
export function missionFeatures(mission: Mission): GeoJSON.Feature[] {
  const plan = mission.plan;
  if (mission.ended || !plan) return [];
  const scene = plan.outbound.at(-1) ?? plan.home;
  return [line('outbound', [plan.home, ...plan.outbound]), line('homeward', [scene, ...plan.homeward])];
}

export function trailFeatures(drone: DroneView): GeoJSON.Feature[] {
  const trail = drone.trail ?? [];
  const at = drone.status.position;
  const points = at ? [...trail, at] : trail;
  return points.length > 1 ? [line('trail', points)] : [];
}

export function trackFeatures(view: IncidentView): GeoJSON.Feature[] {
  const track = view.incident.track ?? [];
  return track.length > 1 ? [line('track', track.map((fix) => fix.point))] : [];
}

export function wayFeature(from: LatLon, to: LatLon): GeoJSON.Feature {
  return line('guard_way', [from, to]);
}

/** Guards without an incident are many: they are dots of one layer, not markers. */
export function guardDot(guard: GuardView, stale: boolean): GeoJSON.Feature[] {
  if (!guard.position) return [];
  return [
    {
      type: 'Feature',
      properties: { kind: 'guard', id: guard.id, stale },
      geometry: { type: 'Point', coordinates: [guard.position.lon, guard.position.lat] },
    },
  ];
}

/** An aircraft is stale when it or we lost the link: its last place is shown, but not as live. */
export function droneStale(drone: DroneView, live: boolean): boolean {
  return !live || drone.status.link?.connected === false;
}
