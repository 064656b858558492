/** What went wrong, in words for the person who tried. */

import { ApiError } from './api';
import { cause } from './say';
import type { Messages } from './i18n/en';

export function problemText(m: Messages, error: unknown): string {
  if (!(error instanceof ApiError)) return m.error.generic(error instanceof Error ? error.message : String(error));
  if (error.status === 0) return m.error.unreachable;
  // The role would do: which lots are this manager's can be changed, and by whom is worth saying.
  if (error.kind === 'other-lot') return m.problem['other-lot'];
  if (error.status === 401 || error.status === 403) return m.error.notAllowed;
  if (error.status === 429) return m.error.tooMany;
  if (error.why !== undefined) return m.error.generic(cause(m, error.why));
  const refused = error.fault && (m.parking.fault as Record<string, string>)[error.fault];
  if (refused) return refused;
  const known = (m.problem as Record<string, string>)[error.kind];
  // Which value is wrong is only in the detail.
  if (known && ['invalid', 'malformed'].includes(error.kind) && error.detail) return `${known} (${error.detail})`;
  return known ?? m.error.generic(error.detail || error.title);
}
