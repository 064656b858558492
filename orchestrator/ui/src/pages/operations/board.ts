/** What operators and pilots look at, put in order: pure functions over the live tables. */

import { callerPlace, guardDot, isOpen, missionFeatures, trackFeatures, trailFeatures, accuracyFeature, droneStale } from '../../lib/map/scene';
import type { Scene, SceneMarker } from '../../lib/map/scene';
import type { Heard } from '../../lib/live/store';
import type { AlertMessage, DroneView, GuardView, IncidentView, LatLon, Mission, SiteView } from '../../lib/types';

export type Selection = { kind: 'incident'; id: string } | { kind: 'drone'; id: string } | null;

/** A guard unheard for longer is drawn as old. */
const GUARD_STALE_MS = 60_000;

/** Open ones first, those that need somebody before all others, then the newest. */
export function orderIncidents(views: readonly IncidentView[]): IncidentView[] {
  const rank = (view: IncidentView): number => (!isOpen(view) ? 2 : view.incident.duress || view.incident.escalated ? 0 : 1);
  return [...views].sort((a, b) => rank(a) - rank(b) || b.incident.raised_at_ms - a.incident.raised_at_ms);
}

export interface Approval {
  mission: Mission;
  view: IncidentView;
  decideByMs: number;
}

/** Launches that wait for a decision, most pressing first. */
export function approvals(views: readonly IncidentView[]): Approval[] {
  const waiting = views.flatMap((view) =>
    view.missions.flatMap((mission) =>
      mission.authority?.authority === 'waiting' && !mission.ended ? [{ mission, view, decideByMs: mission.authority.decide_by_ms }] : [],
    ),
  );
  return waiting.sort((a, b) => a.decideByMs - b.decideByMs);
}

/** What nobody deals with yet. */
export interface OpenAlert {
  /** As it was said last. */
  latest: AlertMessage;
  /** Each time that it was said. */
  ids: string[];
  /** Whom it is about: the caller of its incident, where known. */
  caller: string | null;
}

/** The same alert about the same incident and the same aircraft, guard or lot; figures in it may have changed. */
function matterOf({ incident, alert }: AlertMessage): string {
  const about = ['drone', 'guard', 'mission', 'lot'].map((name) => (alert as unknown as Record<string, unknown>)[name] ?? null);
  return JSON.stringify([incident ?? null, alert.alert, ...about]);
}

/**
 * Alerts that nobody deals with yet: those of open, escalated incidents, and those without an incident. One that is said again stands once,
 * so that it buries no other. Duress first, then the newest.
 */
export function openAlerts(
  alerts: readonly AlertMessage[],
  views: ReadonlyMap<string, { value: IncidentView }>,
  handled: ReadonlySet<string>,
): OpenAlert[] {
  const stands = (alert: AlertMessage): boolean => {
    if (handled.has(alert.id)) return false;
    if (!alert.incident) return true;
    const view = views.get(alert.incident)?.value;
    return !view || (isOpen(view) && view.incident.escalated !== false);
  };
  const matters = new Map<string, OpenAlert>();
  for (const alert of alerts.filter(stands).sort((a, b) => b.at_ms - a.at_ms)) {
    const matter = matterOf(alert);
    const known = matters.get(matter);
    if (known) known.ids.push(alert.id);
    else matters.set(matter, { latest: alert, ids: [alert.id], caller: views.get(alert.incident ?? '')?.value.caller?.name ?? null });
  }
  const rank = (open: OpenAlert): number => (open.latest.alert.alert === 'duress' ? 0 : 1);
  return [...matters.values()].sort((a, b) => rank(a) - rank(b));
}

/** Aircraft in the order of who looks: those in the air first, then by name. */
export function orderDrones(drones: readonly DroneView[]): DroneView[] {
  const rank = (drone: DroneView): number => (drone.mission && !drone.mission.ended ? 0 : drone.status.landed === false ? 0 : 1);
  return [...drones].sort((a, b) => rank(a) - rank(b) || a.status.drone.localeCompare(b.status.drone, undefined, { numeric: true }));
}

interface BoardInput {
  incidents: readonly IncidentView[];
  drones: readonly DroneView[];
  guards: readonly Heard<GuardView>[];
  site: SiteView | null;
  selection: Selection;
  live: boolean;
  nowMs: number;
  labels: { caller: string };
}

function incidentMarkers(input: BoardInput): SceneMarker[] {
  return input.incidents.filter(isOpen).flatMap((view) => {
    const place = callerPlace(view);
    if (!place) return [];
    const selected = input.selection?.kind === 'incident' && input.selection.id === view.incident.id;
    const label = view.caller?.name ?? input.labels.caller;
    return [{ id: `incident-${view.incident.id}`, kind: 'caller' as const, at: place.point, label, urgent: input.live, stale: !input.live, selected, showLabel: true }];
  });
}

function droneMarkers(input: BoardInput): SceneMarker[] {
  return input.drones.flatMap((drone) => {
    const at = drone.status.position;
    if (!at) return [];
    const id = drone.status.drone;
    const selected = input.selection?.kind === 'drone' && input.selection.id === id;
    const flying = drone.status.landed === false;
    return [{ id: `drone-${id}`, kind: 'drone' as const, at, label: id, headingDeg: drone.status.heading_deg, light: drone.light, stale: droneStale(drone, input.live), selected, showLabel: flying, idle: !flying }];
  });
}

function guardMarkers(input: BoardInput): SceneMarker[] {
  return input.guards.flatMap(({ value: guard }) => {
    if (!guard.position || !guard.incident) return [];
    return [{ id: `guard-${guard.id}`, kind: 'guard' as const, at: guard.position, label: guard.name || guard.id, stale: !input.live, showLabel: true }];
  });
}

function stationMarkers(site: SiteView | null): SceneMarker[] {
  return (site?.stations ?? []).map((station) => ({ id: `station-${station.id}`, kind: 'station' as const, at: station.position, label: station.name, showLabel: true }));
}

/** Everything on the map of the operators. */
export function boardScene(input: BoardInput): Scene {
  const open = input.incidents.filter(isOpen);
  const flown = open.flatMap((view) => view.missions);
  const flying = input.drones.flatMap((drone) => (drone.mission ? [drone.mission] : []));
  const missions = new Map([...flown, ...flying].map((mission) => [mission.id, mission]));
  const freeGuards = input.guards.filter(({ value }) => value.on_duty && !value.incident);
  const guardIsStale = (guard: GuardView): boolean => !input.live || input.nowMs - (guard.position_at_ms ?? 0) > GUARD_STALE_MS;
  return {
    markers: [...stationMarkers(input.site), ...guardMarkers(input), ...incidentMarkers(input), ...droneMarkers(input)],
    features: [
      ...open.flatMap((view) => {
        const place = callerPlace(view);
        return [...(place ? accuracyFeature(place.point, place.accuracyM) : []), ...trackFeatures(view)];
      }),
      ...[...missions.values()].flatMap(missionFeatures),
      ...input.drones.flatMap(trailFeatures),
      ...freeGuards.flatMap(({ value }) => guardDot(value, guardIsStale(value))),
    ],
  };
}

/** The points that one selection is about. */
export function pointsOf(selection: Selection, incidents: readonly IncidentView[], drones: readonly DroneView[], guards: readonly Heard<GuardView>[]): LatLon[] {
  if (selection?.kind === 'drone') {
    const drone = drones.find((known) => known.status.drone === selection.id);
    return drone?.status.position ? [drone.status.position, ...(drone.mission && !drone.mission.ended ? (drone.mission.plan?.outbound ?? []) : [])] : [];
  }
  if (selection?.kind !== 'incident') return [];
  const view = incidents.find((known) => known.incident.id === selection.id);
  if (!view) return [];
  const place = callerPlace(view);
  const going = guards.filter(({ value }) => value.incident === selection.id && value.position).map(({ value }) => value.position as LatLon);
  const flying = drones.filter((drone) => view.missions.some((mission) => !mission.ended && mission.drone === drone.status.drone));
  return [...(place ? [place.point] : []), ...going, ...flying.flatMap((drone) => (drone.status.position ? [drone.status.position] : []))];
}
