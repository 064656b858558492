/** Snapping of the row tool: to edges, ends and directions, or to nothing but whole bays. */

import { describe, expect, it } from 'vitest';
import { addRow, type Drawing, type Spot, Steps } from '../src/lib/lots/drawing';
import { snapped } from '../src/lib/lots/snapping';

const REACH_M = 1;

const turned = (deg: number) => {
  const [sin, cos] = [Math.sin((deg * Math.PI) / 180), Math.cos((deg * Math.PI) / 180)];
  return (x: number, y: number): Spot => ({ x: x * cos - y * sin, y: x * sin + y * cos });
};

/** One area of 40 m by 30 m, turned left by so many degrees. */
function lot(deg = 0): Drawing {
  const at = turned(deg);
  const ring = [at(0, 0), at(40, 0), at(40, 30), at(0, 30)];
  return { id: 'l', name: 'L', origin: { lat: 37.5, lon: 127 }, ring, holes: [], areas: [{ id: 'A1', name: 'A1', ring }], bays: [], beacons: [] };
}

function close(found: Spot, wanted: Spot): void {
  expect(found.x).toBeCloseTo(wanted.x, 6);
  expect(found.y).toBeCloseTo(wanted.y, 6);
}

describe('a stroke', () => {
  it('far from everything keeps its place, takes the area’s direction and a whole number of bays', () => {
    const { from, to, holds } = snapped(lot(), { x: 12, y: 13.3 }, { x: 24, y: 14 }, REACH_M);
    close(from, { x: 12, y: 13.3 });
    close(to, { x: 24.5, y: 13.3 });
    expect(holds).toEqual([]);
  });

  it('clearly askew stays askew', () => {
    const { from, to } = snapped(lot(), { x: 12, y: 12 }, { x: 20, y: 18 }, REACH_M);
    expect(Math.atan2(to.y - from.y, to.x - from.x)).toBeCloseTo(Math.atan2(6, 8), 6);
  });

  it('begins in a corner, lies on the edge and ends at the other edge', () => {
    for (const deg of [0, 20, 77]) {
      const at = turned(deg);
      const { from, to, holds } = snapped(lot(deg), at(0.6, -0.4), at(39.5, 0.9), REACH_M);
      close(from, at(0, 0));
      close(to, at(40, 0));
      expect(holds).toHaveLength(2);
    }
  });

  it('lies a bay’s length inside an edge, so that the bays end at it', () => {
    const { from, to } = snapped(lot(), { x: 10, y: 24.6 }, { x: 20.2, y: 25.5 }, REACH_M);
    close(from, { x: 10, y: 25 });
    close(to, { x: 20, y: 25 });
  });

  it('goes on where another row ends, in its direction', () => {
    const drawing = addRow(lot(), { x: 5, y: 20 }, { x: 15, y: 20 }, 4, false) ?? lot();
    const { from, to } = snapped(drawing, { x: 15.4, y: 19.7 }, { x: 27.8, y: 20.6 }, REACH_M);
    close(from, { x: 15, y: 20 });
    close(to, { x: 27.5, y: 20 });
  });

  it('faces another row across an aisle and is as long', () => {
    const drawing = addRow(lot(), { x: 5, y: 20 }, { x: 16, y: 20 }, 4, false) ?? lot();
    const { from, to } = snapped(drawing, { x: 5.2, y: 14.5 }, { x: 15.6, y: 14.2 }, REACH_M);
    close(from, { x: 5, y: 14 });
    // Both rows end side by side, though eleven metres are no whole number of bays.
    close(to, { x: 16, y: 14 });
    const { to: far } = snapped(drawing, { x: 5.2, y: 20.1 }, { x: 15.6, y: 20.2 }, REACH_M);
    close(far, { x: 16, y: 20 });
  });

  it('of no length is left alone', () => {
    const { from, to } = snapped(lot(), { x: 12, y: 13 }, { x: 12, y: 13 }, REACH_M);
    expect([from, to]).toEqual([{ x: 12, y: 13 }, { x: 12, y: 13 }]);
  });
});

it('a row that was snapped is one step back', () => {
  const steps = new Steps(lot());
  const { from, to } = snapped(steps.now, { x: 0.5, y: 0.3 }, { x: 20.3, y: 0.4 }, REACH_M);
  const next = addRow(steps.now, from, to, 8, false);
  if (!next) throw new Error('no row');
  steps.add(next);
  expect(steps.now.bays).toHaveLength(8);
  expect(steps.now.bays[0]?.ring[0]).toEqual({ x: 0, y: 0 });
  steps.undo();
  expect(steps.now.bays).toHaveLength(0);
});
