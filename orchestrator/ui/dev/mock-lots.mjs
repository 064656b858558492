/** The demo's lots for looking at their pages: kept while the stand-in runs, judged by nobody. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const { features } = JSON.parse(readFileSync(join(import.meta.dirname, '../../../configs/demo-site/lots.geojson'), 'utf8'));
const kindIs = (kind) => features.filter((feature) => feature.properties.kind === kind);
const lots = new Map(kindIs('lot').map((lot) => [lot.id, [{ id: lot.id, name: lot.properties.name, version: 0, layout: layoutOf(lot) }]]));

function layoutOf(lot) {
  const areas = kindIs('area').filter((area) => area.properties.lot === lot.id);
  const inside = features.filter((feature) => areas.some((area) => area.id === feature.properties.area));
  return { type: 'FeatureCollection', features: [lot, ...areas, ...inside] };
}

const latest = (id) => lots.get(id)?.at(-1);
const count = (lot, kind) => lot.layout.features.filter((feature) => feature.properties.kind === kind).length;

/** Every lot at a glance. */
export const summaries = () =>
  [...lots.keys()].map(latest).map((lot) => ({ id: lot.id, name: lot.name, version: lot.version, areas: count(lot, 'area'), bays: count(lot, 'bay'), beacons: count(lot, 'beacon') }));

/** A lot as it is drawn, or as it was. */
export const lotOf = (id, version) => (version === null ? latest(id) : lots.get(id)?.[Number(version)]);

/** What was drawn since, latest first. */
export const versionsOf = (id) => lots.get(id).slice(1).reverse().map(({ version, drawn_at_ms, drawn_by }) => ({ version, drawn_at_ms, drawn_by }));

/** Takes a drawing. */
export function draw(id, layout, by) {
  const before = latest(id);
  lots.get(id).push({ ...before, version: before.version + 1, drawn_at_ms: Date.now(), drawn_by: by, layout });
  return latest(id);
}

/** Takes a lot that is new; null when its id is taken. */
export function add(layout, by) {
  const lot = layout.features.find((feature) => feature.properties.kind === 'lot');
  if (lots.has(lot.id)) return null;
  lots.set(lot.id, [{ id: lot.id, name: lot.properties.name, version: 1, drawn_at_ms: Date.now(), drawn_by: by, layout }]);
  return latest(lot.id);
}

/** Parking's own list, without money. */
export const atAGlance = () =>
  summaries().filter(({ areas }) => areas > 0).map(({ id, name }) => ({ id, name, tariff: 'town v1', active: 12, unpaid: 1, unpaid_amount: 1_500, revenue_today: 48_000, reviews: 0, today: '2026-01-31' }));
