/** What surveys know of one lot, as last asked; and what a manager can do about it. */

import { type BayView, type FindingView, surveys, type SurveyView } from './api';
import { type FilmView, type Moment, momentAt } from './film';

export class SurveyBook {
  readonly lot: string;
  /** Latest first. */
  all = $state.raw<SurveyView[]>([]);
  /** Latest first. */
  findings = $state.raw<FindingView[]>([]);
  bays = $state.raw<BayView[]>([]);
  /** The finding that is looked at, by its number. */
  shown = $state<number | null>(null);

  /** The survey that is played again, and where in it one is, milliseconds of the film's own time. */
  film = $state.raw<FilmView | null>(null);
  positionMs = $state(0);

  constructor(lot: string) {
    this.lot = lot;
  }

  get latest(): SurveyView | undefined {
    return this.all[0];
  }

  /** What the film shows now; none when none is played. */
  get moment(): Moment | null {
    return this.film && momentAt(this.film, this.findings, this.positionMs);
  }

  async look(): Promise<void> {
    const lot = this.lot;
    [this.all, this.findings, this.bays] = await Promise.all([surveys.list(lot), surveys.findings(lot), surveys.bays(lot)]);
  }
}
