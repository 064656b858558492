import { describe, expect, it } from 'vitest';
import { ANEW_MS, isOld, isPicture, nextStep, REFUSED_BRIEFLY_MS, RETRY_MS, SERVER_BACK_OLD_MS, SILENT_BEFORE_STILLS_MS, STALE_MS, TRIES_BEFORE_STILLS, vainTries, type Look } from '../src/lib/feed/healing';

const look = (changed: Partial<Look>): Look => ({
  ageMs: 50,
  lateMs: 0,
  sinceBegunMs: 60_000,
  sinceRetryMs: 60_000,
  firstPictureMs: 2_500,
  failures: 0,
  refused: false,
  connected: true,
  hasStill: false,
  busy: false,
  ...changed,
});

describe('healing of the picture', () => {
  it('calls nothing live that is older than a second', () => {
    expect(nextStep(look({ ageMs: STALE_MS - 1 })).state).toBe('live');
    for (const ageMs of [STALE_MS, 5_000, 3_600_000]) expect(nextStep(look({ ageMs })).state).toBe('stale');
  });

  it('calls nothing live that was late when it came, and does not begin anew for it: the next connection would bring the same', () => {
    const late = nextStep(look({ ageMs: 50, lateMs: STALE_MS - 50 }));
    expect([late.state, late.begin]).toEqual(['stale', false]);
    expect(nextStep(look({ ageMs: 50, lateMs: STALE_MS - 51 })).state).toBe('live');
    const stills = { failures: TRIES_BEFORE_STILLS + 1, hasStill: true, connected: false };
    expect(nextStep(look({ ...stills, ageMs: 2_500, lateMs: 2_000 })).state).toBe('stills');
  });

  it('leaves a fresh picture alone and begins anew when it stops', () => {
    expect(nextStep(look({})).begin).toBe(false);
    expect(nextStep(look({ ageMs: ANEW_MS - 1 })).begin).toBe(false);
    expect(nextStep(look({ ageMs: ANEW_MS })).begin).toBe(true);
  });

  it('gives a new connection its time', () => {
    expect(nextStep(look({ ageMs: 9_000, sinceBegunMs: 1_400, sinceRetryMs: 1_400 })).begin).toBe(false);
    expect(nextStep(look({ ageMs: 9_000, sinceBegunMs: 2_600, sinceRetryMs: 2_600 })).begin).toBe(true);
    expect(nextStep(look({ ageMs: null, sinceBegunMs: 2_600, sinceRetryMs: 2_600 })).begin).toBe(true);
  });

  it('tries a server that is away every so often, not all the time', () => {
    expect(nextStep(look({ ageMs: 3_000, connected: false, sinceRetryMs: RETRY_MS - 1 })).begin).toBe(false);
    expect(nextStep(look({ ageMs: 3_000, connected: false, sinceRetryMs: RETRY_MS })).begin).toBe(true);
    expect(nextStep(look({ ageMs: 3_000, connected: false, busy: true })).begin).toBe(false);
  });

  it('asks for stills after some tries in vain, and says that they are stills', () => {
    const tired = { failures: TRIES_BEFORE_STILLS + 1, ageMs: 1_500, connected: false };
    expect(nextStep(look(tired)).stills).toBe(true);
    expect(nextStep(look({ ...tired, hasStill: true })).state).toBe('stills');
    expect(nextStep(look({ ...tired, hasStill: true, ageMs: 4_000 })).state).toBe('stale');
  });

  it('asks for stills after four seconds without a picture, whatever the server answered', () => {
    expect(vainTries(0, SILENT_BEFORE_STILLS_MS - 1)).toBe(0);
    const failures = vainTries(0, SILENT_BEFORE_STILLS_MS);
    expect(nextStep(look({ failures, ageMs: null, connected: false })).stills).toBe(true);
    expect(vainTries(7, SILENT_BEFORE_STILLS_MS)).toBe(7);
  });

  it('goes on trying quickly while nothing at all comes, as during a restart of the server', () => {
    const away = { failures: 20, connected: false, hasStill: true };
    expect(nextStep(look({ ...away, ageMs: 9_000, sinceRetryMs: RETRY_MS })).begin).toBe(true);
    expect(nextStep(look({ ...away, ageMs: 500, sinceRetryMs: RETRY_MS })).begin).toBe(false);
  });

  it('takes only what came over a connection just now for a picture', () => {
    expect(isPicture(undefined, undefined, false)).toBe(false);
    expect(isPicture(900, undefined, false)).toBe(false);
    expect(isPicture(900, undefined, true)).toBe(true);
    expect(isPicture(900, 900, true)).toBe(false);
    expect(isPicture(undefined, undefined, true)).toBe(true);
  });

  it('asks rarely, and says so, when there is nothing to see', () => {
    const refused = { refused: true, connected: false, ageMs: null, failures: 9 };
    expect(nextStep(look(refused))).toEqual({ state: 'none', begin: true, stills: false });
    expect(nextStep(look({ ...refused, sinceRetryMs: 1_000 })).begin).toBe(false);
    expect(nextStep(look({ ...refused, ageMs: REFUSED_BRIEFLY_MS, sinceRetryMs: 1_000 })).begin).toBe(false);
  });

  it('takes a picture for one of before the server was away only when some are missing', () => {
    expect([null, 10_000, SERVER_BACK_OLD_MS].map(isOld)).toEqual([true, true, true]);
    expect([0, SERVER_BACK_OLD_MS - 1].map(isOld)).toEqual([false, false]);
  });

  it('asks soon again when a server just started does not know the camera yet', () => {
    const started = { refused: true, connected: false, ageMs: 1_500, failures: 2 };
    expect(nextStep(look({ ...started, sinceRetryMs: RETRY_MS }))).toEqual({ state: 'stale', begin: true, stills: false });
    expect(nextStep(look({ ...started, sinceRetryMs: RETRY_MS - 1 })).begin).toBe(false);
  });
});
