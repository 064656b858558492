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
    const text: unknown = path.startsWith('.timeline') || path.startsWith('.cause') ? value({}) : value('7', '8');
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

/** The words of a Rust enum as serde writes them: variants of the block, in snake case. */
function variants(file: string, name: string): string[] {
  const source = readFileSync(join(import.meta.dirname, '../..', file), 'utf8');
  const block = source.split(`pub enum ${name} {`)[1]?.split('\n}')[0] ?? '';
  const names = [...block.matchAll(/^    ([A-Z]\w+)(?: \{|,|\()/gm)].map((match) => match[1] ?? '');
  return names.map((word) => word.replace(/(?<!^)[A-Z]/g, (letter) => `_${letter}`).toLowerCase());
}

describe('every code that the server can send has its text', () => {
  it.each<[string, string, object, number]>([
    ['core/src/cause.rs', 'Cause', { ...en.cause, failure: '', said: '' }, 50],
    ['core/src/effect.rs', 'OperatorAlert', en.alert, 14],
    ['core/src/effect.rs', 'GuardNotice', en.guardNotice, 7],
    ['core/src/model.rs', 'RejectionReason', en.rejection, 13],
    ['core/src/model.rs', 'Authority', en.authority, 6],
    ['core/src/model.rs', 'IncidentState', en.incidentState, 10],
    ['../drone-link/types/src/flight.rs', 'FlightFailure', en.failure, 8],
  ])('%s %s', (file, name, texts, atLeast) => {
    const words = variants(file, name);
    expect(words.length).toBeGreaterThanOrEqual(atLeast);
    expect(words.filter((word) => !(word in texts))).toEqual([]);
  });

  it('problems, except those that problem.ts answers by their status', () => {
    const source = readFileSync(join(import.meta.dirname, '../../src/http/problem.rs'), 'utf8');
    const made = [...source.matchAll(/StatusCode::([A-Z_]+),\s*"([a-z-]+)"/g)];
    const byStatus = new Set(['UNAUTHORIZED', 'FORBIDDEN', 'TOO_MANY_REQUESTS']);
    expect(made.length).toBeGreaterThan(10);
    expect(made.filter(([, status, kind]) => !byStatus.has(status ?? '') && !((kind ?? '') in en.problem))).toEqual([]);
  });

  it('said in Korean from a live alert, a timeline line and an old log', () => {
    const alert = { alert: 'flight_failed', drone: 'd1', reason: { cause: 'failure', failure: { why: 'timeout', step: 'transit', limit_s: 120 } } };
    expect(say.alert(ko, alert as Parameters<typeof say.alert>[1])).toMatch(/d1 기체.*120초/);
    const detail = { drone: 'd1', reason: 'transit took longer than 120 s', cause: 'failure', cause_why: 'timeout', cause_step: 'transit', cause_limit_s: '120' };
    expect(say.timeline(ko, { what: 'drone_failed', detail })).toMatch(/120초/);
    expect(say.timeline(ko, { what: 'drone_failed', detail: { reason: 'an old sentence' } })).toContain('an old sentence');
    expect(say.rejection(ko, { why: 'no_route', reason: { cause: 'parted' } })).toContain('금지 구역');
  });
});

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

describe('an aircraft that is not ready', () => {
  it('says which of its checks failed, in its own words', () => {
    expect(say.rejection(en, { why: 'unhealthy', said: 'PreArm: Compass not calibrated' })).toBe('its own checks fail: “PreArm: Compass not calibrated”');
    expect(say.rejection(ko, { why: 'unhealthy' })).toBe('자체 점검 실패');
    expect(say.notReady(en, ['PreArm: Battery low', 'PreArm: Compass not calibrated', 'Mode change failed'])).toBe('not ready: “PreArm: Compass not calibrated”');
    expect(say.notReady(en, [])).toBe('not ready');
  });
});
