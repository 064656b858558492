/** A made-up quarter for looking at the pages: streets, houses, a river, a park, lots, a no-fly zone and two stations. */

const CENTRE = { lat: 37.5062, lon: 126.9618 };
const M_LAT = 111_195;
const M_LON = M_LAT * Math.cos((CENTRE.lat * Math.PI) / 180);
const TILT = 0.22;

/** Metres east and north of the centre, turned a little so that the streets are not a chessboard. */
export function at(east, north) {
  const e = east * Math.cos(TILT) - north * Math.sin(TILT);
  const n = east * Math.sin(TILT) + north * Math.cos(TILT);
  return { lat: CENTRE.lat + n / M_LAT, lon: CENTRE.lon + e / M_LON };
}
const position = ([e, n]) => {
  const p = at(e, n);
  return [p.lon, p.lat];
};
const feature = (geometry, properties) => ({ type: 'Feature', geometry, properties });
const line = (points, properties) => feature({ type: 'LineString', coordinates: points.map(position) }, properties);
const polygon = (points, properties) => feature({ type: 'Polygon', coordinates: [[...points, points[0]].map(position)] }, properties);
const box = (e, n, w, h, properties) => polygon([[e, n], [e + w, n], [e + w, n + h], [e, n + h]], properties);

/** The same small numbers at every start, so that screenshots can be compared. */
function noise(seed) {
  const x = Math.sin(seed * 12.9898) * 43_758.5453;
  return x - Math.floor(x);
}

function streets() {
  const made = [];
  for (let i = -6; i <= 6; i += 1) {
    const kind = i === 0 ? 'primary' : i % 3 === 0 ? 'tertiary' : 'residential';
    made.push(line([[i * 130, -820], [i * 130 + 14, 0], [i * 130, 560]], { kind: 'road', class: kind, name: null }));
    if (i > -6 && i < 5) made.push(line([[-820, i * 120], [0, i * 120 + 10], [820, i * 120]], { kind: 'road', class: i === -2 ? 'secondary' : 'residential', name: null }));
  }
  made.push(line([[-820, 640], [0, 655], [820, 640]], { kind: 'road', class: 'trunk', name: null }));
  made.push(line([[150, -480], [240, -400], [360, -420], [420, -340]], { kind: 'road', class: 'footway', name: null }));
  return made;
}

function houses() {
  const made = [];
  for (let bx = -6; bx < 6; bx += 1) {
    for (let by = -6; by < 4; by += 1) {
      if ((bx === 1 || bx === 2) && (by === -4 || by === -3)) continue;
      for (let k = 0; k < 6; k += 1) {
        const seed = bx * 97 + by * 31 + k;
        if (noise(seed) < 0.12) continue;
        const e = bx * 130 + 16 + (k % 3) * 36;
        const n = by * 120 + 16 + Math.floor(k / 3) * 46;
        made.push(box(e, n, 20 + noise(seed + 1) * 12, 24 + noise(seed + 2) * 14, { kind: 'building', name: null, height_m: 6 + noise(seed + 3) * 20 }));
      }
    }
  }
  return made;
}

export const stations = [
  { id: 'st-1', name: '한강 Station', position: at(-520, 430), ground_amsl_m: 20, approval: { by: 'operator', limit_ms: 30_000, on_silence: 'launch' }, drones: [{ id: 'd1', pad: at(-522, 428) }, { id: 'd2', pad: at(-514, 434) }] },
  { id: 'st-2', name: '언덕 Station', position: at(560, -560), ground_amsl_m: 60, approval: { by: 'automatic' }, drones: [{ id: 'd3', pad: at(560, -562) }] },
];

export const site = { name: '강변 Quarter', district: 'demo', centre: CENTRE, stations, policy: {} };

export const siteMap = {
  type: 'FeatureCollection',
  features: [
    polygon([[-1100, 690], [-300, 720], [400, 705], [1100, 680], [1100, 1100], [-1100, 1100]], { kind: 'land_water', name: '강' }),
    polygon([[140, -480], [385, -480], [400, -250], [140, -250]], { kind: 'land_green', name: '공원' }),
    ...houses(),
    ...streets(),
    box(-390, -236, 110, 96, { kind: 'lot', id: 'lot-1', name: '시장 주차장' }),
    box(272, 124, 104, 96, { kind: 'lot', id: 'lot-2', name: '역 주차장' }),
    feature({ type: 'Point', coordinates: position([265, -420]) }, { kind: 'rally_point', id: 'park', name: '언덕공원 잔디밭' }),
    feature({ type: 'Point', coordinates: position([265, -365]) }, { kind: 'place', label: '언덕공원' }),
    feature({ type: 'Point', coordinates: position([-180, 300]) }, { kind: 'place', label: '강변동' }),
    feature({ type: 'Point', coordinates: position([-420, -520]) }, { kind: 'place', label: '남문시장' }),
    polygon([[-260, 60], [-120, 40], [-70, 170], [-170, 250], [-280, 200]], { kind: 'no_fly', id: 'school', name: '초등학교' }),
    box(-900, -860, 1800, 1720, { kind: 'fence', height_max_m: 120 }),
    ...stations.map((station) => feature({ type: 'Point', coordinates: [station.position.lon, station.position.lat] }, { kind: 'station', id: station.id, name: station.name })),
    ...stations.flatMap((station) => station.drones.map((drone) => feature({ type: 'Point', coordinates: [drone.pad.lon, drone.pad.lat] }, { kind: 'pad', drone: drone.id, station: station.id }))),
  ],
};

export function distanceM(a, b) {
  return Math.hypot((b.lat - a.lat) * M_LAT, (b.lon - a.lon) * M_LON);
}

/** A step of `m` metres from `a` towards `b`, not beyond it. */
export function towards(a, b, m) {
  const d = distanceM(a, b);
  if (d <= m) return b;
  return { lat: a.lat + ((b.lat - a.lat) * m) / d, lon: a.lon + ((b.lon - a.lon) * m) / d };
}

export function bearingDeg(a, b) {
  return ((Math.atan2((b.lon - a.lon) * M_LON, (b.lat - a.lat) * M_LAT) * 180) / Math.PI + 360) % 360;
}
