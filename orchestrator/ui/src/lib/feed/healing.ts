/** What to do about a picture, by how old the last one is: pure, so that every case can be tested. */

/** `live`: WebRTC, fresh. `stills`: one a second. `stale`: what is seen is old. `none`: there is no picture to be had. */
export type FeedState = 'connecting' | 'live' | 'stills' | 'stale' | 'none';

/** From this age on a picture is not live any more, milliseconds. */
export const STALE_MS = 1_000;
/** From this age on the connection is begun anew. */
export const ANEW_MS = 1_300;
/** Between two tries at least, milliseconds. */
export const RETRY_MS = 400;
/** Between two tries while stills come: they already show something. */
export const RETRY_WITH_STILLS_MS = 5_000;
/** Between two tries when the server says that there is nothing to see for us. */
export const RETRY_REFUSED_MS = 2_000;
/** A server that has just started hears of a camera a moment later: what gave a picture this long ago is not given up at the first no. */
export const REFUSED_BRIEFLY_MS = 10_000;
/** See isOld. */
export const SERVER_BACK_OLD_MS = 350;
/** Answered tries in a row without a picture before stills are asked for as well: the second has begun, so the first had its time. */
export const TRIES_BEFORE_STILLS = 1;
/**
 * Without a picture for so long, stills are asked for whatever the reason: a server too full for another viewer and one whose answers come
 * too late never count as a try.
 */
export const SILENT_BEFORE_STILLS_MS = 4_000;
/** A still may be this old and still be one of "a still every second". */
export const STILL_STALE_MS = 3_000;

/** Between two looks at how late the camera's pictures come: a jam on its radio link grows over seconds. */
export const LATE_LOOK_MS = 2_000;

export interface Look {
  /** Since the last picture came. */
  ageMs: number | null;
  /** How late pictures come at the server: a new one may be old. */
  lateMs: number;
  sinceBegunMs: number;
  sinceRetryMs: number;
  firstPictureMs: number;
  failures: number;
  refused: boolean;
  connected: boolean;
  hasStill: boolean;
  busy: boolean;
}

export interface Step {
  state: FeedState;
  begin: boolean;
  stills: boolean;
}

/** How often WebRTC was tried in vain, as far as stills are concerned. */
export function vainTries(failures: number, silentMs: number): number {
  return silentMs < SILENT_BEFORE_STILLS_MS ? failures : Math.max(failures, TRIES_BEFORE_STILLS + 1);
}

/** Whether what the video element shows is a picture that came just now; browsers that tell no timestamps are believed. */
export function isPicture(timestamp: number | undefined, last: number | undefined, connected: boolean): boolean {
  return connected && (timestamp === undefined || timestamp !== last);
}

/** Whether a picture of this age, when the server speaks again, is one of before: five pictures are missing. */
export function isOld(ageMs: number | null): boolean {
  return ageMs === null || ageMs >= SERVER_BACK_OLD_MS;
}

export function nextStep(look: Look): Step {
  const withStills = look.failures > TRIES_BEFORE_STILLS && !look.refused;
  // Stills tell their own age; how late they come at the server is in it.
  const fresh = look.ageMs !== null && (withStills ? look.ageMs < STILL_STALE_MS : look.ageMs + look.lateMs < STALE_MS);
  return { state: stateOf(look, fresh, withStills), begin: !look.busy && due(look, withStills && fresh), stills: withStills };
}

function stateOf(look: Look, fresh: boolean, withStills: boolean): FeedState {
  if (fresh) return withStills && look.hasStill ? 'stills' : 'live';
  if (isRefused(look)) return 'none';
  return look.ageMs === null ? 'connecting' : 'stale';
}

/** There is nothing to see, and there was nothing a moment ago. */
function isRefused(look: Look): boolean {
  return look.refused && (look.ageMs === null || look.ageMs >= REFUSED_BRIEFLY_MS);
}

function due(look: Look, stillsCome: boolean): boolean {
  const pause = isRefused(look) ? RETRY_REFUSED_MS : stillsCome ? RETRY_WITH_STILLS_MS : RETRY_MS;
  if (look.sinceRetryMs < pause) return false;
  if (!look.connected) return true;
  // Since it was begun anew it has had its time, and still nothing comes.
  const silentMs = Math.min(look.ageMs ?? Infinity, look.sinceBegunMs);
  const waited = look.ageMs === null || look.sinceBegunMs < look.ageMs ? look.firstPictureMs : ANEW_MS;
  return silentMs >= waited;
}
