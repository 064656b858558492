import { describe, expect, it } from 'vitest';
import { HANDOVER_MS_MAX, handedOver, wanted, type Views } from '../src/lib/feed/handover';
import type { FeedState } from '../src/lib/feed/healing';

const states = (before: FeedState, after?: FeedState): Map<string, FeedState> => new Map(after ? [['d1', before], ['d2', after]] : [['d1', before]]);
const between: Views = { shown: 'd1', coming: { drone: 'd2', sinceMs: 1_000 } };
const after: Views = { shown: 'd2', coming: null };

describe('one picture in the place of another', () => {
  it('fetches the relief behind what is seen and shows it when it is there', () => {
    expect(wanted({ shown: 'd1', coming: null }, 'd2', 1_000)).toEqual(between);
    for (const notYet of [states('live'), states('live', 'connecting'), states('stills', 'stale')]) expect(handedOver(between, notYet, 1_500)).toBe(between);
    for (const there of ['live', 'stills'] as const) expect(handedOver(between, states('live', there), 1_500)).toEqual(after);
  });

  it('does not hold on to an old picture, nor wait for ever for a new one', () => {
    for (const before of ['stale', 'none', 'connecting'] as const) expect(handedOver(between, states(before, 'connecting'), 1_100)).toEqual(after);
    expect(handedOver(between, states('live', 'connecting'), 1_000 + HANDOVER_MS_MAX - 1)).toBe(between);
    expect(handedOver(between, states('live', 'connecting'), 1_000 + HANDOVER_MS_MAX)).toEqual(after);
  });

  it('stays with one picture when the wish is taken back or said again', () => {
    expect(wanted(between, 'd1', 2_000)).toEqual({ shown: 'd1', coming: null });
    expect(wanted(between, 'd2', 2_000)).toBe(between);
    expect(wanted(after, 'd2', 2_000)).toBe(after);
    expect(wanted(between, 'd3', 2_000)).toEqual({ shown: 'd1', coming: { drone: 'd3', sinceMs: 2_000 } });
  });
});
