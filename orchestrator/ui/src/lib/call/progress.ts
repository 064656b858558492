/** What a caller needs to know of an open call, drawn from the record, the notices and the aircraft: who comes, and when. */

import { etaLeftS } from '../countdown';
import type { CallerNotice, DroneView, IncidentView, Mission } from '../types';

export type GuardProgress =
  | { stage: 'searching'; alerted: boolean }
  | { stage: 'coming'; name: string; etaS: number | null }
  | { stage: 'there'; name: string };

export type DroneProgress =
  | { stage: 'none' }
  | { stage: 'coming'; drone: string; etaS: number | null }
  | { stage: 'there'; drone: string };

interface HeardNotice {
  notice: CallerNotice;
  heardAtMs: number;
}

function assignedEtaS(view: IncidentView, notices: readonly HeardNotice[], nowMs: number): number | null {
  const offer = (view.offers ?? []).find((candidate) => candidate.state === 'primary');
  if (offer) return etaLeftS(offer.sent_at_ms, offer.eta_s, nowMs);
  const told = notices.findLast((heard) => heard.notice.notice === 'guard_assigned');
  if (told?.notice.notice === 'guard_assigned') return etaLeftS(told.heardAtMs, told.notice.eta_s, nowMs);
  return null;
}

/** How far the guard is. */
export function guardProgress(view: IncidentView, notices: readonly HeardNotice[], nowMs: number): GuardProgress {
  const incident = view.incident;
  const told = notices.some((heard) => heard.notice.notice === 'guard_assigned');
  const assigned = incident.primary != null || (told && incident.state !== 'offered' && incident.state !== 'located');
  if (!assigned) return { stage: 'searching', alerted: notices.some((heard) => heard.notice.notice === 'still_searching') };
  const guards = view.guards ?? [];
  const name = (guards.find((guard) => guard.id === incident.primary) ?? guards[0])?.name ?? '';
  switch (incident.state) {
    case 'on_scene':
    case 'end_reported':
    case 'awaiting_confirmation':
      return { stage: 'there', name };
    case 'raised':
    case 'cancelled':
    case 'located':
    case 'offered':
    case 'assigned':
    case 'closed':
    case 'escalated':
    case 'reopened':
      return { stage: 'coming', name, etaS: assignedEtaS(view, notices, nowMs) };
  }
}

/** The flight that serves the call now, if any. */
export function servingMission(missions: readonly Mission[] | undefined): Mission | null {
  const flying = (missions ?? []).filter((mission) => !mission.ended && mission.phase != null && !mission.recalled);
  return flying.at(-1) ?? null;
}

/** How far the drone is. */
export function droneProgress(view: IncidentView, drones: readonly DroneView[], nowMs: number): DroneProgress {
  const mission = servingMission(view.missions) ?? servingMission(drones.flatMap((drone) => drone.mission ?? []));
  if (!mission) return { stage: 'none' };
  if (mission.phase === 'on_scene') return { stage: 'there', drone: mission.drone };
  if (mission.phase === 'returning' || mission.phase === 'landed') return { stage: 'none' };
  const startedAtMs = mission.reached_at_ms?.ordered ?? mission.created_at_ms;
  return { stage: 'coming', drone: mission.drone, etaS: etaLeftS(startedAtMs, mission.eta_s, nowMs) };
}
