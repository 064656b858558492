/**
 * Plays parking through the pages in a real browser: a driver parks and shows a payment code, a stranger's phone reads it off the
 * screen with a reader that nobody here wrote and pays a part, the driver pays the rest, the manager sees it and draws on a lot's map.
 * Needs a running server with the demo's lots. Waits only for what the pages show.
 *
 *   BASE_URL=http://127.0.0.1:8080 node e2e/parking.mjs
 *
 * BASE_URL     where the pages are
 * MANAGER      name:password of a lot manager (the demo's)
 * LANGUAGE     ko or en (en)
 * SCREENSHOTS  a folder for pictures of every step
 * CHROMIUM     the browser (/usr/bin/chromium)
 *
 * Exit code 0: everything is paid and booked. 1: it is not; the last step is named.
 */

import { mkdirSync } from 'node:fs';
import jsQR from 'jsqr';
import { chromium } from 'playwright-core';
import { drawLot } from './lots.mjs';

const base = process.env.BASE_URL ?? 'http://127.0.0.1:8787';
const [managerName, managerPassword] = (process.env.MANAGER ?? 'manager:demo-only').split(':');
const language = process.env.LANGUAGE ?? 'en';
const pictures = process.env.SCREENSHOTS;
const PAGE_MS = 30_000;
const PHONE = { width: 360, height: 740 };
const DESK = { width: 1280, height: 800 };
const id = (name) => `[data-testid="${name}"]`;

let step = 'start';
let pictureNumber = 0;
const startedAt = Date.now();

function at(name) {
  step = name;
  console.log(`${((Date.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${name}`);
}

async function picture(page, name) {
  if (!pictures) return;
  mkdirSync(pictures, { recursive: true });
  pictureNumber += 1;
  await page.screenshot({ path: `${pictures}/${String(pictureNumber).padStart(2, '0')}-${name}.png`, fullPage: true });
}

async function open(browser, viewport) {
  const context = await browser.newContext({ viewport, locale: language === 'ko' ? 'ko-KR' : 'en-GB', timezoneId: 'Asia/Seoul', ignoreHTTPSErrors: true });
  const page = await context.newPage();
  page.setDefaultTimeout(PAGE_MS);
  page.on('pageerror', (error) => fail(new Error(`a page threw: ${error.message}`)));
  return page;
}

/** What a phone's camera would see of the driver's screen, as points of light. */
async function readCode(page) {
  const code = page.locator(id('proxy-qr'));
  await code.scrollIntoViewIfNeeded();
  const png = await code.screenshot();
  const { data, width, height } = await page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
    context.drawImage(bitmap, 0, 0);
    const image = context.getImageData(0, 0, bitmap.width, bitmap.height);
    return { data: Array.from(image.data), width: image.width, height: image.height };
  }, png.toString('base64'));
  const read = jsQR(Uint8ClampedArray.from(data), width, height);
  if (!read) throw new Error('the shown code cannot be read');
  return read.data;
}

const number = async (page, name, attribute) => Number(await page.getAttribute(id(name), attribute));

async function parking(browser) {
  const driver = await open(browser, PHONE);
  at('driver scans the area and parks');
  await driver.goto(`${base}/p/A1`);
  await driver.fill('input[name="plate"]', '12 가 3456');
  await driver.fill('input[name="phone"]', '010-1234-5678');
  await picture(driver, 'driver-entry');
  await driver.click(id('enter'));
  await driver.waitForSelector(id('stay'));
  await driver.waitForSelector(`${id('due')}:not([data-due="0"])`);
  await driver.click(id('extend'));
  await picture(driver, 'driver-parked');

  at('driver shows a payment code');
  const fee = await number(driver, 'fee', 'data-fee');
  await driver.click(id('proxy'));
  await driver.waitForSelector(id('proxy-qr'));
  await picture(driver, 'driver-code');
  const address = await readCode(driver);
  if (!address.startsWith(`${base}/pay/`)) throw new Error(`the code says ${address}`);

  at('payer follows the code; a card without funds, then a good one');
  const payer = await open(browser, PHONE);
  await payer.goto(address);
  await payer.waitForSelector(id('payable'));
  if ((await payer.textContent('main')).includes('3456')) throw new Error('the payer sees the whole plate');
  const part = 300;
  await payer.fill('input[name="amount"]', String(part));
  await payer.selectOption('select[name="card"]', 'card-no-funds');
  await picture(payer, 'payer');
  await payer.click(id('pay'));
  await payer.waitForSelector(id('declined'));
  await payer.fill('input[name="amount"]', String(part));
  await payer.selectOption('select[name="card"]', 'card-good');
  await payer.click(id('pay'));
  await payer.waitForSelector(`${id('receipt')}[data-amount="${part}"]`);
  await picture(payer, 'payer-receipt');

  at('driver leaves and pays the rest');
  await driver.waitForSelector(`${id('due')}[data-due="${fee - part}"]`);
  await driver.click(id('leave'));
  await driver.waitForSelector(`${id('stay')}[data-left="true"]`);
  await driver.click(id('pay'));
  await driver.waitForSelector(id('settled'));
  await picture(driver, 'driver-settled');

  at('manager sees the money');
  const manager = await open(browser, DESK);
  await manager.goto(`${base}/lots`);
  await manager.fill('input[name="name"]', managerName);
  await manager.fill('input[name="password"]', managerPassword);
  await manager.click(id('sign-in'));
  await manager.waitForSelector(`${id('lot')}[data-revenue="${fee}"]`);
  await manager.locator('button', { hasText: language === 'ko' ? '전체' : 'All' }).click();
  await manager.waitForSelector(id('manager-stay'));
  await picture(manager, 'manager');
  await manager.setViewportSize(PHONE);
  await picture(manager, 'manager-phone');
  await drawLot(manager, { base, at, picture, phone: PHONE, desk: DESK });
  at('done: paid, booked and drawn');
}

let fail = (error) => {
  throw error;
};
const broken = new Promise((_, reject) => (fail = reject));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  args: ['--no-sandbox', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
try {
  await Promise.race([parking(browser), broken]);
} catch (error) {
  console.error(`failed at: ${step}\n${error.message}`);
  process.exitCode = 1;
} finally {
  await browser.close();
}
