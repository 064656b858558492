/** Why a camera gives no picture, in the reader's language. */

import type { Messages } from '../i18n/en';
import type { FeedProblem } from './player.svelte';

/** A kind that this page does not know is told in the server's words. */
export function feedProblem(m: Messages, problem: FeedProblem): string {
  const known = m.feed.problem as Record<string, (detail: string) => string>;
  return known[problem.kind]?.(problem.detail) ?? problem.detail;
}
