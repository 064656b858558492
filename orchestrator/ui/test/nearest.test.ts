/** Words for a place: asked once, asked anew when it moved, and never for a place that is past. */

import { afterEach, expect, it, vi } from 'vitest';
import { api } from '../src/lib/api';
import { NearestAddress } from '../src/lib/nearest.svelte';

const here = { lat: 37.5, lon: 127 };
const aStepOn = { lat: 37.50005, lon: 127 };
const aStreetOn = { lat: 37.5005, lon: 127 };

afterEach(() => vi.restoreAllMocks());

it('asks once for a place and anew when it moved', async () => {
  const asked = vi.spyOn(api, 'nearestAddress').mockResolvedValue({ text: '은하로 1', distance_m: 12 });
  const nearest = new NearestAddress();
  await nearest.look(here, null);
  await nearest.look(aStepOn, null);
  expect([asked.mock.calls.length, nearest.text, nearest.distanceM]).toEqual([1, '은하로 1', 12]);
  asked.mockResolvedValue({ text: null, distance_m: null });
  await nearest.look(aStreetOn, null);
  expect([asked.mock.calls.length, nearest.text]).toEqual([2, null]);
});

it('drops an answer that comes after the place has moved', async () => {
  let answer: (found: { text: string; distance_m: number }) => void = () => {};
  const late = new Promise<{ text: string; distance_m: number }>((resolve) => (answer = resolve));
  vi.spyOn(api, 'nearestAddress').mockReturnValueOnce(late).mockResolvedValueOnce({ text: '은하로 9', distance_m: 3 });
  const nearest = new NearestAddress();
  const first = nearest.look(here, null);
  await nearest.look(aStreetOn, null);
  answer({ text: '은하로 1', distance_m: 1 });
  await first;
  expect(nearest.text).toBe('은하로 9');
});

it('keeps what it knows when the server cannot be reached, and asks again', async () => {
  const asked = vi.spyOn(api, 'nearestAddress').mockResolvedValueOnce({ text: '은하로 1', distance_m: 1 });
  const nearest = new NearestAddress();
  await nearest.look(here, null);
  asked.mockRejectedValueOnce(new Error('no network')).mockResolvedValueOnce({ text: '은하로 9', distance_m: 1 });
  await nearest.look(aStreetOn, null);
  expect(nearest.text).toBe('은하로 1');
  await nearest.look(aStreetOn, null);
  expect(nearest.text).toBe('은하로 9');
});
