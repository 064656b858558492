import { describe, expect, it } from 'vitest';
import { flownPct, occupancy, pictureUrl } from '../src/lib/surveys/api';

describe('surveys', () => {
  it('names pictures by survey and number', () => {
    expect(pictureUrl('p 1', 'survey-000012/000034')).toBe('/api/v1/lots/p%201/surveys/survey-000012/pictures/000034');
  });

  it('counts bays by what was last seen', () => {
    const bay = (taken: boolean | null, seen_ms: number) => ({ bay: 'b', taken, seen_ms });
    expect(occupancy([bay(true, 1), bay(true, 5), bay(false, 2), bay(null, 3)])).toEqual({ taken: 2, free: 1, unsure: 1, seenMs: 5 });
    expect(occupancy([])).toEqual({ taken: 0, free: 0, unsure: 0, seenMs: null });
  });

  it('shows no more than the whole way', () => {
    expect(flownPct({ flown_m: 30, whole_m: 120 })).toBe(25);
    expect(flownPct({ flown_m: 121, whole_m: 120 })).toBe(100);
    expect(flownPct({ flown_m: 0, whole_m: 0 })).toBe(0);
  });
});
