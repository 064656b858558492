/** How the site is drawn: our own GeoJSON as a calm dark map, nothing from outside. */

import type { LayerSpecification, StyleSpecification } from 'maplibre-gl';

export const NO_FLY_PATTERN = 'no-fly-hatch';

const colour = {
  ground: '#0d1218',
  water: '#10202e',
  green: '#101a16',
  building: '#182029',
  buildingEdge: '#232e3a',
  roadCase: '#0a0e13',
  roadMajor: '#46566a',
  roadMiddle: '#35424f',
  roadMinor: '#2a343f',
  path: '#222b34',
  lot: '#20303f',
  lotEdge: '#3a5876',
  noFly: '#ff5d62',
  fence: '#6d7f94',
  trail: '#ffd166',
  planned: '#ffd166',
  home: '#8fa3b8',
  guard: '#4da3ff',
  accuracy: '#ff5d62',
} as const;

const kindIs = (...kinds: string[]): ['in', ['get', string], ['literal', string[]]] => ['in', ['get', 'kind'], ['literal', kinds]];

const MAJOR = ['motorway', 'trunk', 'primary'];
const MIDDLE = ['secondary', 'tertiary'];
const PATHS = ['footway', 'steps', 'pedestrian', 'track'];

/** 1 for main roads down to 0 for paths; roads without a class are drawn as streets. */
const roadWeight = ['match', ['get', 'class'], MAJOR, 3, MIDDLE, 2, PATHS, 0, 1] as unknown as number;

/** A line width that grows with zoom and with the road's weight. */
function roadWidth(extra: number): never {
  const at = (base: number) => ['+', extra, ['*', base, ['+', 0.6, ['*', 0.55, roadWeight]]]];
  return ['interpolate', ['exponential', 1.5], ['zoom'], 12, at(0.7), 15, at(2.2), 18, at(9)] as never;
}

const siteLayers: LayerSpecification[] = [
  { id: 'water', type: 'fill', source: 'site', filter: kindIs('land_water'), paint: { 'fill-color': colour.water } },
  { id: 'green', type: 'fill', source: 'site', filter: kindIs('land_green'), paint: { 'fill-color': colour.green } },
  {
    id: 'lot',
    type: 'fill',
    source: 'site',
    filter: kindIs('lot'),
    paint: { 'fill-color': colour.lot, 'fill-opacity': 0.65, 'fill-outline-color': colour.lotEdge },
  },
  {
    id: 'lot-area',
    type: 'line',
    source: 'site',
    filter: kindIs('lot_area'),
    minzoom: 15.5,
    paint: { 'line-color': colour.lotEdge, 'line-width': 1, 'line-opacity': 0.6 },
  },
  {
    id: 'road-case',
    type: 'line',
    source: 'site',
    filter: kindIs('road'),
    layout: { 'line-cap': 'round', 'line-join': 'round' },
    paint: { 'line-color': colour.roadCase, 'line-width': roadWidth(1.6) },
  },
  {
    id: 'road',
    type: 'line',
    source: 'site',
    filter: kindIs('road'),
    layout: { 'line-cap': 'round', 'line-join': 'round', 'line-sort-key': roadWeight },
    paint: {
      'line-color': ['match', roadWeight, 3, colour.roadMajor, 2, colour.roadMiddle, 0, colour.path, colour.roadMinor] as never,
      'line-width': roadWidth(0),
    },
  },
  {
    id: 'building',
    type: 'fill',
    source: 'site',
    filter: kindIs('building'),
    minzoom: 13,
    paint: { 'fill-color': colour.building, 'fill-outline-color': colour.buildingEdge },
  },
  {
    id: 'no-fly',
    type: 'fill',
    source: 'site',
    filter: kindIs('no_fly'),
    paint: { 'fill-pattern': NO_FLY_PATTERN, 'fill-opacity': 0.55 },
  },
  {
    id: 'no-fly-edge',
    type: 'line',
    source: 'site',
    filter: kindIs('no_fly'),
    paint: { 'line-color': colour.noFly, 'line-width': 1.6, 'line-opacity': 0.9 },
  },
  {
    id: 'fence',
    type: 'line',
    source: 'site',
    filter: kindIs('fence'),
    paint: { 'line-color': colour.fence, 'line-width': 1.2, 'line-dasharray': [4, 3], 'line-opacity': 0.7 },
  },
  {
    id: 'rally-point',
    type: 'circle',
    source: 'site',
    filter: kindIs('rally_point'),
    minzoom: 13,
    paint: { 'circle-radius': 6, 'circle-color': colour.home, 'circle-opacity': 0.35, 'circle-stroke-width': 2, 'circle-stroke-color': colour.home },
  },
  {
    id: 'pad',
    type: 'circle',
    source: 'site',
    filter: kindIs('pad'),
    minzoom: 14,
    paint: { 'circle-radius': 4, 'circle-color': 'transparent', 'circle-stroke-width': 1.5, 'circle-stroke-color': colour.home },
  },
];

const liveLayers: LayerSpecification[] = [
  {
    id: 'accuracy',
    type: 'fill',
    source: 'live',
    filter: kindIs('accuracy'),
    paint: { 'fill-color': colour.accuracy, 'fill-opacity': 0.1 },
  },
  {
    id: 'track',
    type: 'line',
    source: 'live',
    filter: kindIs('track'),
    paint: { 'line-color': colour.accuracy, 'line-width': 2, 'line-opacity': 0.6, 'line-dasharray': [1, 1.5] },
  },
  {
    id: 'planned',
    type: 'line',
    source: 'live',
    filter: kindIs('outbound'),
    layout: { 'line-cap': 'round', 'line-join': 'round' },
    paint: { 'line-color': colour.planned, 'line-width': 2, 'line-opacity': 0.55, 'line-dasharray': [2, 2.5] },
  },
  {
    id: 'homeward',
    type: 'line',
    source: 'live',
    filter: kindIs('homeward'),
    layout: { 'line-cap': 'round', 'line-join': 'round' },
    paint: { 'line-color': colour.home, 'line-width': 1.5, 'line-opacity': 0.45, 'line-dasharray': [1, 3] },
  },
  {
    id: 'trail',
    type: 'line',
    source: 'live',
    filter: kindIs('trail'),
    layout: { 'line-cap': 'round', 'line-join': 'round' },
    paint: { 'line-color': colour.trail, 'line-width': 2.4, 'line-opacity': 0.9 },
  },
  {
    id: 'guard-way',
    type: 'line',
    source: 'live',
    filter: kindIs('guard_way'),
    paint: { 'line-color': colour.guard, 'line-width': 2, 'line-opacity': 0.6, 'line-dasharray': [1, 2] },
  },
  {
    id: 'guard-far',
    type: 'circle',
    source: 'live',
    filter: kindIs('guard'),
    paint: {
      'circle-radius': ['interpolate', ['linear'], ['zoom'], 11, 3, 16, 6],
      'circle-color': colour.guard,
      'circle-opacity': ['case', ['get', 'stale'], 0.35, 0.95] as never,
      'circle-stroke-width': 2,
      'circle-stroke-color': '#0a0e13',
    },
  },
];

const emptyCollection: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: [] };

/** The whole style over one site. */
export function mapStyle(site: GeoJSON.FeatureCollection): StyleSpecification {
  return {
    version: 8,
    sources: {
      site: { type: 'geojson', data: site, tolerance: 0.2 },
      live: { type: 'geojson', data: emptyCollection, tolerance: 0 },
    },
    layers: [{ id: 'ground', type: 'background', paint: { 'background-color': colour.ground } }, ...siteLayers, ...liveLayers],
  };
}

/** Diagonal hatching for no-fly zones, drawn by hand so that no picture has to be loaded. */
export function hatch(sizePx = 16): { width: number; height: number; data: Uint8ClampedArray } {
  const data = new Uint8ClampedArray(sizePx * sizePx * 4);
  for (let y = 0; y < sizePx; y += 1) {
    for (let x = 0; x < sizePx; x += 1) {
      const onStripe = (x + y) % 8 < 2;
      data.set([255, 93, 98, onStripe ? 190 : 34], (y * sizePx + x) * 4);
    }
  }
  return { width: sizePx, height: sizePx, data };
}
