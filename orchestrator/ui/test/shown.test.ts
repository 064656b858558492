/** What scenarios promise that operators and pilots read, in both languages. The scenarios' own runs prove that the lines are made. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { en } from '../src/lib/i18n/en';
import { ko } from '../src/lib/i18n/ko';
import { timeline } from '../src/lib/say';

const FOLDER = join(import.meta.dirname, '../../../tests/scenarios');

type Shown = { file: string; what: string; detail: Record<string, string>; en: string; ko: string };

/** The `[[shown]]` tables of a scenario: plain texts, one to a line, and `detail.…` for particulars. */
function shownIn(file: string): Shown[] {
  const tables = readFileSync(join(FOLDER, file), 'utf8').split(/^(?=\[)/m).filter((table) => table.startsWith('[[shown]]'));
  return tables.map((table) => {
    const pairs = [...table.matchAll(/^([\w.]+) = "(.*)"$/gm)].map(([, key = '', text = '']) => [key, text] as const);
    const own = Object.fromEntries(pairs.filter(([key]) => !key.startsWith('detail.')));
    const detail = Object.fromEntries(pairs.flatMap(([key, text]) => (key.startsWith('detail.') ? [[key.slice(7), text]] : [])));
    return { file, what: own.what ?? '', detail, en: own.en ?? '', ko: own.ko ?? '' };
  });
}

const promised = readdirSync(FOLDER).filter((name) => name.endsWith('.toml')).flatMap(shownIn);

it('there are such promises', () => expect(promised.length).toBeGreaterThanOrEqual(5));

it.each(promised)('$file shows "$en"', (shown) => {
  expect(timeline(en, shown)).toBe(shown.en);
  expect(timeline(ko, shown)).toBe(shown.ko);
});
