/** What surveys know of one lot, as last asked; and what a manager can do about it. */

import { type BayView, type FindingView, surveys, type SurveyView } from './api';

export class SurveyBook {
  readonly lot: string;
  /** Latest first. */
  all = $state.raw<SurveyView[]>([]);
  /** Latest first. */
  findings = $state.raw<FindingView[]>([]);
  bays = $state.raw<BayView[]>([]);
  /** The finding that is looked at, by its number. */
  shown = $state<number | null>(null);

  constructor(lot: string) {
    this.lot = lot;
  }

  get latest(): SurveyView | undefined {
    return this.all[0];
  }

  async look(): Promise<void> {
    const lot = this.lot;
    [this.all, this.findings, this.bays] = await Promise.all([surveys.list(lot), surveys.findings(lot), surveys.bays(lot)]);
  }
}
