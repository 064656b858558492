/**
 * Plays parking through the pages in a real browser: a driver parks and shows a payment code, a stranger's phone reads it off the
 * screen with our own reader and pays a part, the driver pays the rest, the manager sees it and draws on a lot's map. Besides, codes that are
 * not ours open nothing, codes that were taken back pay nothing, and a card that was registered at the entry is charged at the exit.
 * Needs a running server with the demo's lots. Waits only for what the pages show.
 *
 *   BASE_URL=http://127.0.0.1:8080 node e2e/parking.mjs
 *
 * MANAGER      name:password of a lot manager (the demo's)
 * ADMIN        name:password of an administrator (the demo's)
 * DRIVER       the path that an area's code opens, signed where beacons are (/p/A1); unsigned ones cannot be forged, and no forged one is tried
 * ORCHESTRATOR the program, whose reader reads the code (target/debug/orchestrator)
 * DRAW         0: lots' maps are left alone, and none is drawn
 * More in stage.mjs.
 *
 * Exit code 0: everything is paid and booked. 1: it is not; the last step is named.
 */

import { keepsAccounts } from './accounts.mjs';
import { drawLot } from './lots.mjs';
import { drawNewLot } from './newlot.mjs';
import { readCode } from './reader.mjs';
import { accountOf, at, base, id, language, open, PHONE, picture, play, signIn } from './stage.mjs';

const managerAccount = accountOf('MANAGER', 'manager');
const DRIVER = process.env.DRIVER ?? '/p/A1';
const DESK = { width: 1280, height: 800 };

async function shownCode(page) {
  await page.locator(id('proxy-qr')).scrollIntoViewIfNeeded();
  return readCode(await page.screenshot());
}

/** Words of the page's refusals. */
const said = {
  ko: { forged: '저희 코드가 아닙니다', cutOff: '다시 찍어 주세요', takenBack: '취소된 코드' },
  en: { forged: 'not one of ours', cutOff: 'Scan it once more', takenBack: 'taken back' },
}[language];

/** What is wrong with a code is said in words, and nobody parks by it. */
async function refusesCode(browser, path, words) {
  const phone = await open(browser, PHONE);
  await phone.goto(base + path);
  await phone.waitForSelector(id('no-area'));
  const told = await phone.textContent(id('no-area'));
  if (!told.includes(words)) throw new Error(`${path}: the page says ${told}`);
  await phone.fill('input[name="plate"]', '99허 9999');
  if (await phone.isEnabled(id('enter'))) throw new Error(`${path}: a car can be parked by it`);
  await picture({ phone }, 'refused-code', { whole: true });
  await phone.context().close();
}

/** Codes that the driver takes back: the one that is shown, and one of before the page was opened anew. The payer is told. */
async function takesCodesBack(browser, driver) {
  const payer = await open(browser, PHONE);
  for (const reloaded of [false, true]) {
    await driver.click(id('proxy'));
    await driver.waitForSelector(id('proxy-qr'));
    await payer.goto(base + (await driver.getAttribute('a[href^="/pay/"]', 'href')));
    await payer.waitForSelector(id('payable'));
    if (reloaded) await driver.reload();
    await driver.click(id(reloaded ? 'take-back-open' : 'take-back'));
    await driver.locator(id(reloaded ? 'open-code' : 'proxy-qr')).waitFor({ state: 'detached' });
    await payer.waitForSelector(`${id('code-ended')}[data-end="revoked"]`);
    if (!(await payer.textContent(id('code-ended'))).includes(said.takenBack)) throw new Error('the payer is not told that the code was taken back');
    if (await payer.locator(id('pay')).count()) throw new Error('a code that was taken back can be paid with');
  }
  await picture({ payer }, 'taken-back', { whole: true });
  await payer.context().close();
}

/** A car whose driver chose at the entry to be charged at the exit: its fee. */
async function parksWithCard(browser) {
  const driver = await open(browser, PHONE);
  await driver.goto(base + DRIVER);
  await driver.fill('input[name="plate"]', '56다 7890');
  await driver.locator('input[name="method"]').nth(1).check();
  await driver.click(id('enter'));
  await driver.waitForSelector(`${id('due')}:not([data-due="0"])`);
  await driver.click(id('leave'));
  await driver.waitForSelector(id('settled'));
  if (await driver.locator(id('pay')).count()) throw new Error('the page asks for money that the card has paid');
  await picture({ driver }, 'charged-at-exit', { whole: true });
  const fee = await number(driver, 'fee', 'data-fee');
  await driver.context().close();
  return fee;
}

const number = async (page, name, attribute) => Number(await page.getAttribute(id(name), attribute));

async function parking(browser) {
  const manager = await open(browser, DESK);
  at('manager signs in');
  await signIn(manager, '/lots', managerAccount);
  await manager.waitForSelector(id('lot'));
  const before = await number(manager, 'lot', 'data-revenue');

  if (DRIVER.includes('.')) {
    at('a code with one letter changed, and one that was read in part, open nothing');
    await refusesCode(browser, DRIVER.slice(0, -1) + (DRIVER.endsWith('a') ? 'b' : 'a'), said.forged);
    await refusesCode(browser, DRIVER.slice(0, -1), said.cutOff);
  }

  const driver = await open(browser, PHONE);
  at('driver scans the area and parks');
  await driver.goto(base + DRIVER);
  await driver.fill('input[name="plate"]', '12 가 3456');
  await driver.fill('input[name="phone"]', '010-1234-5678');
  await picture({ driver }, 'entry', { whole: true });
  await driver.click(id('enter'));
  await driver.waitForSelector(id('stay'));
  await driver.waitForSelector(`${id('due')}:not([data-due="0"])`);
  await driver.click(id('extend'));
  await picture({ driver }, 'parked', { whole: true });

  at('driver takes payment codes back');
  await takesCodesBack(browser, driver);

  at('driver shows a payment code');
  const fee = await number(driver, 'fee', 'data-fee');
  await driver.click(id('proxy'));
  await driver.waitForSelector(id('proxy-qr'));
  await picture({ driver }, 'code', { whole: true });
  const address = await shownCode(driver);
  if (!address.startsWith(`${base}/pay/`)) throw new Error(`the code says ${address}`);

  at('payer follows the code; a card without funds, then a good one');
  const payer = await open(browser, PHONE);
  await payer.goto(address);
  await payer.waitForSelector(id('payable'));
  if ((await payer.textContent('main')).includes('3456')) throw new Error('the payer sees the whole plate');
  const part = 300;
  await payer.fill('input[name="amount"]', String(part));
  await payer.selectOption('select[name="card"]', 'card-no-funds');
  await picture({ payer }, 'money', { whole: true });
  await payer.click(id('pay'));
  await payer.waitForSelector(id('declined'));
  await payer.fill('input[name="amount"]', String(part));
  await payer.selectOption('select[name="card"]', 'card-good');
  await payer.click(id('pay'));
  await payer.waitForSelector(`${id('receipt')}[data-amount="${part}"]`);
  await picture({ payer }, 'receipt', { whole: true });

  at('driver leaves and pays the rest');
  await driver.waitForSelector(`${id('due')}[data-due="${fee - part}"]`);
  await driver.click(id('leave'));
  await driver.waitForSelector(`${id('stay')}[data-left="true"]`);
  await driver.click(id('pay'));
  await driver.waitForSelector(id('settled'));
  await picture({ driver }, 'settled', { whole: true });

  at('another driver registers a card at the entry, and it is charged at the exit');
  const byCard = await parksWithCard(browser);

  at('manager sees the money');
  await manager.waitForSelector(`${id('lot')}[data-revenue="${before + fee + byCard}"]`);
  await manager.locator('button', { hasText: language === 'ko' ? '전체' : 'All' }).click();
  await manager.waitForSelector(id('manager-stay'));
  await picture({ manager }, 'money', { whole: true });

  at('a gate sends a picture, and the manager types the plate that it shows');
  const car = await manager.screenshot({ type: 'jpeg', clip: { x: 0, y: 0, width: 640, height: 360 } });
  const sent = await manager.request.post(`${base}/api/v1/cctv/gate-in/frames?id=${Date.now()}&at_ms=${Date.now()}`, {
    headers: { 'Camera-Token': 'demo-camera-in', 'Content-Type': 'image/jpeg' },
    data: car,
  });
  if (sent.status() !== 202) throw new Error(`the gate's picture was answered with ${sent.status()}`);
  await manager.setViewportSize(PHONE);
  const shown = manager.locator(id('gate-picture'));
  await shown.scrollIntoViewIfNeeded();
  await manager.waitForFunction((selector) => document.querySelector(selector)?.naturalWidth === 640, id('gate-picture'));
  if (await manager.isEnabled(id('review-accept'))) throw new Error('a picture without a plate can be accepted');
  await manager.fill(id('gate-plate'), '34나 5678');
  const wide = await manager.evaluate(() => document.documentElement.scrollWidth);
  if (wide > PHONE.width) throw new Error(`the page is ${wide} pixels wide`);
  await picture({ manager }, 'gate', { whole: true });
  await manager.click(id('review-accept'));
  await shown.waitFor({ state: 'detached' });
  await manager.locator(id('manager-stay'), { hasText: '34나5678' }).waitFor();
  await picture({ manager }, 'phone', { whole: true });
  if (process.env.DRAW !== '0') {
    await drawLot(manager, DESK);
    await drawNewLot(manager, DESK);
  }
  await keepsAccounts(browser);
  at('done: paid and booked');
}

await play(parking);
