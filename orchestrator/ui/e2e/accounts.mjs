/**
 * An administrator makes a manager of one lot in a real browser, gives them none, and deletes the account; what is wrong is said beside
 * its field, and the manager's own page follows while it is open. Played by parking.mjs. Waits only for what the pages show.
 */

import { accountOf, at, base, id, open, PHONE, picture, signIn } from './stage.mjs';

const DESK = { width: 1280, height: 800 };
const PASSWORD = 'demo-only';

const row = (account) => `${id('account-row')}[data-account="${account}"]`;
const fault = (field, word) => `${id(`${field}-problem`)}[data-fault="${word}"]`;

async function made(admin, account) {
  await admin.click(id('new-account'));
  await admin.click(id('new-account-save'));
  for (const [field, word] of [['id', 'empty'], ['name', 'empty'], ['password', 'short']]) await admin.waitForSelector(fault(field, word));
  await admin.fill('input[name="account-name"]', '오주임');
  await admin.fill('input[name="account-id"]', 'manager');
  await admin.waitForSelector(fault('id', 'taken'));
  await admin.selectOption('select[name="account-role"]', 'manager');
  const wide = await admin.evaluate(() => document.documentElement.scrollWidth);
  if (wide > PHONE.width) throw new Error(`the page is ${wide} pixels wide`);
  await picture({ admin }, 'new-account-refused', { whole: true });
  await admin.fill('input[name="account-id"]', account);
  await admin.fill('input[name="account-password"]', PASSWORD);
  await admin.locator(id('lot-tick')).first().check();
  await admin.click(id('new-account-save'));
  await admin.waitForSelector(row(account));
  await admin.locator(id('new-account-form')).waitFor({ state: 'detached' });
}

export async function keepsAccounts(browser) {
  at('administrator makes a manager of one lot on a phone; wrong fields are refused');
  // Fresh for each play: an id is never used again.
  const account = `manager-${Date.now().toString(36)}`;
  const admin = await open(browser, PHONE);
  await signIn(admin, '/accounts', accountOf('ADMIN', 'admin'));
  await admin.waitForSelector(row('manager'));
  await made(admin, account);
  await picture({ admin }, 'accounts-phone', { whole: true });

  at('the manager sees that lot, and draws no new one');
  const manager = await open(browser, DESK);
  await signIn(manager, '/lots', [account, PASSWORD]);
  await manager.waitForSelector(id('lot-map-door'));
  const doors = await manager.locator(id('lot-map-door')).count();
  if (doors !== 1) throw new Error(`${doors} lots are shown`);
  if (await manager.locator(id('new-lot')).count()) throw new Error('a manager of one lot may draw new ones');

  at('administrator takes the lot away; the page that is open says so');
  await admin.setViewportSize(DESK);
  await admin.click(`${row(account)} ${id('change-lots')}`);
  await admin.locator(`${row(account)} ${id('lot-tick')}:checked`).uncheck();
  await admin.locator(id('no-lot-hint')).filter({ hasText: /./ }).waitFor();
  await picture({ admin }, 'accounts-lots', { whole: true });
  await admin.click(`${row(account)} ${id('save-lots')}`);
  await admin.locator(`${row(account)} ${id('save-lots')}`).waitFor({ state: 'detached' });
  await manager.waitForSelector(id('no-lots'));
  await picture({ admin, manager }, 'accounts-no-lot', { whole: true });

  at('administrator deletes the account; it is asked once more, and the manager is out');
  await admin.click(`${row(account)} ${id('remove-account')}`);
  await picture({ admin }, 'accounts-delete');
  await admin.click(id('confirm-yes'));
  await admin.locator(row(account)).waitFor({ state: 'detached' });
  await manager.reload();
  await manager.waitForSelector(id('sign-in'));
  await admin.context().close();
  await manager.context().close();
}
