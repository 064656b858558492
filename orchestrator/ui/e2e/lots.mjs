/**
 * A manager draws on a lot's map in a real browser: takes a row away, puts the former version back, draws a row that the server refuses,
 * moves a beacon, prints the sheets, which our own reader reads as the configured camera sees them. Played by parking.mjs with the page of a
 * signed-in manager. Waits only for what the pages show.
 */

import { readCode } from './reader.mjs';
import { at, base, id, PHONE, picture } from './stage.mjs';

/** The demo's first lot. */
const LOT = 'market';

const version = (number) => `${id('lot-version')}[data-version="${number}"]`;
const bays = (page) => page.locator(id('bay')).count();

/** Puts the mouse on the middle of something and drags it by so many pixels. */
async function drag(page, target, by, steps = 6) {
  const box = await target.boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + by.x, y + by.y, { steps });
  await page.mouse.up();
}

async function expectBays(page, wanted) {
  await page.waitForFunction(([selector, count]) => document.querySelectorAll(selector).length === count, [id('bay'), wanted]);
}

/** A sheet's SVG as the browser draws it, a pixel for each pixel of a camera above it, is read and opens an area of ours. */
async function readFromAbove(page, svg, { heightM, pixels, viewDeg }) {
  const widthMm = Number(/width="([\d.]+)mm"/.exec(svg)?.[1]);
  const pixelMm = (2_000 * heightM * Math.tan((viewDeg * Math.PI) / 360)) / pixels;
  const ground = await page.context().newPage();
  await ground.setContent(`<body style="margin:60px;background:#6e6e6e"><img style="width:${widthMm / pixelMm}px" src="data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}">`);
  await ground.waitForFunction(() => document.images[0]?.naturalWidth > 0);
  const text = readCode(await ground.screenshot());
  await ground.close();
  if (!/^https?:\/\/[^/]+\/p\/[^/]+$/.test(text)) throw new Error(`the sheet says ${text}`);
}

export async function drawLot(page, desk) {
  at('manager opens a lot’s map from the first page');
  await page.setViewportSize(desk);
  await page.goto(`${base}/`);
  await page.click('a[href="/lots"]');
  await page.click(`${id('lot-map-door')}[data-lot="${LOT}"]`);
  await page.waitForSelector(version(0));
  const all = await bays(page);
  if (all < 50) throw new Error(`the lot has ${all} bays`);
  await picture({ manager: page }, 'lot-map');

  at('manager takes a row away');
  await page.click(id('draw'));
  await page.locator(id('bay')).first().click();
  await page.waitForSelector(`${id('picked')}[data-kind="bay"][data-count="1"]`);
  await page.click(id('whole-row'));
  const row = Number(await page.getAttribute(id('picked'), 'data-count'));
  if (row < 5) throw new Error(`a row of ${row} bays`);
  await picture({ manager: page }, 'lot-row-picked');
  await page.click(id('delete'));
  await expectBays(page, all - row);
  await page.click(id('undo'));
  await expectBays(page, all);
  await page.click(id('redo'));
  await page.click(id('save'));
  await page.waitForSelector(version(1));
  await page.reload();
  await page.waitForSelector(version(1));
  await expectBays(page, all - row);

  at('manager draws bays where bays are: refused, in words, and nothing is lost');
  await page.click(id('draw'));
  await page.click(id('tool-row'));
  await drag(page, page.locator(id('bay')).nth(2), { x: 90, y: 0 });
  await page.waitForSelector(id('row-add'));
  await picture({ manager: page }, 'lot-row-drawn');
  await page.click(id('row-add'));
  await page.click(id('save'));
  await page.waitForSelector(id('lot-problem'));
  await page.waitForSelector(`${id('picked')}[data-kind="bay"]`);
  await picture({ manager: page }, 'lot-refused');
  await page.click(id('undo'));

  at('manager moves a beacon, and saves');
  await page.locator(id('beacon')).first().click();
  await page.waitForSelector(`${id('picked')}[data-kind="beacon"]`);
  await drag(page, page.locator(id('beacon')).first(), { x: 14, y: 9 });
  await page.selectOption(id('beacon-state'), 'planned');
  await page.click(id('save'));
  await page.waitForSelector(version(2));
  await page.waitForSelector(`${id('beacon')}.planned`);

  at('manager draws what is no ground of the lot, and takes it away');
  const holes = await page.locator(id('hole')).count();
  await page.click(id('tool-hole'));
  await drag(page, page.locator(id('beacon')).first(), { x: 12, y: 10 });
  await page.waitForSelector(`${id('picked')}[data-kind="hole"]`);
  await page.click(id('delete'));
  await page.waitForFunction(([selector, count]) => document.querySelectorAll(selector).length === count, [id('hole'), holes]);

  at('manager puts the site’s own drawing back');
  await page.click(id('stop'));
  await page.click('details summary');
  await page.click(`${id('put-back')}[data-version="0"]`);
  await expectBays(page, all);
  await page.click(id('save'));
  await page.waitForSelector(version(3));
  await page.click(id('stop'));

  at('manager prints the sheets, for the camera and the height that surveys fly at');
  const camera = await page.textContent(id('sheet-camera'));
  const heightM = await page.inputValue(id('sheet-height'));
  // The demo's camera has 1280 pixels: three a module of 33 mm from 10 m.
  if (!camera.includes('1280') || !camera.includes('70') || heightM !== '10') throw new Error(`sheets for ${heightM} m, ${camera}`);
  await page.locator(id('sheets')).scrollIntoViewIfNeeded();
  await picture({ manager: page }, 'lot-sheets');
  const sheets = await page.request.get(new URL(await page.getAttribute(id('sheets'), 'href'), base).href);
  const pdf = (await sheets.body()).toString('latin1');
  if (!pdf.startsWith('%PDF') || !pdf.includes('for 10 m, 1280 px, 70 deg')) throw new Error('the sheets are no PDF for 10 m and 1280 pixels');
  await page.locator(id('beacon')).first().click();
  const sheet = await page.request.get(new URL(await page.getAttribute(id('sheet'), 'href'), base).href);
  await readFromAbove(page, await sheet.text(), { heightM: 10, pixels: 1_280, viewDeg: 70 });

  at('manager asks for a survey, sees its way, and calls it off');
  await page.click(id('survey-sweep'));
  await page.waitForSelector(`${id('survey')}[data-state="open"]`);
  await page.waitForSelector(id('survey-way'), { state: 'attached' });
  await picture({ manager: page }, 'lot-survey');
  await page.click(id('survey-call-off'));
  await page.waitForSelector(`${id('survey')}[data-state="cancelled"]`);

  await page.setViewportSize(PHONE);
  await page.reload();
  await page.waitForSelector(version(3));
  await picture({ manager: page }, 'lot-phone');
  await page.click(id('draw'));
  await page.locator(id('bay')).nth(3).click();
  await page.waitForSelector(id('picked'));
  await picture({ manager: page }, 'lot-phone-drawing');
  await page.click(id('stop'));
}
