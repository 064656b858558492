/** Words for a place that came as a position only: the address nearest to it, asked for anew when it has moved. */

import { api } from './api';
import { distanceM } from './geo';
import type { LatLon } from './types';

/** Nobody walks into another house's address within this, metres. */
const MOVED_M = 15;

export class NearestAddress {
  text = $state<string | null>(null);
  distanceM = $state(0);
  #asked: LatLon | null = null;

  /** Asks when the place is another one. A failure leaves what was known: the map shows the place in any case. */
  async look(place: LatLon, token: string | null): Promise<void> {
    if (this.#asked && distanceM(this.#asked, place) < MOVED_M) return;
    this.#asked = place;
    try {
      const found = await api.nearestAddress(place, token);
      if (this.#asked !== place) return;
      this.text = found.text ?? null;
      this.distanceM = found.distance_m ?? 0;
    } catch {
      if (this.#asked === place) this.#asked = null;
    }
  }
}
