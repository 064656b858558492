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

/** The flights that serve the call now, oldest first. */
export function servingMissions(missions: readonly Mission[] | undefined): Mission[] {
  return (missions ?? []).filter((mission) => !mission.ended && mission.phase != null && !mission.recalled);
}

/**
 * The flight whose picture and light matter: the one that was asked for; else the newest that is with the caller, so that a relief takes
 * over when it is there and not when it is ordered; else the newest on its way. One to a second place comes last.
 */
export function servingMission(missions: readonly Mission[] | undefined, asked: string | null = null): Mission | null {
  const flying = servingMissions(missions);
  const first = flying.filter((mission) => !mission.second_place);
  return (
    flying.findLast((mission) => mission.drone === asked) ??
    first.findLast((mission) => mission.phase === 'on_scene') ??
    first.at(-1) ??
    flying.at(-1) ??
    null
  );
}

/** How far the drone is; `asked` is the one that somebody wants to see where there are several. */
export function droneProgress(view: IncidentView, drones: readonly DroneView[], nowMs: number, asked: string | null = null): DroneProgress {
  const mission = servingMission(view.missions, asked) ?? servingMission(drones.flatMap((drone) => drone.mission ?? []), asked);
  if (!mission) return { stage: 'none' };
  if (mission.phase === 'on_scene') return { stage: 'there', drone: mission.drone };
  if (mission.phase === 'returning' || mission.phase === 'landed') return { stage: 'none' };
  const startedAtMs = mission.reached_at_ms?.ordered ?? mission.created_at_ms;
  return { stage: 'coming', drone: mission.drone, etaS: etaLeftS(startedAtMs, mission.eta_s, nowMs) };
}
