/** What operators see first: who needs a decision, and what is still an alert. */

import { describe, expect, it } from 'vitest';
import { en } from '../src/lib/i18n/en';
import { accuracyFeature, callerPlace, droneStale, missionFeatures } from '../src/lib/map/scene';
import { siteLabels } from '../src/lib/map/labels';
import * as say from '../src/lib/say';
import type { AlertMessage, DroneView, Incident, IncidentView, Mission } from '../src/lib/types';
import { approvals, openAlerts, orderDrones, orderIncidents } from '../src/pages/operations/board';

const here = { lat: 37.5, lon: 127 };
const there = { lat: 37.51, lon: 127.01 };

function view(id: string, change: Partial<Incident>, missions: Mission[] = []): IncidentView {
  const incident: Incident = { id, silent: false, drill: false, raised_at_ms: 0, cancel_until_ms: 0, state: 'assigned', places: [], ...change };
  return { incident, offers: [], missions, guards: [] };
}

function launch(id: string, decide_by_ms: number, change: Partial<Mission> = {}): Mission {
  return { id, drone: 'd', light: 'off', eta_s: 60, created_at_ms: 0, ended: false, authority: { authority: 'waiting', decide_by_ms }, ...change };
}

it('incidents that need somebody come first, ended ones last, newest first within', () => {
  const views = [
    view('closed', { state: 'closed', raised_at_ms: 9 }),
    view('old', { raised_at_ms: 1 }),
    view('new', { raised_at_ms: 2 }),
    view('duress', { duress: true, raised_at_ms: 0 }),
  ];
  expect(orderIncidents(views).map((known) => known.incident.id)).toEqual(['duress', 'new', 'old', 'closed']);
});

it('launches that wait are listed by how soon they run out; decided and ended ones are not', () => {
  const views = [
    view('a', {}, [launch('late', 200), launch('gone', 10, { ended: true })]),
    view('b', {}, [launch('soon', 100), launch('flying', 50, { authority: { authority: 'policy' } })]),
  ];
  expect(approvals(views).map((approval) => approval.mission.id)).toEqual(['soon', 'late']);
});

describe('an alert stands', () => {
  const alert = (incident?: string): AlertMessage => ({ type: 'alert', id: 'a', at_ms: 0, incident, alert: { alert: 'no_drone' } });
  it.each<[string, AlertMessage, Partial<Incident> | null, string[], number]>([
    ['while its incident is escalated', alert('i'), { escalated: true }, [], 1],
    ['when its incident is not known yet', alert('i'), null, [], 1],
    ['not when somebody deals with it', alert('i'), { escalated: false }, [], 0],
    ['not when its incident is closed', alert('i'), { escalated: true, state: 'closed' }, [], 0],
    ['without an incident, until it is put away', alert(), null, [], 1],
    ['not when it was put away here', alert(), null, ['a'], 0],
  ])('%s', (_, message, incident, handled, count) => {
    const views = new Map(incident ? [['i', { value: view('i', incident) }]] : []);
    expect(openAlerts([message], views, new Set(handled))).toHaveLength(count);
  });
});

describe('alerts', () => {
  const said = (id: string, at_ms: number, alert: AlertMessage['alert'], incident = 'i'): AlertMessage => ({ type: 'alert', id, at_ms, incident, alert });
  const lost = (drone: string): AlertMessage['alert'] => ({ alert: 'link_lost', drone });
  const views = new Map([['i', { value: view('i', { escalated: true }) }]]);

  it('that are said again stand once, where they were said last', () => {
    const alerts = [said('a', 1, { alert: 'no_drone' }), said('b', 2, lost('d1')), said('c', 3, { alert: 'no_drone' }), said('d', 4, lost('d2')), said('e', 5, { alert: 'no_drone' }, 'j')];
    expect(openAlerts(alerts, views, new Set()).map((open) => [open.latest.id, open.ids.length])).toEqual([['e', 1], ['d', 1], ['c', 2], ['b', 1]]);
  });

  it('of duress come before newer ones', () => {
    const alerts = [said('a', 1, { alert: 'duress' }), said('b', 2, { alert: 'no_drone' })];
    expect(openAlerts(alerts, views, new Set()).map((open) => open.latest.id)).toEqual(['a', 'b']);
  });

  it('that were put away stay away when only older words of them are left', () => {
    const alerts = [said('a', 1, { alert: 'no_drone' }), said('b', 2, { alert: 'no_drone' })];
    const [open] = openAlerts(alerts, views, new Set());
    expect(openAlerts(alerts, views, new Set(open?.ids))).toEqual([]);
  });
});

describe('aircraft', () => {
  const drone = (id: string, landed: boolean): DroneView => ({ status: { drone: id, landed }, light: 'off' });

  it('in the air come first, then by number', () => {
    const drones = [drone('d10', true), drone('d2', true), drone('d11', false)];
    expect(orderDrones(drones).map((known) => known.status.drone)).toEqual(['d11', 'd2', 'd10']);
  });

  it('are old when either link is lost', () => {
    const linked: DroneView = { status: { drone: 'd', link: { connected: true, loss_pct: 0 } }, light: 'off' };
    const lost: DroneView = { status: { drone: 'd', link: { connected: false, loss_pct: 0 } }, light: 'off' };
    expect([droneStale(linked, true), droneStale(linked, false), droneStale(lost, true)]).toEqual([false, true, true]);
  });

  it('show their plan only while they fly it', () => {
    const plan = { mission: 'm', home: here, outbound: [there], homeward: [here], transit_height_m: 60, transit_speed_m_s: 12 };
    expect(missionFeatures(launch('m', 0, { plan })).map((feature) => feature.properties?.['kind'])).toEqual(['outbound', 'homeward']);
    expect(missionFeatures(launch('m', 0, { plan, ended: true }))).toEqual([]);
  });
});

it('a caller is where the latest fix says, else at the best place', () => {
  const place = { point: here, source: 'address' as const, accuracy_m: 30, at_ms: 1 };
  expect(callerPlace(view('i', { places: [place] }))?.point).toEqual(here);
  expect(callerPlace(view('i', { places: [place], track: [{ point: there, accuracy_m: 5, at_ms: 2 }] }))?.point).toEqual(there);
  expect(callerPlace(view('i', {}))).toBeNull();
  expect(accuracyFeature(here, 5)).toEqual([]);
});

it('names on the map: zones before lots before places, unnamed things without', () => {
  const point = (kind: string, properties: object): GeoJSON.Feature => ({ type: 'Feature', properties: { kind, ...properties }, geometry: { type: 'Point', coordinates: [127, 37.5] } });
  const site: GeoJSON.FeatureCollection = {
    type: 'FeatureCollection',
    features: [point('place', { label: 'Hill' }), point('lot', { name: null }), point('no_fly', { name: 'School' }), point('address', { label: '7' })],
  };
  expect(siteLabels(site).map((label) => label.text)).toEqual(['School', 'Hill']);
});

it('reasons are sentences with their figures', () => {
  expect(say.rejection(en, { why: 'energy', needed_pct: 46.6, available_pct: 41.2 })).toBe('not enough charge: needs 47 %, has 41 %');
  expect(say.failure(en, { why: 'timeout', step: 'arming', limit_s: 20 })).toBe('arming took longer than 20 s');
  expect(say.alert(en, { alert: 'approval_silent', mission: 'm', outcome: 'deny' })).toBe('Nobody decided in time: the aircraft stays');
});
