/** Which piece of the ground a map shows: where its middle is, and how many pixels a metre has. North is up. */

import type { Spot } from './drawing';

export interface View {
  x: number;
  y: number;
  scale: number;
}

export interface Size {
  width: number;
  height: number;
}

const SCALE_MIN = 0.5;
const SCALE_MAX = 80;

export const toScreen = (view: View, size: Size, at: Spot): Spot => ({
  x: (at.x - view.x) * view.scale + size.width / 2,
  y: size.height / 2 - (at.y - view.y) * view.scale,
});

export const toGround = (view: View, size: Size, at: Spot): Spot => ({
  x: view.x + (at.x - size.width / 2) / view.scale,
  y: view.y - (at.y - size.height / 2) / view.scale,
});

/** Everything in view, with room for a thumb round it. */
export function whole(corners: readonly Spot[], size: Size): View {
  const [xs, ys] = [corners.map((corner) => corner.x), corners.map((corner) => corner.y)];
  const [west, east, south, north] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const scale = Math.min((size.width - 48) / Math.max(east - west, 1), (size.height - 48) / Math.max(north - south, 1));
  return { x: (west + east) / 2, y: (south + north) / 2, scale: Math.min(SCALE_MAX, Math.max(SCALE_MIN, scale)) };
}

/** Closer or farther by a factor; the ground under a point of the screen stays there. */
export function zoomed(view: View, size: Size, factor: number, around: Spot): View {
  const scale = Math.min(SCALE_MAX, Math.max(SCALE_MIN, view.scale * factor));
  const ground = toGround(view, size, around);
  return { x: ground.x - (around.x - size.width / 2) / scale, y: ground.y + (around.y - size.height / 2) / scale, scale };
}

export const panned = (view: View, by: Spot): View => ({ ...view, x: view.x - by.x / view.scale, y: view.y + by.y / view.scale });
