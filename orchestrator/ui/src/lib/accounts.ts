/** Accounts of the people who work here, as an administrator sees and changes them. */

import { request } from './api';
import { idFault, type IdFault } from './lots/newlot';
import type { Messages } from './i18n/en';
import type { Account, Role } from './types';

/** Roles that have accounts. Callers register themselves. */
export const STAFF = ['guard', 'operator', 'pilot', 'manager', 'admin'] as const satisfies readonly Role[];
export type StaffRole = (typeof STAFF)[number];

/** The shortest password that the server takes, characters, and the longest, bytes. */
export const PASSWORD_LENGTH_MIN = 8;
export const PASSWORD_LENGTH_MAX = 256;
/** The longest name that the server takes, characters. */
export const NAME_LENGTH_MAX = 80;

/** A manager's lots: their ids, none of them, or every lot of the site (`null`), those drawn later too. */
export type OwnLots = string[] | null;

/** A lot by which a manager can be bound. */
export interface LotName {
  id: string;
  name: string;
}

/** An account as it is typed in. */
export interface Draft {
  id: string;
  name: string;
  role: StaffRole;
  password: string;
  lots: OwnLots;
}

/** What is wrong with a draft; a word for every field that every language has a sentence for. */
export interface DraftFaults {
  id: IdFault | null;
  name: 'empty' | 'long' | null;
  password: 'short' | 'long' | null;
}

const part = encodeURIComponent;

export const accounts = {
  all: () => request<Account[]>('/accounts'),
  lots: () => request<LotName[]>('/site/lots'),
  add: (draft: Draft) => request<Account>('/accounts', { method: 'POST', body: asSent(draft) }),
  setLots: (id: string, lots: OwnLots) => request<Account>(`/accounts/${part(id)}/lots`, { method: 'PUT', body: { lots } }),
  remove: (id: string) => request<void>(`/accounts/${part(id)}`, { method: 'DELETE' }),
};

/** As the server takes it: lots are a manager's only. */
export function asSent({ id, name, role, password, lots }: Draft): Record<string, unknown> {
  return { id: id.trim(), name: name.trim(), role, password, ...(role === 'manager' ? { lots } : {}) };
}

/** What keeps a draft from being an account; ids in use are refused before the server has to. */
export function draftFaults(draft: Draft, known: readonly string[]): DraftFaults {
  const name = draft.name.trim();
  // As the server counts: characters, not the halves of one that a script's strings consist of.
  const characters = (text: string): number => [...text].length;
  return {
    id: idFault(draft.id.trim(), known),
    name: !name ? 'empty' : characters(name) > NAME_LENGTH_MAX ? 'long' : null,
    password:
      characters(draft.password) < PASSWORD_LENGTH_MIN ? 'short' : new TextEncoder().encode(draft.password).length > PASSWORD_LENGTH_MAX ? 'long' : null,
  };
}

/** Whether nothing is wrong with it. */
export const isFit = (faults: DraftFaults): boolean => Object.values(faults).every((fault) => fault === null);

/** The lots of a manager in words; an id stands for a lot that the site does not have just now. */
export function lotsText(m: Messages, lots: OwnLots | undefined, names: readonly LotName[]): string {
  if (lots === undefined || lots === null) return m.accounts.everyLot;
  if (lots.length === 0) return m.accounts.noLot;
  return lots.map((id) => names.find((lot) => lot.id === id)?.name ?? id).join(', ');
}

/** What can be chosen for an account: the site's lots, and those that it names although the site does not have them. */
export function choosable(lots: OwnLots | undefined, names: readonly LotName[]): LotName[] {
  const gone = (lots ?? []).filter((id) => !names.some((lot) => lot.id === id));
  return [...names, ...gone.map((id) => ({ id, name: id }))];
}
