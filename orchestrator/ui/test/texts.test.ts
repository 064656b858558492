/** Every text in every language, and every word of the core in a text. */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { choose } from '../src/lib/i18n/index.svelte';
import { en } from '../src/lib/i18n/en';
import { ko } from '../src/lib/i18n/ko';
import * as say from '../src/lib/say';

type Leaf = { path: string; text: string };

/** Every text of a dictionary; functions are called with stand-ins that must come through. */
function leaves(value: unknown, path = ''): Leaf[] {
  if (typeof value === 'string') return [{ path, text: value }];
  if (typeof value === 'function') {
    const text: unknown = path.startsWith('.timeline') ? value({}) : value('7', '8');
    return [{ path, text: String(text) }];
  }
  return Object.entries(value as object).flatMap(([key, inner]) => leaves(inner, `${path}.${key}`));
}

// Names and signs that are the same in both languages.
const SAME = new Set(['.sos.sos', '.place.gps', '.accuracy', '.actor.account']);

describe('both languages', () => {
  it('have the same texts, none empty', () => {
    const [english, korean] = [leaves(en), leaves(ko)];
    expect(korean.map((leaf) => leaf.path)).toEqual(english.map((leaf) => leaf.path));
    expect([...english, ...korean].filter((leaf) => leaf.text.trim() === '')).toEqual([]);
  });

  it('Korean is Korean', () => {
    const foreign = leaves(ko).filter((leaf) => !/[가-힣]/.test(leaf.text) && !SAME.has(leaf.path));
    expect(foreign).toEqual([]);
  });

  it('English has no Korean left in it', () => {
    expect(leaves(en).filter((leaf) => /[가-힣]/.test(leaf.text))).toEqual([]);
  });
});

it.each<[string | null, string[], 'en' | 'ko']>([
  [null, ['ko-KR', 'en'], 'ko'],
  [null, ['de', 'en-GB', 'ko'], 'en'],
  [null, ['de', 'fr'], 'en'],
  ['en', ['ko'], 'en'],
  ['xx', ['ko'], 'ko'],
])('stored %s and wanted %j give %s', (stored, wanted, language) => expect(choose(stored, wanted)).toBe(language));

/** All Rust files of the core. */
function coreSources(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return coreSources(path);
    return name.endsWith('.rs') && !name.includes('test') ? [path] : [];
  });
}

describe('the timeline', () => {
  it('is shown word for word when this page does not know a word yet', () => {
    expect(say.timeline(en, { what: 'new_thing', detail: { eta_s: '5' } })).toBe('new thing · eta s 5');
  });

  it('has a text for every word that the core writes into it', () => {
    const written = coreSources(join(import.meta.dirname, '../../core/src')).flatMap((path) => {
      const source = readFileSync(path, 'utf8');
      const direct = source.matchAll(/\bnote(?:_once)?\(state, turn, [^"[]{0,60}?"([a-z_]+)"/g);
      const byTable = source.matchAll(/=> "((?:alert|drone)_[a-z_]+)"/g);
      return [...direct, ...byTable].map((match) => match[1] ?? '');
    });
    // When the core stops writing lines in this way, this test must be told how it does now.
    expect(new Set(written).size).toBeGreaterThan(50);
    expect([...new Set(written)].filter((word) => !(word in en.timeline))).toEqual([]);
  });
});
