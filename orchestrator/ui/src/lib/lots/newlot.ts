/** A lot that nobody has drawn yet: whether its id will do, and the ground that it begins with. Asks nobody and keeps nothing. */

import type { LatLon } from '../types';
import { toPlace } from './drawing';

/** The longest id that the server takes. */
export const ID_LENGTH_MAX = 64;
/** A new lot is 60 m by 30 m until its corners are dragged to where they lie: it fits on a screen, and is large enough to grasp. */
const HALF_M = { x: 30, y: 15 };
const CORNERS = [[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]] as const;

/** What is wrong with an id; a word that every language has a sentence for. */
export type IdFault = 'empty' | 'character' | 'beginning' | 'long' | 'taken';

/** What keeps an id from being used beside the known ones, as it stands without spaces around it; null when nothing does. */
export function idFault(id: string, known: readonly string[]): IdFault | null {
  if (!id) return 'empty';
  if (/[^A-Za-z0-9._-]/.test(id)) return 'character';
  // A dot alone, or two, would be a place in the browser's address.
  if (/^[^A-Za-z0-9]/.test(id)) return 'beginning';
  if (id.length > ID_LENGTH_MAX) return 'long';
  return known.includes(id) ? 'taken' : null;
}

/** A lot round a place, as the server takes it. */
export function newLot(id: string, name: string, middle: LatLon): GeoJSON.FeatureCollection {
  const corners = CORNERS.map(([x, y]) => toPlace(middle, { x: x * HALF_M.x, y: y * HALF_M.y }));
  return { type: 'FeatureCollection', features: [{ type: 'Feature', id, geometry: { type: 'Polygon', coordinates: [corners] }, properties: { kind: 'lot', name } }] };
}
