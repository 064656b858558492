/** Looks again and again, while somebody looks at the page and something can still change. */

/** How often it is asked whether it is time; costs no request. */
const TICK_MS = 500;
/** Something happens right now: a payment is under way. */
export const LIVELY_MS = 1_500;
/** Something may happen any moment: a code is shown to somebody, or an answer is still missing. */
export const SOON_MS = 3_000;
/** Only the fee grows, by the minute. */
export const CALM_MS = 10_000;

/** What of a page tells whether it is looked at; the browser's own document. */
export type Page = Pick<Document, 'visibilityState' | 'addEventListener' | 'removeEventListener'>;

/**
 * Calls `look` at once, then whenever `pace` says that it is time, and when the page comes back to the front. `pace` answers milliseconds between two
 * looks, or `null` while nothing can change. Answers how to stop.
 */
export function watch(look: () => unknown, pace: () => number | null, page: Page = document): () => void {
  let lastMs = Date.now();
  const now = (): void => {
    lastMs = Date.now();
    look();
  };
  const tick = (): void => {
    const every = pace();
    if (page.visibilityState === 'visible' && every !== null && Date.now() - lastMs >= every) now();
  };
  const back = (): void => {
    if (page.visibilityState === 'visible') now();
  };
  now();
  const timer = setInterval(tick, TICK_MS);
  page.addEventListener('visibilitychange', back);
  return () => {
    clearInterval(timer);
    page.removeEventListener('visibilitychange', back);
  };
}
