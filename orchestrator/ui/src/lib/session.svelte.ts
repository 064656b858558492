/** Who is signed in on this browser, and the caller's terminal token. */

import { api, ApiError } from './api';
import type { Account, Role } from './types';

const TOKEN_KEY = 'escort.terminal';

class Session {
  account = $state<Account | null>(null);
  /** Whether the server has been asked yet who we are. */
  known = $state(false);

  async refresh(): Promise<void> {
    try {
      this.account = (await api.session()).account;
    } catch (error) {
      // Without an answer we keep what we believed; the connection banner says that the server is away.
      if (!(error instanceof ApiError) || error.status === 0) return;
      this.account = null;
    } finally {
      this.known = true;
    }
  }

  async signIn(name: string, password: string): Promise<Account> {
    this.account = (await api.signIn(name, password)).account;
    this.known = true;
    return this.account;
  }

  async signOut(): Promise<void> {
    await api.signOut();
    this.account = null;
  }
}

export const session = new Session();

/** Which page a role works on. */
export function homeOf(role: Role): string {
  switch (role) {
    case 'caller':
      return '/sos';
    case 'guard':
      return '/guard';
    case 'pilot':
      return '/pilot';
    case 'manager':
      return '/lots';
    case 'operator':
    case 'admin':
      return '/station';
  }
}

/** The caller's terminal token; it stays on this phone only. */
export const terminal = {
  token: (): string | null => localStorage.getItem(TOKEN_KEY),
  keep: (token: string): void => localStorage.setItem(TOKEN_KEY, token),
  forget: (): void => localStorage.removeItem(TOKEN_KEY),
};
