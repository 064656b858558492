import { describe, expect, it } from 'vitest';
import { going } from '../src/lib/position.svelte';

describe('how a device goes', () => {
  it('is said as far as the receiver knows it', () => {
    expect(going(1.4, 90)).toEqual({ speed_m_s: 1.4, heading_deg: 90 });
    expect(going(0, Number.NaN)).toEqual({ speed_m_s: 0 });
    expect(going(null, null)).toEqual({});
    expect(going(-1, 90)).toEqual({});
  });
});
