import { describe, expect, it } from 'vitest';
import type { FindingView } from '../src/lib/surveys/api';
import { advanced, type FilmView, lengthMs, momentAt, times } from '../src/lib/surveys/film';

const START = 1_800_000_000_000;
const place = (step: number) => ({ lat: 37.5, lon: 127 + step * 1e-5 });

/** Two sorties, ten minutes apart: frames each second, a picture kept of the third and the fourth. */
const film: FilmView = {
  survey: 'survey-000001',
  frames: [0, 1, 2, 3].map((step) => ({ at_ms: START + step * 1_000, place: place(step), picture: step >= 2 ? `survey-000001/00000${step}` : null })).concat(
    [0, 1].map((step) => ({ at_ms: START + 603_000 + step * 1_000, place: place(20 + step), picture: null })),
  ),
  bays: [
    { at_ms: START, bay: 'A1-01', taken: null },
    { at_ms: START + 1_000, bay: 'A1-01', taken: true },
    { at_ms: START + 2_000, bay: 'A1-02', taken: false },
  ],
  beacons: [{ at_ms: START + 2_000, area: 'A1' }],
};

const finding = (number: number, pictures: string[]): FindingView => ({
  number,
  kind: 'beacon_moved',
  of: 'beacon',
  subject: 'A1',
  count: 1,
  place: null,
  confidence: 1,
  pictures,
  best: pictures[0] ?? null,
  life: 'open',
  by: null,
  at_ms: null,
  first_ms: 0,
  last_ms: 0,
});

describe('the film of a survey', () => {
  it('cuts the time between sorties', () => {
    expect(times(film)).toEqual([0, 1_000, 2_000, 3_000, 4_500, 5_500]);
    expect(lengthMs(film)).toBe(5_500);
    expect(lengthMs({ ...film, frames: [] })).toBe(0);
  });

  it('moves on by its speed and stops at its ends', () => {
    expect(advanced(1_000, 100, 20, 5_500)).toBe(3_000);
    expect(advanced(5_000, 100, 20, 5_500)).toBe(5_500);
    expect(advanced(100, -50, 20, 5_500)).toBe(0);
  });

  it('shows the aircraft between two frames, and its way', () => {
    const moment = momentAt(film, [], 1_500);
    expect(moment.atMs).toBe(START + 1_500);
    expect(moment.place?.lon).toBeCloseTo(127 + 1.5e-5, 9);
    expect(moment.trail).toHaveLength(1);
    expect(moment.trail[0]).toHaveLength(3);
  });

  it('begins another line with another sortie', () => {
    const moment = momentAt(film, [], 5_500);
    expect(moment.trail.map((line) => line.length)).toEqual([4, 3]);
    // While it is away it stands where it was last.
    expect(momentAt(film, [], 3_900).place).toEqual(place(3));
  });

  it('lets bays turn known as they were seen', () => {
    expect(momentAt(film, [], 500).occupancy).toEqual({ 'A1-01': 'unknown' });
    expect(momentAt(film, [], 1_000).occupancy).toEqual({ 'A1-01': 'taken' });
    expect(momentAt(film, [], 5_000).occupancy).toEqual({ 'A1-01': 'taken', 'A1-02': 'free' });
    expect(momentAt(film, [], 1_000).read).toEqual([]);
    expect(momentAt(film, [], 2_000).read).toEqual(['A1']);
  });

  it('lets a finding appear with the second picture that shows it, and leaves those of other surveys out', () => {
    const findings = [finding(1, ['survey-000001/000003', 'survey-000001/000002']), finding(2, ['survey-000001/000002']), finding(3, ['survey-000000/000002'])];
    expect(momentAt(film, findings, 1_900).found).toEqual([]);
    expect(momentAt(film, findings, 2_000).found).toEqual([2]);
    expect(momentAt(film, findings, 3_000).found).toEqual([1, 2]);
  });

  it('shows a kept picture at its moment', () => {
    expect(momentAt(film, [], 1_000).picture).toBeNull();
    expect(momentAt(film, [], 2_500).picture).toBe('survey-000001/000002');
    expect(momentAt(film, [], 3_000).picture).toBe('survey-000001/000003');
    expect(momentAt(film, [], 5_500).picture, 'minutes later it is gone').toBeNull();
  });

  it('has nothing to show without frames', () => {
    expect(momentAt({ ...film, frames: [], bays: [], beacons: [] }, [], 0)).toMatchObject({ place: null, trail: [], picture: null });
  });
});
