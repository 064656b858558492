/** The site and its map, loaded once for all pages. */

import { api } from '../api';
import type { SiteView } from '../types';

class Site {
  view = $state.raw<SiteView | null>(null);
  map = $state.raw<GeoJSON.FeatureCollection | null>(null);
  failed = $state(false);
  /** The caller's terminal token, on pages where nobody signs in. */
  token: string | null = null;
  #loading: Promise<void> | null = null;

  /** A rally point's name as shown; its id while the map is not there. */
  rallyPoint(id: string): string {
    const named = this.map?.features.find((feature) => feature.properties?.['kind'] === 'rally_point' && feature.properties['id'] === id);
    const name: unknown = named?.properties?.['name'];
    return typeof name === 'string' ? name : id;
  }

  load(): Promise<void> {
    this.#loading ??= this.#fetch();
    return this.#loading;
  }

  async #fetch(): Promise<void> {
    try {
      [this.view, this.map] = await Promise.all([api.site(this.token), api.siteMap(this.token)]);
      this.failed = false;
    } catch {
      this.failed = true;
      // The next page that needs it may try again.
      this.#loading = null;
    }
  }
}

export const site = new Site();
