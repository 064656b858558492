/** One aircraft's picture takes the place of another's without a gap: the old one is seen until the new one is there. Pure. */

import type { FeedState } from './healing';

/** A picture that is not there after so long is seen as it is, with its reason: somebody asked for it. */
export const HANDOVER_MS_MAX = 5_000;

export interface Views {
  /** Whose picture is seen. */
  shown: string;
  /** Whose is fetched behind it, and since when. */
  coming: { drone: string; sinceMs: number } | null;
}

/** Another aircraft's picture is wanted, or the same as before. */
export function wanted(views: Views, drone: string, nowMs: number): Views {
  if (drone === views.shown) return views.coming ? { shown: drone, coming: null } : views;
  return drone === views.coming?.drone ? views : { shown: views.shown, coming: { drone, sinceMs: nowMs } };
}

/** What is known of the two pictures: whether the new one takes the old one's place. An old picture that is none any more is not waited for. */
export function handedOver(views: Views, states: ReadonlyMap<string, FeedState>, nowMs: number): Views {
  if (!views.coming) return views;
  const { drone, sinceMs } = views.coming;
  const [before, after] = [states.get(views.shown), states.get(drone)];
  const isThere = after === 'live' || after === 'stills';
  const isWorthWaiting = (before === 'live' || before === 'stills') && nowMs - sinceMs < HANDOVER_MS_MAX;
  return isThere || !isWorthWaiting ? { shown: drone, coming: null } : views;
}
