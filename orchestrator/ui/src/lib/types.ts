/**
 * The shapes that travel between server and pages, as `docs/api.md` and the server's own types write them.
 * Times are milliseconds since 1970-01-01 UTC, places degrees (WGS 84), lengths metres.
 */

export interface LatLon {
  lat: number;
  lon: number;
}

export interface Fix {
  point: LatLon;
  accuracy_m: number;
  at_ms: number;
}

export type Role = 'caller' | 'guard' | 'operator' | 'pilot' | 'manager' | 'admin';

export interface Account {
  id: string;
  name: string;
  role: Role;
  /** The lots of a manager of some only; none, when empty. Every lot when absent. */
  lots?: string[];
}

export type IncidentState =
  | 'raised'
  | 'cancelled'
  | 'located'
  | 'offered'
  | 'assigned'
  | 'on_scene'
  | 'end_reported'
  | 'awaiting_confirmation'
  | 'closed'
  | 'escalated'
  | 'reopened';

export type Trigger = 'hold' | 'presses' | 'device' | 'operator';

export type PlaceSource = 'gps' | 'address' | 'last_known' | 'home';

export interface Place {
  point: LatLon;
  source: PlaceSource;
  accuracy_m: number;
  at_ms: number;
  text?: string | null;
}

export type Actor =
  | { who: 'system' }
  | { who: 'caller'; id: string }
  | { who: 'guard'; id: string }
  | { who: 'account'; id: string; role: Role }
  | { who: 'drone'; id: string };

export interface TimelineItem {
  seq: number;
  at_ms: number;
  actor: Actor;
  what: string;
  detail: Record<string, string>;
}

/** Why something is so: a code with its figures. Logs from before there were codes have an English sentence. */
export type Cause = string | ({ cause: string } & Record<string, unknown>);

export type RejectionReason =
  | { why: 'not_connected' }
  | { why: 'link_poor'; loss_pct: number }
  | { why: 'unhealthy'; said?: string | null }
  | { why: 'no_gps' }
  | { why: 'no_light' }
  | { why: 'escorting'; incident: string }
  | { why: 'pilot_in_control' }
  | { why: 'not_ready'; doing: Cause }
  | { why: 'tried_before' }
  | { why: 'energy'; needed_pct: number; available_pct: number }
  | { why: 'energy_unknown' }
  | { why: 'wind'; wind_m_s: number; limit_m_s: number }
  | { why: 'no_route'; reason: Cause }
  | { why: 'slower'; eta_s: number };

export interface Rejection {
  drone: string;
  reasons: RejectionReason[];
}

/** A caller sees a shorter record: everything that may be missing there is optional. */
export interface Incident {
  id: string;
  caller?: string;
  trigger?: Trigger;
  silent: boolean;
  drill: boolean;
  raised_at_ms: number;
  cancel_until_ms: number;
  state: IncidentState;
  duress?: boolean;
  escalated?: boolean;
  places: Place[];
  track?: Fix[];
  address?: string | null;
  ring?: number;
  primary?: string | null;
  backup?: string | null;
  offers?: string[];
  missions?: string[];
  rejections?: Rejection[];
  confirmation_asks?: number;
  wrong_codes?: number;
  timeline?: TimelineItem[];
  ended_at_ms?: number | null;
}

export type OfferState =
  | 'sent'
  | 'received'
  | 'accepted'
  | 'primary'
  | 'backup'
  | 'declined'
  | 'timed_out'
  | 'stood_down'
  | 'lost';

export type EtaSource = 'road' | 'ruler';

export interface Offer {
  id: string;
  incident: string;
  guard: string;
  state: OfferState;
  backup: boolean;
  eta_s: number;
  eta_by: EtaSource;
  sent_at_ms: number;
  expires_at_ms: number;
}

export interface OfferNotice {
  offer: string;
  incident: string;
  guard: string;
  place?: LatLon | null;
  address?: string | null;
  eta_s: number;
  distance_m?: number | null;
  expires_at_ms: number;
  silent: boolean;
  drill: boolean;
  backup: boolean;
}

export type FlightPhase =
  | 'ordered'
  | 'preflight_passed'
  | 'uploaded'
  | 'armed'
  | 'airborne'
  | 'on_scene'
  | 'returning'
  | 'landed';

/** The phases in the order in which one flight reaches them. */
export const FLIGHT_PHASES: readonly FlightPhase[] = [
  'ordered',
  'preflight_passed',
  'uploaded',
  'armed',
  'airborne',
  'on_scene',
  'returning',
  'landed',
];

export type LightState = 'unknown' | 'off' | 'commanded' | 'lit' | 'fault';

export type FlightFailure =
  | { why: 'no_answer' }
  | { why: 'preflight' | 'upload' | 'arm_refused' | 'take_off' | 'down' | 'wrong_aircraft'; reason: string }
  | { why: 'timeout'; step: string; limit_s: number }
  | { why: 'foreign_mission' };

export type Purpose = { purpose: 'escort'; incident: string } | { purpose: 'survey'; lot: string };

export type Authority =
  | { authority: 'waiting'; decide_by_ms: number }
  | { authority: 'policy' }
  | { authority: 'operator'; by: string }
  | { authority: 'silence' }
  | { authority: 'denied'; by: string }
  | { authority: 'denied_by_silence' }
  | { authority: 'withdrawn' };

export type Controller = { controller: 'orchestrator' } | { controller: 'pilot'; by: string };

export interface FlightPlan {
  mission: string;
  home: LatLon;
  outbound: LatLon[];
  homeward: LatLon[];
  transit_height_m: number;
  transit_speed_m_s: number;
  /** Where it may land instead of on its pad. */
  rally?: { points: { id: string; place: LatLon }[] } | null;
}

/** One flight; a caller or guard gets fewer fields. */
export interface Mission {
  id: string;
  drone: string;
  station?: string;
  purpose?: Purpose;
  plan?: FlightPlan | null;
  authority?: Authority;
  phase?: FlightPhase | null;
  recalled?: boolean;
  recall_reason?: string | null;
  /** A person had it recalled to this rally point. */
  rally_ordered?: string | null;
  /** It makes for this rally point, or stands there. */
  diverted?: string | null;
  held?: boolean;
  light: LightState;
  link_lost?: boolean;
  /** It lights the second place of a caller whose sources disagree. */
  second_place?: boolean;
  failure?: FlightFailure | null;
  ended: boolean;
  eta_s: number;
  created_at_ms: number;
  reached_at_ms?: Partial<Record<FlightPhase, number>>;
}

export interface GuardView {
  id: string;
  name: string;
  on_duty: boolean;
  position?: LatLon | null;
  position_at_ms?: number | null;
  heard_at_ms?: number | null;
  incident?: string | null;
}

export interface CallerCard {
  id: string;
  name: string;
  phone: string;
  identification_code: string;
}

export interface IncidentView {
  incident: Incident;
  offers: Offer[];
  missions: Mission[];
  guards: GuardView[];
  caller?: CallerCard | null;
}

export interface LinkStatus {
  connected: boolean;
  silence_ms?: number | null;
  loss_pct: number;
  round_trip_ms?: number | null;
  signing?: SigningStatus | null;
}

/** How a signed link fares. */
export interface SigningStatus {
  verified: boolean;
  refused: number;
  latest_refusal?: 'unsigned' | 'forged' | 'repeated' | 'old' | null;
}

/** One aircraft as last heard; a caller or guard gets fewer fields. */
export interface DroneStatus {
  drone: string;
  link?: LinkStatus;
  position?: LatLon | null;
  altitude_amsl_m?: number | null;
  height_m?: number | null;
  heading_deg?: number | null;
  roll_deg?: number | null;
  pitch_deg?: number | null;
  camera_pitch_deg?: number | null;
  camera_heading_deg?: number | null;
  ground_speed_m_s?: number | null;
  climb_m_s?: number | null;
  battery_pct?: number | null;
  battery_v?: number | null;
  time_left_s?: number | null;
  armed?: boolean | null;
  landed?: boolean | null;
  mode?: string | null;
  autopilot?: string | null;
  satellites?: number | null;
  gps_ok?: boolean | null;
  health_ok?: boolean | null;
  light?: LightState;
  wind_m_s?: number | null;
  wind_from_deg?: number | null;
  mission?: string | null;
  pilot_in_control?: boolean;
  warnings?: string[];
}

export interface DroneView {
  status: DroneStatus;
  station?: string;
  controller?: Controller | null;
  mission?: Mission | null;
  trail?: LatLon[];
  light: LightState;
  /** How long it can stay with the caller whom it lights. */
  scene_left_s?: number | null;
}

export type GuardNotice =
  | 'assigned_primary'
  | 'assigned_backup'
  | 'promoted_to_primary'
  | 'stand_down'
  | 'cancelled'
  | 'closed'
  | 'duress'
  | 'reopened';

export type CallerNotice =
  | { notice: 'received' }
  | { notice: 'guard_assigned'; guard: string; eta_s: number }
  | { notice: 'guard_on_scene' }
  | { notice: 'drone_launched'; drone: string }
  | { notice: 'drone_on_scene' }
  | { notice: 'ask_confirmation'; ask: number }
  | { notice: 'code_wrong'; tries_left: number }
  | { notice: 'cancelled' }
  | { notice: 'closed' }
  | { notice: 'still_searching' };

export type OperatorAlert =
  | { alert: 'nobody_accepted' }
  | { alert: 'place_uncertain'; detail: Cause }
  | { alert: 'duress' }
  | { alert: 'wrong_codes' }
  | { alert: 'confirmation_missing' }
  | { alert: 'caller_silent' }
  | { alert: 'guard_lost'; guard: string }
  | { alert: 'backup_wanted'; guard: string }
  | { alert: 'no_drone' }
  | { alert: 'approval_silent'; mission: string; outcome: 'launch' | 'deny' }
  | { alert: 'flight_failed'; drone: string; reason: Cause }
  | { alert: 'link_lost'; drone: string }
  | { alert: 'not_recorded'; drone: string }
  | { alert: 'recall_waits'; drone: string; pilot: string }
  | { alert: 'survey_impossible'; lot: string }
  | { alert: 'delivery_failed'; detail: Cause };

export interface AlertMessage {
  type: 'alert';
  id: string;
  at_ms: number;
  incident?: string | null;
  alert: OperatorAlert;
}

export type LiveMessage =
  | { type: 'hello'; seq: number; account: Account }
  | { type: 'incident'; seq: number; view: IncidentView }
  | { type: 'incident_gone'; incident: string }
  | { type: 'drone'; drone: DroneView }
  | { type: 'guard'; guard: GuardView }
  | { type: 'offer'; offer: OfferNotice }
  | { type: 'offer_gone'; offer: string }
  | { type: 'notice'; id: string; incident: string; notice: CallerNotice | GuardNotice }
  | AlertMessage;

export interface StationView {
  id: string;
  name: string;
  position: LatLon;
  approval?: { by: 'automatic' } | { by: 'operator'; limit_ms: number; on_silence: 'launch' | 'deny' };
  drones?: { id: string; pad: LatLon }[];
}

export interface SiteView {
  name: string;
  district: string;
  centre: LatLon;
  stations: StationView[];
}

export type CodeOutcome = 'accepted' | 'wrong';

export interface RegisteredCaller {
  caller: string;
  identification_code: string;
  token: string;
  safe_code: string;
  duress_code: string;
}
