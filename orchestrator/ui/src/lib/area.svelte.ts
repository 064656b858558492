/** The area behind a board's code: asked for until the server has said yes or no. A lost answer locks nobody out. */

import { ApiError } from './api';
import type { AreaView } from './parking';

export class Area {
  view = $state<AreaView | null>(null);
  /** Why there is none yet. */
  problem = $state<unknown>(null);
  /** The server has said no: asking again does not help, another board does. */
  refused = $state(false);
  #asking = false;

  constructor(private readonly ask: () => Promise<AreaView>) {}

  /** Asks, unless the answer is known or on its way; called again and again by the page's clock. */
  async look(): Promise<void> {
    if (this.view || this.refused || this.#asking) return;
    this.#asking = true;
    try {
      this.view = await this.ask();
      this.problem = null;
    } catch (error) {
      this.problem = error;
      this.refused = !(error instanceof ApiError && error.retryable);
    } finally {
      this.#asking = false;
    }
  }
}
