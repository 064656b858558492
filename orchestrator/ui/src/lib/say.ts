/** What the server's words mean, in the reader's language. Exhaustive over the server's enums: a new variant fails the type check. */

import { eta, metresPerSecond, percent, shortId } from './format';
import type { Messages } from './i18n/en';
import type { Actor, Authority, Cause, FlightFailure, OperatorAlert, RejectionReason, TimelineItem } from './types';

/** That an aircraft's own checks fail, and which, in its own words. */
const checks = (fail: string, said: string | null | undefined): string => (said ? `${fail}: “${said}”` : fail);

/** How autopilots begin a text about a check that keeps them from arming: ArduPilot's, PX4's. */
const CHECK_TEXT = /^(PreArm|Preflight Fail)/;

/** Why an aircraft is not ready, as far as it said so itself. */
export function notReady(m: Messages, warnings: readonly string[]): string {
  return checks(m.operations.unhealthy, warnings.findLast((text) => CHECK_TEXT.test(text)));
}

export function rejection(m: Messages, reason: RejectionReason): string {
  switch (reason.why) {
    case 'not_connected':
    case 'no_gps':
    case 'no_light':
    case 'pilot_in_control':
    case 'tried_before':
    case 'energy_unknown':
      return m.rejection[reason.why];
    case 'unhealthy':
      return checks(m.rejection.unhealthy, reason.said);
    case 'link_poor':
      return m.rejection.link_poor(percent(reason.loss_pct));
    case 'escorting':
      return m.rejection.escorting(shortId(reason.incident));
    case 'not_ready':
      return m.rejection.not_ready(cause(m, reason.doing));
    case 'energy':
      return m.rejection.energy(percent(reason.needed_pct), percent(reason.available_pct));
    case 'wind':
      return m.rejection.wind(metresPerSecond(reason.wind_m_s), metresPerSecond(reason.limit_m_s));
    case 'no_route':
      return m.rejection.no_route(cause(m, reason.reason));
    case 'slower':
      return m.rejection.slower(eta(m, reason.eta_s));
  }
}

export function failure(m: Messages, why: FlightFailure): string {
  switch (why.why) {
    case 'no_answer':
    case 'foreign_mission':
      return m.failure[why.why];
    case 'timeout':
      return m.failure.timeout(why.step, why.limit_s);
    case 'preflight':
    case 'upload':
    case 'arm_refused':
    case 'take_off':
    case 'down':
    case 'wrong_aircraft':
      return m.failure[why.why](why.reason);
  }
}

/** A reason of the core. One that this page does not know yet is shown by its code. */
export function cause(m: Messages, why: Cause): string {
  if (typeof why === 'string') return why;
  if (why.cause === 'failure') return failure(m, why.failure as FlightFailure);
  const known = (m.cause as Record<string, (detail: Record<string, string>) => string>)[why.cause];
  const detail = Object.fromEntries(Object.entries(why).map(([key, value]) => [key, String(value)]));
  return known ? known(detail) : why.cause.replaceAll('_', ' ');
}

/** The cause in a timeline line: the server writes it flat, as "cause" and "cause_…". */
function flatCause(detail: Record<string, string>): Cause | undefined {
  if (!detail.cause) return undefined;
  const own = Object.entries(detail).filter(([key]) => key.startsWith('cause_'));
  const figures = Object.fromEntries(own.map(([key, value]) => [key.slice('cause_'.length), value]));
  return { ...figures, cause: detail.cause, failure: figures };
}

export function authority(m: Messages, who: Authority): string {
  switch (who.authority) {
    case 'waiting':
    case 'policy':
    case 'silence':
    case 'denied_by_silence':
    case 'withdrawn':
      return m.authority[who.authority];
    case 'operator':
    case 'denied':
      return m.authority[who.authority](who.by);
  }
}

export function alert(m: Messages, what: OperatorAlert): string {
  switch (what.alert) {
    case 'nobody_accepted':
    case 'duress':
    case 'wrong_codes':
    case 'confirmation_missing':
    case 'caller_silent':
    case 'no_drone':
      return m.alert[what.alert];
    case 'place_uncertain':
    case 'delivery_failed':
      return m.alert[what.alert](cause(m, what.detail));
    case 'guard_lost':
    case 'backup_wanted':
      return m.alert[what.alert](what.guard);
    case 'approval_silent':
      return m.alert.approval_silent(what.outcome === 'launch');
    case 'flight_failed':
      return m.alert.flight_failed(what.drone, cause(m, what.reason));
    case 'link_lost':
      return m.alert.link_lost(what.drone);
    case 'not_recorded':
      return m.alert.not_recorded(what.drone);
    case 'recall_waits':
      return m.alert.recall_waits(what.drone, what.pilot);
    case 'survey_impossible':
      return m.alert.survey_impossible(what.lot);
  }
}

export function actor(m: Messages, who: Actor): string {
  switch (who.who) {
    case 'system':
    case 'caller':
      return m.actor[who.who];
    case 'guard':
      return m.actor.guard(who.id);
    case 'account':
      return m.actor.account(who.id);
    case 'drone':
      return m.actor.drone(who.id);
  }
}

/** A word of the timeline in the reader's language; one that this page does not know yet is shown as the server wrote it. */
export function timeline(m: Messages, item: Pick<TimelineItem, 'what' | 'detail'>): string {
  const known = (m.timeline as Record<string, (detail: Record<string, string>) => string>)[item.what];
  const why = flatCause(item.detail);
  const said: Record<string, string> = why === undefined ? {} : { reason: cause(m, why), detail: cause(m, why) };
  if (known) return known({ ...item.detail, ...said });
  const particulars = Object.entries(item.detail).map(([key, value]) => `${key.replaceAll('_', ' ')} ${value}`);
  return [item.what.replaceAll('_', ' '), ...particulars].join(' · ');
}
