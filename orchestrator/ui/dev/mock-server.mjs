/**
 * A DEVELOPMENT TOOL, not the product: speaks docs/api.md well enough to work on the pages without the real server.
 * It decides nothing that the real core decides; it only plays one plausible escort. Accounts: any of guard-1, guard-2,
 * operator, pilot with the password "demo-only". Start: npm run mock [-- --port 8787]; the built pages are served from dist/.
 */

import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { WebSocketServer } from 'ws';
import { add, atAGlance, draw, lotOf, summaries, versionsOf } from './mock-lots.mjs';
import { at, bearingDeg, distanceM, site, siteMap, stations, towards } from './mock-site.mjs';

const port = Number(process.argv[process.argv.indexOf('--port') + 1]) || 8787;
const DIST = join(import.meta.dirname, '../dist');
const STEP_MS = 200;
const DRONE_M_S = 15;
const POLICY = "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; connect-src 'self'; frame-ancestors 'none'";

let seq = 1;
let names = 0;
const fresh = (kind) => `${kind}-${(names += 1)}`;
const now = () => Date.now();

const accounts = new Map([
  ['guard-1', { id: 'guard-1', name: '김경호', role: 'guard' }],
  ['guard-2', { id: 'guard-2', name: '이수호', role: 'guard' }],
  ['operator', { id: 'operator', name: 'Operator Park', role: 'operator' }],
  ['pilot', { id: 'pilot', name: 'Pilot Choi', role: 'pilot' }],
  ['manager', { id: 'manager', name: '한주임', role: 'manager' }],
  ['admin', { id: 'admin', name: 'Admin Seo', role: 'admin' }],
]);
const sessions = new Map();
const callers = new Map();
const tokens = new Map();
const guards = new Map([
  ['guard-1', guard('guard-1', '김경호', at(110, 130))],
  ['guard-2', guard('guard-2', '이수호', at(-330, -120))],
  ['guard-3', { ...guard('guard-3', '박안전', at(420, -160)), on_duty: true }],
  ['guard-4', { ...guard('guard-4', '최보호', at(-600, 120)), on_duty: true }],
]);
const drones = new Map(stations.flatMap((station) => station.drones.map((drone) => [drone.id, aircraft(drone.id, station.id, drone.pad)])));
const incidents = new Map();
const keys = new Map();
const pages = new Set();

function guard(id, name, position) {
  return { id, name, on_duty: false, position, position_at_ms: now(), incident: null };
}

function aircraft(id, station, pad) {
  const status = {
    drone: id, link: { connected: true, silence_ms: 40, loss_pct: 0.4, round_trip_ms: 38, signing: id === 'd2' ? { verified: false, refused: 3, latest_refusal: 'unsigned' } : { verified: true, refused: 0, latest_refusal: null } }, position: pad, altitude_amsl_m: 20, height_m: 0, heading_deg: 40,
    roll_deg: 0, pitch_deg: 0, ground_speed_m_s: 0, climb_m_s: 0, battery_pct: id === 'd2' ? 41 : 97, battery_v: 16.4, time_left_s: 1_320,
    armed: false, landed: true, mode: 'hold', satellites: 17, gps_ok: true, health_ok: true, light: 'off', wind_m_s: 3.2, wind_from_deg: 290,
    mission: null, mission_item: null, pilot_in_control: false, warnings: [],
  };
  return { status, station, controller: { controller: 'orchestrator' }, mission: null, trail: [], light: 'off', pad };
}

// ---- telling pages ----

const send = (page, message) => page.socket.readyState === 1 && page.socket.send(JSON.stringify(message));
const watches = (page) => ['operator', 'pilot', 'admin'].includes(page.account.role);
const isMine = (page, incident) => incident.primary === page.account.id || incident.backup === page.account.id || incident.caller === page.account.id;

function incidentFor(page, record) {
  const { incident } = record;
  const offers = record.offers;
  const inIt = [...guards.values()].filter((g) => [incident.primary, incident.backup].includes(g.id));
  if (page.account.role !== 'caller') {
    const asked = [...guards.values()].filter((g) => offers.some((o) => o.guard === g.id));
    return { incident, offers, missions: record.missions, guards: asked, caller: callers.get(incident.caller)?.card };
  }
  const { timeline, track, rejections, duress, ...short } = incident;
  if (record.shownClosed) return { incident: { ...short, state: 'closed', primary: null }, offers: [], missions: [], guards: [] };
  return { incident: short, offers: offers.filter((o) => o.state === 'primary'), missions: record.missions, guards: inIt };
}

function tellIncident(record) {
  for (const page of pages) {
    if (watches(page) || isMine(page, record.incident)) send(page, { type: 'incident', seq, view: incidentFor(page, record) });
  }
}

function tellDrone(drone) {
  const incident = drone.mission && incidents.get(drone.mission.purpose.incident)?.incident;
  for (const page of pages) {
    const { pad, route, ...view } = drone;
    if (watches(page) || (incident && isMine(page, incident))) send(page, { type: 'drone', drone: view });
  }
}

function tellGuard(known) {
  for (const page of pages) {
    const record = known.incident && incidents.get(known.incident);
    if (watches(page) || page.account.id === known.id || (record && record.incident.caller === page.account.id)) send(page, { type: 'guard', guard: known });
  }
}

function notice(who, incident, what) {
  for (const page of pages) if (page.account.id === who) send(page, { type: 'notice', id: fresh('n'), incident, notice: what });
}

function alert(incident, what) {
  const message = { type: 'alert', id: fresh('a'), at_ms: now(), incident, alert: what };
  for (const page of pages) if (watches(page)) send(page, message);
}

function write(record, actor, what, detail = {}) {
  seq += 1;
  record.incident.timeline.push({ seq, at_ms: now(), actor, what, detail: Object.fromEntries(Object.entries(detail).map(([k, v]) => [k, String(v)])) });
  tellIncident(record);
}

const system = { who: 'system' };

// ---- one escort ----

function raise(caller, key, body) {
  if (keys.has(key)) return keys.get(key);
  const id = fresh('incident');
  const point = body.position ?? at(265, 20);
  const source = body.position ? 'gps' : body.address ? 'address' : 'home';
  const places = [{ point: { lat: point.lat, lon: point.lon }, source, accuracy_m: body.position?.accuracy_m ?? 40, at_ms: now(), text: body.address ?? null }];
  const incident = {
    id, caller, trigger: body.trigger ?? 'hold', silent: !!body.silent, drill: !!body.drill, raised_at_ms: now(), cancel_until_ms: now() + 8_000,
    state: 'raised', duress: false, escalated: false, places, track: [], address: body.address ?? null, ring: 0, primary: null, backup: null,
    offers: [], missions: [], rejections: [], confirmation_asks: 0, wrong_codes: 0, timeline: [], ended_at_ms: null,
  };
  const record = { incident, offers: [], missions: [], shownClosed: false };
  incidents.set(id, record);
  keys.set(key, id);
  write(record, { who: 'caller', id: caller }, 'call_raised', { trigger: incident.trigger, silent: incident.silent, drill: incident.drill });
  setTimeout(() => dispatch(record), 500);
  return id;
}

function dispatch(record) {
  const { incident } = record;
  incident.state = 'offered';
  write(record, system, 'place_known', { source: incident.places[0].source, accuracy_m: incident.places[0].accuracy_m });
  for (const known of [...guards.values()].filter((g) => g.on_duty && !g.incident)) offerTo(record, known);
  chooseDrone(record);
}

function offerTo(record, known) {
  const distance_m = distanceM(known.position, record.incident.places[0].point);
  const offer = { id: fresh('offer'), incident: record.incident.id, guard: known.id, state: 'sent', backup: false, eta_s: 20 + distance_m / 4, eta_by: 'road', sent_at_ms: now(), expires_at_ms: now() + 40_000 };
  record.offers.push(offer);
  write(record, system, 'offer_sent', { guard: known.id, eta_s: offer.eta_s.toFixed(0) });
  for (const page of pages) if (page.account.id === known.id) send(page, { type: 'offer', offer: offerNotice(record, offer) });
}

function offerNotice(record, offer) {
  const { incident } = record;
  const known = guards.get(offer.guard);
  return { offer: offer.id, incident: incident.id, guard: offer.guard, place: incident.places[0].point, address: incident.address, eta_s: offer.eta_s, distance_m: distanceM(known.position, incident.places[0].point), expires_at_ms: offer.expires_at_ms, silent: incident.silent, drill: incident.drill, backup: offer.backup };
}

function chooseDrone(record) {
  const { incident } = record;
  if (incident.drill) return write(record, system, 'drone_not_in_drill');
  const place = incident.places[0].point;
  const drone = drones.get('d1');
  if (drone.mission && !drone.mission.ended) return alert(incident.id, { alert: 'no_drone' });
  const scene = towards(place, drone.pad, 12);
  const out = [at(-380, 330), at(-20, 270), scene];
  incident.rejections = [
    { drone: 'd2', reasons: [{ why: 'energy', needed_pct: 47, available_pct: 41 }] },
    { drone: 'd3', reasons: [{ why: 'slower', eta_s: 95 }] },
  ];
  const mission = {
    id: fresh('mission'), drone: 'd1', station: 'st-1', purpose: { purpose: 'escort', incident: incident.id },
    plan: { mission: '', home: drone.pad, outbound: out, homeward: [at(-20, 270), at(-380, 330), drone.pad], transit_height_m: 60, transit_speed_m_s: DRONE_M_S, rally: { points: [{ id: 'park', place: at(265, -420) }] } },
    authority: { authority: 'waiting', decide_by_ms: now() + 60_000 }, phase: null, recalled: false, recall_reason: null, held: false, light: 'off',
    link_lost: false, failure: null, ended: false, eta_s: 62, created_at_ms: now(), reached_at_ms: {},
  };
  record.missions.push(mission);
  incident.missions.push(mission.id);
  drone.mission = mission;
  write(record, system, 'drone_chosen', { drone: 'd1', eta_s: 62, needed_pct: 38, available_pct: 97 });
  write(record, system, 'approval_asked', { drone: 'd1' });
}

function launch(record, mission, by) {
  mission.authority = { authority: 'operator', by };
  write(record, { who: 'account', id: by, role: 'operator' }, 'launch_ordered', { drone: mission.drone });
  ['ordered', 'preflight_passed', 'uploaded', 'armed', 'airborne'].forEach((phase, index) => setTimeout(() => reach(record, mission, phase), 400 + index * 700));
}

function reach(record, mission, phase) {
  if (mission.ended) return;
  mission.phase = phase;
  mission.reached_at_ms[phase] = now();
  const drone = drones.get(mission.drone);
  drone.status.armed = phase !== 'landed';
  if (phase === 'airborne') {
    drone.route = [...mission.plan.outbound];
    Object.assign(drone.status, { landed: false, mode: 'mission', mission: mission.id });
  }
  if (phase === 'on_scene') setTimeout(() => light(record, mission, true), 600);
  if (phase === 'returning') {
    drone.route = [...mission.plan.homeward];
    light(record, mission, false);
  }
  if (phase === 'landed') {
    mission.ended = true;
    Object.assign(drone.status, { landed: true, mode: 'hold', mission: null, height_m: 0, ground_speed_m_s: 0 });
  }
  write(record, { who: 'drone', id: mission.drone }, `drone_${phase}`, { drone: mission.drone });
  tellDrone(drone);
}

/** Ordered first, lit only when the aircraft says so. */
function light(record, mission, on) {
  const drone = drones.get(mission.drone);
  const show = (state) => {
    mission.light = drone.light = drone.status.light = state;
    write(record, { who: 'drone', id: mission.drone }, 'drone_light', { drone: mission.drone, state });
    tellDrone(drone);
  };
  if (on) show('commanded');
  setTimeout(() => show(on ? 'lit' : 'off'), 900);
}

function fly() {
  for (const drone of drones.values()) {
    const { status, mission } = drone;
    const record = mission && incidents.get(mission.purpose.incident);
    if (drone.route?.length && !mission.held) {
      const before = status.position;
      status.position = towards(before, drone.route[0], (DRONE_M_S * STEP_MS) / 1000);
      status.heading_deg = bearingDeg(before, status.position);
      status.ground_speed_m_s = DRONE_M_S;
      status.height_m = Math.min(60, status.height_m + 1.5);
      status.battery_pct -= 0.02;
      drone.trail = [...drone.trail, before].slice(-200);
      if (distanceM(status.position, drone.route[0]) < 1) drone.route.shift();
      if (!drone.route.length && mission.phase === 'airborne') reach(record, mission, 'on_scene');
      else if (!drone.route.length && mission.phase === 'returning') reach(record, mission, 'landed');
    } else status.ground_speed_m_s = 0;
    tellDrone(drone);
  }
  for (const known of guards.values()) {
    const record = known.incident && incidents.get(known.incident);
    if (record?.incident.state !== 'assigned' || known.byHand) continue;
    known.position = towards(known.position, record.incident.places[0].point, 1.2);
    known.position_at_ms = now();
    tellGuard(known);
  }
}
setInterval(fly, STEP_MS);

function accept(record, offer) {
  const { incident } = record;
  if (incident.primary) throw problem(409, 'somebody else goes');
  incident.primary = offer.guard;
  incident.state = 'assigned';
  for (const other of record.offers) {
    if (other.id !== offer.id && ['sent', 'received'].includes(other.state)) other.state = 'stood_down';
    for (const page of pages) if (page.account.id === other.guard) send(page, { type: 'offer_gone', offer: other.id });
  }
  offer.state = 'primary';
  const known = guards.get(offer.guard);
  known.incident = incident.id;
  write(record, { who: 'guard', id: offer.guard }, 'guard_assigned', { guard: offer.guard, eta_s: offer.eta_s.toFixed(0) });
  tellGuard(known);
  notice(offer.guard, incident.id, 'assigned_primary');
  notice(incident.caller, incident.id, { notice: 'guard_assigned', guard: offer.guard, eta_s: Math.round(offer.eta_s) });
}

function end(record, state) {
  const { incident } = record;
  incident.state = state;
  incident.ended_at_ms = now();
  write(record, { who: 'caller', id: incident.caller }, state, { duration_s: Math.round((now() - incident.raised_at_ms) / 1000) });
  for (const id of [incident.primary, incident.backup].filter(Boolean)) {
    guards.get(id).incident = null;
    tellGuard(guards.get(id));
    notice(id, incident.id, state);
  }
  const mission = record.missions.at(-1);
  if (!mission || mission.ended) return;
  if (mission.phase === null) {
    mission.ended = true;
    mission.authority = { authority: 'withdrawn' };
  } else reach(record, mission, 'returning');
  tellIncident(record);
}

function code(record, typed, safe) {
  const caller = callers.get(record.incident.caller);
  if (typed === caller.duress_code) {
    Object.assign(record.incident, { duress: true, escalated: true, state: 'escalated' });
    record.shownClosed = true;
    write(record, system, 'alert_duress');
    alert(record.incident.id, { alert: 'duress' });
    if (record.incident.primary) notice(record.incident.primary, record.incident.id, 'duress');
    return 'accepted';
  }
  if (typed === caller.safe_code) {
    safe();
    return 'accepted';
  }
  record.incident.wrong_codes += 1;
  write(record, { who: 'caller', id: caller.card.id }, 'code_wrong', { count: record.incident.wrong_codes });
  return 'wrong';
}

// ---- HTTP ----

const problem = (status, detail) => Object.assign(new Error(detail), { status });
const digits = (n) => String(Math.floor(Math.random() * 10 ** n)).padStart(n, '0');

function register(body) {
  if (!body.name || !body.phone || body.consent !== true) throw problem(422, 'name, phone and consent are needed');
  const id = fresh('caller');
  const made = { caller: id, identification_code: `K7${digits(2)}-${digits(3)}Q`, token: `token-${id}`, safe_code: digits(6), duress_code: digits(6) };
  callers.set(id, { ...made, card: { id, name: body.name, phone: body.phone, identification_code: made.identification_code } });
  tokens.set(made.token, { id, name: body.name, role: 'caller' });
  return made;
}

const find = (map, id) => map.get(id) ?? (() => { throw problem(404, `there is no ${id}`); })();
const offerById = (id) => {
  for (const record of incidents.values()) for (const offer of record.offers) if (offer.id === id) return [record, offer];
  throw problem(404, `there is no offer ${id}`);
};
const missionById = (id) => {
  for (const record of incidents.values()) for (const mission of record.missions) if (mission.id === id) return [record, mission];
  throw problem(404, `there is no launch ${id}`);
};
const current = (id) => [...incidents.values()].findLast((r) => r.incident.caller === id && !['closed', 'cancelled'].includes(r.incident.state) && !r.shownClosed);

const devicesOf = (here) => [
  { id: 'here', kind: 'browser', name: 'Chrome, Android', created_at_ms: now() - 3_600_000, seen_at_ms: now() - 60_000, current: here === 'here' },
  { id: 'there', kind: 'browser', name: 'Edge, Windows', created_at_ms: now() - 7_200_000, seen_at_ms: now() - 1_800_000, current: false },
  { id: 'radio', kind: 'terminal', name: '', created_at_ms: now() - 864_000_000, current: false },
];

const routes = [
  ['POST /session', (_, body) => {
    const account = accounts.get(body.name);
    if (!account || body.password !== 'demo-only') throw problem(401, 'name or password is wrong');
    const id = fresh('session');
    sessions.set(id, account);
    return { status: 200, body: { account }, cookie: `session=${id}; HttpOnly; Path=/; SameSite=Strict` };
  }],
  ['GET /session', (who) => ({ account: who ?? (() => { throw problem(401, 'nobody is signed in'); })() })],
  ['DELETE /session', () => ({ status: 204, cookie: 'session=; Max-Age=0; Path=/' })],
  ['POST /callers', (_, body) => ({ status: 201, body: register(body) })],
  ['GET /callers/me', (who) => callers.get(who.id).card],
  ['DELETE /callers/me', () => ({ status: 204 })],
  ['POST /callers/me/phone-check', () => ({ status: 204 })],
  ['POST /calls', (who, body, _, headers) => ({ status: 202, body: { incident_id: raise(who.id, headers['idempotency-key'], body) } })],
  ['GET /calls/current', (who) => { const r = current(who.id); return r ? incidentFor({ account: who }, r) : { status: 204 }; }],
  ['POST /incidents/:id/position', (who, body, [id]) => {
    const record = find(incidents, id);
    if (['closed', 'cancelled'].includes(record.incident.state)) throw problem(409, 'it is over');
    record.incident.track = [...record.incident.track, { point: { lat: body.lat, lon: body.lon }, accuracy_m: body.accuracy_m, at_ms: body.at }].slice(-50);
    tellIncident(record);
    return { status: 204 };
  }],
  ['POST /incidents/:id/cancel', (who, body, [id]) => { const r = find(incidents, id); return { outcome: code(r, body.code, () => end(r, 'cancelled')) }; }],
  ['POST /incidents/:id/confirmation', (who, body, [id]) => { const r = find(incidents, id); return { outcome: code(r, body.code, () => end(r, 'closed')) }; }],
  ['POST /incidents/:id/on-scene', (who, _, [id]) => { const r = find(incidents, id); r.incident.state = 'on_scene'; write(r, { who: 'guard', id: who.id }, 'guard_on_scene', { guard: who.id }); return { status: 204 }; }],
  ['POST /incidents/:id/backup', (who, _, [id]) => { find(incidents, id).incident.escalated = true; alert(id, { alert: 'backup_wanted', guard: who.id }); tellIncident(find(incidents, id)); return { status: 204 }; }],
  ['POST /incidents/:id/situation-end', (who, _, [id]) => {
    const r = find(incidents, id);
    r.incident.state = 'awaiting_confirmation';
    r.incident.confirmation_asks += 1;
    write(r, { who: 'guard', id: who.id }, 'end_reported', { guard: who.id });
    write(r, system, 'confirmation_asked', { ask: 1 });
    return { status: 204 };
  }],
  ['POST /incidents/:id/acknowledge', (who, _, [id]) => { const r = find(incidents, id); r.incident.escalated = false; write(r, { who: 'account', id: who.id, role: who.role }, 'escalation_acknowledged'); return { status: 204 }; }],
  ['GET /guards/me', (who) => {
    const me = find(guards, who.id);
    const mine = [...incidents.values()].flatMap((r) => r.offers.filter((o) => o.guard === who.id && ['sent', 'received'].includes(o.state)).map((o) => offerNotice(r, o)));
    return { guard: me, offers: mine, incident: me.incident ? incidentFor({ account: who }, incidents.get(me.incident)) : null };
  }],
  ['POST /guards/me/duty', (who, body) => { const me = find(guards, who.id); me.on_duty = body.on_duty; tellGuard(me); return { status: 204 }; }],
  ['POST /guards/me/presence', (who) => { Object.assign(find(guards, who.id), { heard_at_ms: now() }); return { status: 204 }; }],
  ['POST /guards/me/position', (who, body) => { const me = find(guards, who.id); Object.assign(me, { position: { lat: body.lat, lon: body.lon }, position_at_ms: now(), byHand: true }); tellGuard(me); return { status: 204 }; }],
  ['POST /offers/:id/received', (who, _, [id]) => { const [r, o] = offerById(id); o.state = 'received'; write(r, { who: 'guard', id: who.id }, 'offer_received', { guard: who.id }); return { status: 204 }; }],
  ['POST /offers/:id/accept', (_, __, [id]) => { accept(...offerById(id)); return { status: 204 }; }],
  ['POST /offers/:id/decline', (who, body, [id]) => { const [r, o] = offerById(id); o.state = 'declined'; write(r, { who: 'guard', id: who.id }, 'offer_declined', { guard: who.id, ...body }); return { status: 204 }; }],
  ['POST /launches/:id/approve', (who, _, [id]) => { const [r, m] = missionById(id); launch(r, m, who.id); return { status: 204 }; }],
  ['POST /launches/:id/deny', (who, body, [id]) => { const [r, m] = missionById(id); Object.assign(m, { authority: { authority: 'denied', by: who.id }, ended: true }); write(r, { who: 'account', id: who.id, role: who.role }, 'launch_denied', { drone: m.drone, ...body }); return { status: 204 }; }],
  ['POST /drones/:id/:order', (who, body, [id, order]) => {
    const drone = find(drones, id);
    const record = drone.mission && incidents.get(drone.mission.purpose.incident);
    if (order === 'control') drone.controller = body.action === 'take' ? { controller: 'pilot', by: who.id } : { controller: 'orchestrator' };
    else if (!record || drone.mission.ended) throw problem(409, `${id} is not flying`);
    else if (order === 'light') light(record, drone.mission, body.on);
    else if (order === 'rally') { Object.assign(drone.mission, { recalled: true, rally_ordered: body.rally_point, diverted: body.rally_point }); reach(record, drone.mission, 'returning'); }
    else if (order === 'recall') { drone.mission.recalled = true; reach(record, drone.mission, 'returning'); }
    else if (order === 'hold' || order === 'continue') drone.mission.held = order === 'hold';
    tellDrone(drone);
    return { status: 204 };
  }],
  ['POST /callers/me/phone-code', () => ({ status: 202, body: { again_after_s: 60 } })],
  ['GET /devices', () => devicesOf('here')],
  ['DELETE /devices', () => ({ ended: 2 })],
  ['DELETE /devices/:id', () => ({ status: 204 })],
  ['GET /guards/terminals', () => [...guards.values()].map((g, index) => ({ guard: g.id, name: g.name, devices: devicesOf('').slice(index) }))],
  ['DELETE /guards/:id/terminals', () => ({ ended: 2 })],
  ['DELETE /guards/:id/terminals/:terminal', () => ({ status: 204 })],
  ['GET /site', () => site],
  ['GET /site/map', () => siteMap],
  ['POST /site/address', () => ({ text: '은하로5길 24', distance_m: 12 })],
  ['GET /parking/lots', () => atAGlance()],
  ['GET /parking/sessions', () => []],
  ['GET /parking/reviews', () => [
    { id: 'pv-1', at_ms: now() - 60_000, lot: 'east', reason: 'alike', read: { id: '1', camera: 'gate-out', plate: '12가8456', confidence_pct: 61, seen_at_ms: now() - 60_000 }, candidates: [
      { session: 'ps-1', plate: '12가3456', area_name: 'A1', entered_at_ms: now() - 5_400_000 },
      { session: 'ps-2', plate: '12거8456', area_name: 'A2', entered_at_ms: now() - 1_800_000 },
    ] },
  ]],
  ['GET /lots', () => summaries()],
  ['POST /lots', (who, body) => {
    const made = add(body, who.id);
    if (!made) throw problem(409, 'the id is taken');
    return { status: 201, body: made };
  }],
  ['GET /lots/:id', (who, _, [id], headers, query) => lotOf(id, query.get('version'))],
  ['GET /lots/:id/sheets', () => ({ height_m: 15, pixels: 1920, view_deg: 70 })],
  ['GET /lots/:id/versions', (who, _, [id]) => versionsOf(id)],
  ['PUT /lots/:id/layout', (who, body, [id]) => draw(id, body, who.id)],
];

function match(method, path) {
  for (const [pattern, handler] of routes) {
    const [verb, wanted] = pattern.split(' ');
    if (verb !== method) continue;
    const expression = new RegExp(`^${wanted.replaceAll(/:[a-z]+/g, '([^/]+)')}$`);
    const found = expression.exec(path);
    if (found) return [handler, found.slice(1).map(decodeURIComponent)];
  }
  return null;
}

function whoIs(headers) {
  const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? /bearer, (.+)$/.exec(headers['sec-websocket-protocol'] ?? '')?.[1];
  return bearer ? tokens.get(bearer) : sessions.get(/session=([^;]+)/.exec(headers.cookie ?? '')?.[1]);
}

async function bodyOf(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text ? JSON.parse(text) : {};
}

const kinds = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.mjs': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

function serveFile(path, response) {
  const wanted = join(DIST, normalize(path));
  const file = existsSync(wanted) && statSync(wanted).isFile() ? wanted : join(DIST, 'index.html');
  response.writeHead(200, { 'content-type': kinds[extname(file)] ?? 'application/octet-stream', 'content-security-policy': POLICY });
  createReadStream(file).pipe(response);
}

async function answer(request, response) {
  const path = new URL(request.url, 'http://localhost').pathname;
  if (path === '/healthz') return response.end('ok');
  if (!path.startsWith('/api/v1/')) return serveFile(path, response);
  const json = (status, body, extra = {}) => {
    response.writeHead(status, { 'content-type': 'application/json', ...extra });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  };
  try {
    const found = match(request.method, path.slice('/api/v1'.length));
    if (!found) throw problem(404, 'no such call');
    const who = whoIs(request.headers);
    const open = ['/api/v1/session', '/api/v1/callers'].includes(path);
    if (!who && !open) throw problem(401, 'nobody is signed in');
    const result = found[0](who, await bodyOf(request), found[1], request.headers, new URL(request.url, 'http://localhost').searchParams);
    if (result?.status) json(result.status, result.body, result.cookie ? { 'set-cookie': result.cookie } : {});
    else json(200, result);
  } catch (error) {
    json(error.status ?? 500, { type: 'about:blank', title: 'refused', status: error.status ?? 500, detail: error.message });
  }
}

const server = createServer((request, response) => void answer(request, response));
const sockets = new WebSocketServer({ noServer: true, handleProtocols: (offered) => (offered.has('bearer') ? 'bearer' : false) });
server.on('upgrade', (request, socket, head) => {
  const account = whoIs(request.headers);
  if (!account) return void socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n');
  sockets.handleUpgrade(request, socket, head, (made) => {
    const page = { socket: made, account };
    pages.add(page);
    made.on('close', () => pages.delete(page));
    send(page, { type: 'hello', seq, account });
    for (const record of incidents.values()) if (watches(page) || isMine(page, record.incident)) send(page, { type: 'incident', seq, view: incidentFor(page, record) });
    for (const known of guards.values()) tellGuard(known);
    for (const drone of drones.values()) tellDrone(drone);
  });
});
server.listen(port, '127.0.0.1', () => console.log(`mock server (development only) at http://127.0.0.1:${port}`));
