/**
 * A manager draws a lot from nothing in a real browser: names it on a phone, is told what is wrong with its id, then draws an area and a
 * row of bays on the ground that it got. Played by parking.mjs with the page of a signed-in manager. Waits only for what the pages show.
 */

import { at, base, id, PHONE, picture } from './stage.mjs';

/** A lot that the demo has. */
const THERE = 'market';
/** Bays of 2.5 m over half of the new ground's 60 m; fewer would mean that they were laid along something else. */
const BAYS_MIN = 8;

const version = (number) => `${id('lot-version')}[data-version="${number}"]`;
const fault = (word) => `${id('lot-id-problem')}[data-fault="${word}"]`;

/** Drags over the lot's ground, from one share of its sides to another. */
async function across(page, from, to) {
  const box = await page.locator('[data-kind="lot"]').boundingBox();
  const spot = ([x, y]) => [box.x + x * box.width, box.y + y * box.height];
  await page.mouse.move(...spot(from));
  await page.mouse.down();
  await page.mouse.move(...spot(to), { steps: 8 });
  await page.mouse.up();
}

async function named(page, lot) {
  await page.click(id('new-lot'));
  await page.click(id('new-lot-draw'));
  await page.waitForSelector(fault('empty'));
  await page.fill('input[name="lot-name"]', '새 주차장');
  for (const [wrong, word] of [['two words', 'character'], ['..', 'beginning'], [THERE, 'taken']]) {
    await page.fill('input[name="lot-id"]', wrong);
    await page.waitForSelector(fault(word));
    await page.click(id('new-lot-draw'));
  }
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  if (wide > PHONE.width) throw new Error(`the page is ${wide} pixels wide`);
  await page.locator(id('new-lot-form')).scrollIntoViewIfNeeded();
  await picture({ manager: page }, 'new-lot-refused');
  if (!page.url().endsWith('/lots')) throw new Error(`a refused lot led to ${page.url()}`);
  await page.fill('input[name="lot-id"]', lot);
  await page.waitForSelector(fault(''), { state: 'attached' });
  await page.click(id('new-lot-draw'));
  await page.waitForSelector(version(1));
}

export async function drawNewLot(page, desk) {
  at('manager names a new lot on a phone; wrong ids are refused beside the field');
  // Fresh for each play: a lot stays.
  const lot = `new-${Date.now().toString(36)}`;
  await page.setViewportSize(PHONE);
  await page.goto(`${base}/lots`);
  await named(page, lot);
  await picture({ manager: page }, 'new-lot-phone');

  at('manager draws an area and a row of bays on it');
  await page.setViewportSize(desk);
  await page.reload();
  await page.waitForSelector(version(1));
  await page.click(id('draw'));
  await page.click(id('tool-area'));
  await across(page, [0.1, 0.15], [0.9, 0.85]);
  await page.waitForSelector(`${id('picked')}[data-kind="area"]`);
  await page.click(id('tool-row'));
  await across(page, [0.25, 0.5], [0.75, 0.5]);
  await page.click(id('row-add'));
  const bays = await page.locator(id('bay')).count();
  if (bays < BAYS_MIN) throw new Error(`a row of ${bays} bays`);
  await page.click(id('save'));
  await page.waitForSelector(version(2));
  await page.reload();
  await page.waitForSelector(version(2));
  await page.waitForFunction(([selector, count]) => document.querySelectorAll(selector).length === count, [id('bay'), bays]);
  await picture({ manager: page }, 'new-lot-drawn');

  at('manager cannot use its id again');
  await page.goto(`${base}/lots`);
  await page.click(id('new-lot'));
  await page.fill('input[name="lot-id"]', lot);
  await page.waitForSelector(fault('taken'));
}
