/** The language in use: the browser's, until the switch says otherwise. */

import { en, type Messages } from './en';
import { ko } from './ko';

export type Language = 'en' | 'ko';
export const LANGUAGES: readonly { id: Language; name: string }[] = [
  { id: 'ko', name: '한국어' },
  { id: 'en', name: 'English' },
];

const dictionaries: Record<Language, Messages> = { en, ko };
const STORAGE_KEY = 'escort.language';

/** The first of the wanted languages that we speak; English when we speak none. */
export function choose(stored: string | null, wanted: readonly string[]): Language {
  const candidates = stored ? [stored, ...wanted] : wanted;
  for (const tag of candidates) {
    const primary = tag.toLowerCase().split('-')[0];
    if (primary === 'ko' || primary === 'en') return primary;
  }
  return 'en';
}

class I18n {
  language = $state<Language>('en');

  constructor() {
    if (typeof window === 'undefined') return;
    this.language = choose(localStorage.getItem(STORAGE_KEY), navigator.languages);
    document.documentElement.lang = this.language;
  }

  /** The texts. Reading them while drawing redraws when the language changes. */
  get m(): Messages {
    return dictionaries[this.language];
  }

  set(language: Language): void {
    this.language = language;
    localStorage.setItem(STORAGE_KEY, language);
    document.documentElement.lang = language;
  }
}

export const i18n = new I18n();
