/** One order to the server at a time: busy while it is under way, and what went wrong with the last. */

import { i18n } from '../i18n/index.svelte';
import { problemText } from '../problem';

export class Action {
  busy = $state(false);
  problem = $state('');

  async run(action: () => Promise<unknown>): Promise<void> {
    this.busy = true;
    this.problem = '';
    try {
      await action();
    } catch (error) {
      this.problem = problemText(i18n.m, error);
    } finally {
      this.busy = false;
    }
  }
}
