/** Keys of presses: a press that is told again over a bad network is the same press, and is done once. */

import { ApiError } from './api';
import { freshKey } from './parking';

/** Presses of a page by what they ask for: the same thing asked again before it was answered carries the same key. */
export class Presses {
  readonly #keys = new Map<string, string>();

  async once<T>(what: string, send: (key: string) => Promise<T>): Promise<T> {
    const key = this.#keys.get(what) ?? freshKey();
    this.#keys.set(what, key);
    try {
      const answer = await send(key);
      this.#keys.delete(what);
      return answer;
    } catch (error) {
      // A refusal is an answer too.
      if (error instanceof ApiError && !error.retryable) this.#keys.delete(what);
      throw error;
    }
  }
}

/**
 * A payment by card. Its key stays until the server has said what became of it: whatever is sent under one key is one payment, so a first try
 * whose answer was lost is never paid a second time, although amount and card may have changed meanwhile.
 */
export class CardPayment {
  #key = freshKey();

  /** `before`: an earlier press, of another amount, had arrived after all. Nothing more was asked for. */
  async ask(send: (key: string) => Promise<unknown>): Promise<'asked' | 'before'> {
    try {
      await send(this.#key);
    } catch (error) {
      if (!(error instanceof ApiError && error.fault === 'key_reused')) throw error;
      this.#key = freshKey();
      return 'before';
    }
    this.#key = freshKey();
    return 'asked';
  }
}
