/** Drawing a lot: rows of bays where a finger drew them, corners, what goes with an area, steps back. */

import { describe, expect, it } from 'vitest';
import {
  addArea,
  addBeacon,
  addCorner,
  addHole,
  addRow,
  baysAlong,
  contains,
  distance,
  dropCorner,
  type Drawing,
  middle,
  move,
  moveCorner,
  nextAreaId,
  read,
  remove,
  reshape,
  ringOf,
  rowOf,
  Steps,
  turn,
  write,
} from '../src/lib/lots/drawing';
import { toGround, toScreen, whole, zoomed } from '../src/lib/lots/view';

const square = (x: number, y: number, width: number, height: number) => [
  { x, y },
  { x: x + width, y },
  { x: x + width, y: y + height },
  { x, y: y + height },
];

const empty: Drawing = {
  id: 'east',
  name: 'East',
  origin: { lat: 37.5, lon: 127 },
  ring: square(0, 0, 60, 30),
  holes: [square(50, 10, 4, 4)],
  areas: [
    { id: 'A1', name: 'A1', ring: square(0, 0, 30, 30) },
    { id: 'A2', name: 'A2', ring: square(30, 0, 30, 30) },
  ],
  bays: [],
  beacons: [],
};

const row = (): Drawing => addRow(empty, { x: 5, y: 20 }, { x: 15, y: 20 }, 4, false) ?? empty;

describe('a row', () => {
  it('has as many bays as the stroke is long, on the side that was chosen, facing away from the aisle', () => {
    expect(baysAlong({ x: 5, y: 20 }, { x: 15, y: 20 })).toBe(4);
    const [left, right] = [row(), addRow(empty, { x: 5, y: 20 }, { x: 15, y: 20 }, 4, true)];
    expect(left.bays.map((bay) => [bay.id, bay.area, bay.headingDeg])).toEqual([1, 2, 3, 4].map((n) => [`A1-0${n}`, 'A1', 0]));
    expect(right?.bays.map((bay) => bay.headingDeg)).toEqual([180, 180, 180, 180]);
    expect(middle(left.bays[0]?.ring ?? [])).toEqual({ x: 6.25, y: 22.5 });
    expect(right && middle(right.bays[0]?.ring ?? []).y).toBe(17.5);
  });

  it('gets names that are free, and none outside every area', () => {
    const more = addRow(row(), { x: 5, y: 10 }, { x: 10, y: 10 }, 2, false);
    expect(more?.bays.slice(4).map((bay) => bay.id)).toEqual(['A1-05', 'A1-06']);
    expect(addRow(empty, { x: -20, y: -20 }, { x: -10, y: -20 }, 4, true)).toBeNull();
  });

  it('is found whole from one of its bays, and is turned and moved as one', () => {
    const two = addRow(row(), { x: 5, y: 10 }, { x: 15, y: 10 }, 4, false) ?? empty;
    const ids = rowOf(two, 'A1-02');
    expect([...ids].sort()).toEqual(['A1-01', 'A1-02', 'A1-03', 'A1-04']);
    const moved = move(two, { kind: 'bay', ids }, { x: 1, y: 2 });
    expect(moved.bays.map((bay) => bay.ring[0])).toEqual([...two.bays.slice(0, 4).map(({ ring: [at] }) => ({ x: (at?.x ?? 0) + 1, y: (at?.y ?? 0) + 2 })), ...two.bays.slice(4).map((bay) => bay.ring[0])]);
    const turned = turn(two, { kind: 'bay', ids }, 90);
    expect(turned.bays[0]?.headingDeg).toBe(90);
    const ends = [turned.bays[0], turned.bays[3]].map((bay) => middle(bay?.ring ?? []));
    expect(ends[0] && ends[1] && Math.abs(ends[0].x - ends[1].x) < 1e-9 && distance(ends[0], ends[1])).toBeCloseTo(7.5);
  });
});

it('corners are moved, added and taken away, but never below three', () => {
  const pick = { kind: 'area' as const, ids: ['A2'] };
  const corners = (drawing: Drawing) => drawing.areas[1]?.ring ?? [];
  expect(corners(reshape(empty, pick, moveCorner(0, { x: 31, y: 1 })))[0]).toEqual({ x: 31, y: 1 });
  const five = reshape(empty, pick, addCorner(0, { x: 45, y: -1 }));
  expect(corners(five)[1]).toEqual({ x: 45, y: -1 });
  const drop = (drawing: Drawing) => reshape(drawing, pick, dropCorner(0));
  expect(corners(drop(drop(drop(drop(five))))).length).toBe(3);
});

it('an area goes with what stands in it', () => {
  const drawn = addBeacon(row(), { x: 15, y: 5 });
  expect(drawn?.beacons).toMatchObject([{ id: 'A1-beacon', area: 'A1', state: 'planned' }]);
  expect(addBeacon(empty, { x: -5, y: 5 })).toBeNull();
  const left = drawn && remove(drawn, { kind: 'area', ids: ['A1'] });
  expect([left?.areas.length, left?.bays.length, left?.beacons.length]).toEqual([1, 0, 0]);
});

it('a new area lies along the lot and continues its names', () => {
  const id = nextAreaId(empty);
  expect(id).toBe('A3');
  const drawn = addArea(empty, { x: 2, y: 2 }, { x: 12, y: 8 }, id);
  expect(contains(drawn.areas[2]?.ring ?? [], { x: 11, y: 7 })).toBe(true);
});

it('a hole is drawn, moved, given another corner and taken away', () => {
  const drawn = addHole(empty, { x: 20, y: 10 }, { x: 26, y: 14 });
  const pick = { kind: 'hole' as const, ids: ['1'] };
  expect(contains(ringOf(drawn, pick), { x: 25, y: 13 })).toBe(true);
  const moved = move(drawn, pick, { x: 10, y: 0 });
  expect([contains(ringOf(moved, pick), { x: 25, y: 13 }), contains(ringOf(moved, pick), { x: 35, y: 13 })]).toEqual([false, true]);
  expect(moved.holes[0]).toBe(empty.holes[0]);
  expect(ringOf(reshape(moved, pick, dropCorner(0)), pick)).toHaveLength(3);
  expect(read(write(drawn)).holes).toHaveLength(2);
  expect(remove(drawn, pick).holes).toEqual(empty.holes);
});

it('what is written is read back to a centimetre', () => {
  const drawn = addBeacon(row(), { x: 15, y: 5 }) ?? empty;
  const again = read(write(drawn));
  expect(again.bays.map((bay) => [bay.id, bay.area, bay.headingDeg])).toEqual(drawn.bays.map((bay) => [bay.id, bay.area, bay.headingDeg]));
  const off = again.bays.flatMap((bay, index) => bay.ring.map((corner, at) => distance(corner, drawn.bays[index]?.ring[at] ?? corner)));
  expect(Math.max(...off)).toBeLessThan(0.02);
  expect([again.holes.length, again.beacons[0]?.moduleMm, again.beacons[0]?.key]).toEqual([1, 33, undefined]);
});

it('steps go back and forth, and a new one ends what was undone', () => {
  const steps = new Steps(empty);
  const drawn = row();
  steps.add(drawn);
  steps.add(drawn);
  expect(steps.canUndo).toBe(true);
  steps.undo();
  expect([steps.now, steps.canUndo, steps.canRedo]).toEqual([empty, false, true]);
  steps.redo();
  expect(steps.now).toBe(drawn);
  steps.undo();
  steps.add(remove(empty, { kind: 'area', ids: ['A2'] }));
  expect(steps.canRedo).toBe(false);
});

it('the ground under the finger stays there while zooming', () => {
  const size = { width: 360, height: 400 };
  const view = whole(empty.ring, size);
  const finger = { x: 300, y: 120 };
  const ground = toGround(view, size, finger);
  const there = toScreen(zoomed(view, size, 3, finger), size, ground);
  expect(distance(there, finger)).toBeLessThan(1e-9);
});
