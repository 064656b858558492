/** Codes as people type them. */

export const CODE_DIGITS_MIN = 4;
export const CODE_DIGITS_MAX = 8;

/** Keeps the digits of what was typed or pasted, full-width ones included, and no more than a code can have. */
export function codeDigits(typed: string): string {
  return typed.normalize('NFKC').replace(/\D/g, '').slice(0, CODE_DIGITS_MAX);
}

/** Whether this can be a code at all. */
export function isCode(digits: string): boolean {
  return /^\d+$/.test(digits) && digits.length >= CODE_DIGITS_MIN && digits.length <= CODE_DIGITS_MAX;
}

/** An identification code as it is read aloud: upper case, without the blanks people put in. */
export function identificationCode(typed: string): string {
  return typed.normalize('NFKC').replace(/\s/g, '').toUpperCase();
}
