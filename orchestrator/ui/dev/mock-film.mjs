/** A survey that nobody flew, for looking at its film: lanes over a lot's bays, each known from the second picture that shows it. */

const FRAME_MS = 700;
const FRAME_M = 1;
const LANE_M = 8;
/** A picture shows bays whose middle is this near to its own, metres. */
const SHOWS_M = 5;

/** The answers of the server for a lot as it is laid out: the survey, its film, bays as last seen and two findings. */
export function flownSurvey(layout, survey, endsMs) {
  const lot = layout.features.find((feature) => feature.properties.kind === 'lot');
  const [lon, lat] = lot.geometry.coordinates[0][0];
  const scale = { lat: 111_000, lon: 111_000 * Math.cos((lat * Math.PI) / 180) };
  const metres = ([x, y]) => ({ x: (x - lon) * scale.lon, y: (y - lat) * scale.lat });
  const place = ({ x, y }) => ({ lat: lat + y / scale.lat, lon: lon + x / scale.lon });
  const middle = (ring) => ring.slice(0, -1).map(metres).reduce((sum, at, _, all) => ({ x: sum.x + at.x / all.length, y: sum.y + at.y / all.length }), { x: 0, y: 0 });
  const of = (kind) => layout.features.filter((feature) => feature.properties.kind === kind);
  const bays = of('bay').map((bay) => ({ id: bay.id, at: middle(bay.geometry.coordinates[0]), looks: 0, taken: [...bay.id].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 2 === 0 }));
  const boards = of('beacon').map((beacon) => ({ area: beacon.properties.area, at: metres(beacon.geometry.coordinates), read: false }));

  const spots = way(bays.map((bay) => bay.at));
  const begins = endsMs - spots.length * FRAME_MS;
  const kept = (index) => index > 0 && index % Math.ceil(spots.length / 4) < 2;
  const name = (index) => `${survey}/${String(index + 1).padStart(6, '0')}`;
  const frames = spots.map((at, index) => ({ at_ms: begins + index * FRAME_MS, place: place(at), picture: kept(index) ? name(index) : null }));
  const turns = [];
  const beacons = [];
  spots.forEach((at, index) => {
    const near = (other) => Math.hypot(other.at.x - at.x, other.at.y - at.y) < SHOWS_M;
    for (const bay of bays.filter(near)) {
      bay.looks += 1;
      if (bay.looks <= 2) turns.push({ at_ms: frames[index].at_ms, bay: bay.id, taken: bay.looks === 1 ? null : bay.taken });
    }
    for (const board of boards.filter((one) => !one.read && near(one))) {
      board.read = true;
      beacons.push({ at_ms: frames[index].at_ms, area: board.area });
    }
  });

  const pictures = frames.flatMap((frame) => (frame.picture ? [frame] : []));
  const finding = (number, kind, of, shown) => ({
    number, kind, of, subject: boards[0]?.area ?? 'A1', count: 1, place: shown[0].place, confidence: 0.97, pictures: shown.map((frame) => frame.picture),
    best: shown[0].picture, life: 'open', by: null, at_ms: null, first_ms: endsMs, last_ms: endsMs,
  });
  return {
    surveys: [{
      id: survey, lot: lot.id, kind: 'sweep', state: 'flown', ended_at_ms: endsMs, flown_m: spots.length * FRAME_M, whole_m: spots.length * FRAME_M, sorties: 1, sorties_flown: 1,
      drone: null, flights: ['mission-000001'], path: spots.map(place), requested_by: 'manager', requested_at_ms: begins - 120_000,
      report: { at_ms: endsMs + 600_000, pictures: frames.length, dropped: 0, found: 2, opened: [1, 2], unseen: [] },
    }],
    film: { survey, frames, bays: turns, beacons },
    bays: bays.map((bay) => ({ bay: bay.id, taken: bay.taken, seen_ms: endsMs })),
    findings: [finding(2, 'beacon_moved', 'beacon', pictures.slice(4, 6)), finding(1, 'beacon_forged', 'code', pictures.slice(2, 4))],
  };
}

/** To and fro over all these places, a spot for each metre. */
function way(places) {
  const [xs, ys] = [places.map((at) => at.x), places.map((at) => at.y)];
  const [west, east, south, north] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const spots = [];
  for (let lane = 0, y = south; y <= north + LANE_M / 2; lane += 1, y += LANE_M) {
    for (let along = 0; along <= east - west; along += FRAME_M) spots.push({ x: lane % 2 ? east - along : west + along, y });
  }
  return spots;
}
