/** The administrator's page: drafts that the server would refuse are refused before, and "no lot" is never told as "every lot". */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  asSent, choosable, type Draft, draftFaults, isFit, lotsText, NAME_LENGTH_MAX, PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN, STAFF,
} from '../src/lib/accounts';
import { en } from '../src/lib/i18n/en';
import { ko } from '../src/lib/i18n/ko';

const draft: Draft = { id: 'manager-2', name: '한주임', role: 'manager', password: 'long enough', lots: [] };
const NAMES = [{ id: 'market', name: 'Market' }, { id: 'station', name: 'Station' }];

describe('a draft of an account', () => {
  it('is told what is wrong with it, field by field', () => {
    expect(isFit(draftFaults(draft, ['manager']))).toBe(true);
    const wrong = (change: Partial<Draft>): unknown => draftFaults({ ...draft, ...change }, ['manager']);
    const none = { id: null, name: null, password: null };
    expect(wrong({ id: ' ' })).toEqual({ ...none, id: 'empty' });
    expect(wrong({ id: ' manager ' })).toEqual({ ...none, id: 'taken' });
    expect(wrong({ id: '한' })).toEqual({ ...none, id: 'character' });
    expect(wrong({ name: '  ' })).toEqual({ ...none, name: 'empty' });
    expect(wrong({ name: 'x'.repeat(NAME_LENGTH_MAX + 1) })).toEqual({ ...none, name: 'long' });
    expect(wrong({ password: '1234567' })).toEqual({ ...none, password: 'short' });
    expect(wrong({ password: '가'.repeat(PASSWORD_LENGTH_MAX / 3 + 1) })).toEqual({ ...none, password: 'long' });
    // Eight of what a script counts as sixteen are eight, and four are four.
    expect(wrong({ password: '🔦'.repeat(8) })).toEqual(none);
    expect(wrong({ password: '🔦'.repeat(4) })).toEqual({ ...none, password: 'short' });
    expect(wrong({ name: '🔦'.repeat(NAME_LENGTH_MAX) })).toEqual(none);
  });

  it('is held to the bounds of the server', () => {
    const source = readFileSync(join(import.meta.dirname, '../../src/access/accounts.rs'), 'utf8');
    const bound = (name: string): number => Number(source.match(new RegExp(`const ${name}: usize = (\\d+);`))?.[1]);
    expect([bound('PASSWORD_LENGTH_MIN'), bound('PASSWORD_LENGTH_MAX'), bound('NAME_LENGTH_MAX')]).toEqual([PASSWORD_LENGTH_MIN, PASSWORD_LENGTH_MAX, NAME_LENGTH_MAX]);
  });

  it('is sent with lots when it is a manager’s, and always says which', () => {
    expect(asSent({ ...draft, id: ' manager-2 ', name: ' 한주임 ' })).toEqual({ id: 'manager-2', name: '한주임', role: 'manager', password: 'long enough', lots: [] });
    expect(asSent({ ...draft, lots: null })).toHaveProperty('lots', null);
    for (const role of STAFF.filter((role) => role !== 'manager')) expect(asSent({ ...draft, role, lots: ['market'] })).not.toHaveProperty('lots');
    // A password is sent as it was typed: spaces are part of it.
    expect(asSent({ ...draft, password: ' with spaces ' })).toHaveProperty('password', ' with spaces ');
  });
});

describe('a manager’s lots', () => {
  it('are said in words', () => {
    for (const m of [en, ko]) {
      expect(lotsText(m, undefined, NAMES)).toBe(m.accounts.everyLot);
      expect(lotsText(m, null, NAMES)).toBe(m.accounts.everyLot);
      expect(lotsText(m, [], NAMES)).toBe(m.accounts.noLot);
      expect(lotsText(m, ['station', 'gone'], NAMES)).toBe('Station, gone');
      expect(m.accounts.noLot).not.toBe(m.accounts.everyLot);
    }
  });

  it('can be taken away although the site does not have them just now', () => {
    expect(choosable(null, NAMES)).toEqual(NAMES);
    expect(choosable(['gone', 'market'], NAMES)).toEqual([...NAMES, { id: 'gone', name: 'gone' }]);
  });
});
