import { describe, expect, it } from 'vitest';
import { flownPct, kept, occupancy, pictureUrl } from '../src/lib/surveys/api';
import { surveysEn, surveysKo } from '../src/lib/i18n/surveys';

describe('surveys', () => {
  it('names pictures by survey and number', () => {
    expect(pictureUrl('p 1', 'survey-000012/000034')).toBe('/api/v1/lots/p%201/surveys/survey-000012/pictures/000034');
  });

  it('counts bays by what was last seen', () => {
    const bay = (taken: boolean | null, seen_ms: number) => ({ bay: 'b', taken, seen_ms });
    expect(occupancy([bay(true, 1), bay(true, 5), bay(false, 2), bay(null, 3)])).toEqual({ taken: 2, free: 1, unsure: 1, seenMs: 5 });
    expect(occupancy([])).toEqual({ taken: 0, free: 0, unsure: 0, seenMs: null });
  });

  it('names what keeps a survey away, and not the strips between lanes', () => {
    const zone = { share: 0.2, reason: 'zone' as const, name: 'Heliport' };
    const unseen = [zone, { share: 0.01, reason: 'lanes' as const }];
    expect(kept({ coverage: { seen: 0.79, unseen } })).toEqual([zone]);
    expect(kept({ coverage: { seen: 1 } })).toEqual([]);
    expect(kept({ coverage: null })).toEqual([]);
    for (const texts of [surveysEn, surveysKo]) {
      expect(texts.reason(zone)).toContain('Heliport');
      expect(texts.reason({ share: 0.1, reason: 'obstacle', id: 'b12' })).toContain('b12');
    }
  });

  it('shows no more than the whole way', () => {
    expect(flownPct({ flown_m: 30, whole_m: 120 })).toBe(25);
    expect(flownPct({ flown_m: 121, whole_m: 120 })).toBe(100);
    expect(flownPct({ flown_m: 0, whole_m: 0 })).toBe(0);
  });
});
