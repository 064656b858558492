/** Refusals in words: whoever manages other lots is told so, and not that the account may do nothing. */

import { describe, expect, it } from 'vitest';
import { ApiError } from '../src/lib/api';
import { en } from '../src/lib/i18n/en';
import { ko } from '../src/lib/i18n/ko';
import { problemText } from '../src/lib/problem';

describe('a refusal', () => {
  it('says that the lot is another manager’s', () => {
    for (const m of [en, ko]) {
      const refused = (kind: string): string => problemText(m, new ApiError(403, 'title', 'detail', kind));
      expect(refused('other-lot')).toBe(m.problem['other-lot']);
      expect(refused('role')).toBe(m.error.notAllowed);
    }
  });
});
