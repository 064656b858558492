/** A lot that is new: ids that the server would refuse are refused before, and what it begins with is ground of 60 m by 30 m. */

import { describe, expect, it } from 'vitest';
import { distance, read } from '../src/lib/lots/drawing';
import { ID_LENGTH_MAX, idFault, newLot } from '../src/lib/lots/newlot';

describe('a new lot', () => {
  it('takes the ids that the server takes, and says what is wrong with others', () => {
    for (const id of ['station', 'Station-2_b.old', '7', 'x'.repeat(ID_LENGTH_MAX)]) expect(idFault(id, ['market'])).toBeNull();
    expect(idFault('', [])).toBe('empty');
    for (const id of ['two words', '역앞', 'a/b', 'a?', 'a%20']) expect(idFault(id, [])).toBe('character');
    for (const id of ['.', '..', '-a', '_']) expect(idFault(id, [])).toBe('beginning');
    expect(idFault('x'.repeat(ID_LENGTH_MAX + 1), [])).toBe('long');
    expect(idFault('market', ['station', 'market'])).toBe('taken');
  });

  it('is ground round the place given, closed, with its name', () => {
    const { features } = newLot('new', '새 주차장', { lat: 37.5, lon: 127 });
    const [lot] = features;
    expect(features).toHaveLength(1);
    expect(lot).toMatchObject({ id: 'new', properties: { kind: 'lot', name: '새 주차장' } });
    const [ring] = (lot?.geometry as GeoJSON.Polygon).coordinates as [[number, number][]];
    expect(ring).toHaveLength(5);
    expect(ring[4]).toEqual(ring[0]);
    const drawn = read(newLot('new', '새 주차장', { lat: 37.5, lon: 127 }));
    const sides = drawn.ring.slice(1).map((corner, index) => distance(drawn.ring[index] ?? corner, corner));
    expect(sides.slice(0, 2).map(Math.round)).toEqual([60, 30]);
  });
});
