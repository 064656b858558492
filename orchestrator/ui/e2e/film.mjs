/**
 * A manager watches a survey again in a real browser: plays it, moves through it by hand, sees bays turn known and findings appear. The flight
 * itself would take a quarter of an hour: what the server would answer is made up here, of the lot's own drawing. Played by lots.mjs.
 */

import { flownSurvey } from '../dev/mock-film.mjs';
import { at, base, id, PHONE, picture } from './stage.mjs';

const SURVEY = 'survey-000900';

const count = (page, selector) => page.locator(selector).count();

async function answers(page, lot) {
  const drawn = await (await page.request.get(`${base}/api/v1/lots/${lot}`)).json();
  const flown = flownSurvey(drawn.layout, SURVEY, Date.now() - 3_600_000);
  const shot = await page.screenshot({ type: 'jpeg', clip: { x: 0, y: 60, width: 320, height: 180 } });
  const under = `**/api/v1/lots/${lot}`;
  const json = (what) => (route) => (route.request().method() === 'GET' ? route.fulfill({ json: what }) : route.continue());
  await page.route(`${under}/surveys`, json(flown.surveys));
  await page.route(`${under}/findings`, json(flown.findings));
  await page.route(`${under}/bays`, json(flown.bays));
  await page.route(`${under}/surveys/${SURVEY}/film`, json(flown.film));
  await page.route(`${under}/surveys/${SURVEY}/pictures/*`, (route) => route.fulfill({ contentType: 'image/jpeg', body: shot }));
  return flown;
}

/** Puts the slider at a share of its way, as a finger would. */
const slideTo = (page, share) =>
  page.locator(id('film-slider')).evaluate((slider, part) => {
    slider.value = String(Number(slider.max) * part);
    slider.dispatchEvent(new Event('input', { bubbles: true }));
  }, share);

const known = (page) => count(page, `${id('bay')}.free, ${id('bay')}.taken`);

export async function watchAgain(page, lot, desk) {
  at('manager watches a survey again');
  await page.setViewportSize(desk);
  const { film } = await answers(page, lot);
  await page.reload();
  await page.click(id('film-open'));
  await page.waitForSelector(`${id('film')}[data-state="playing"]`);
  await page.waitForSelector(id('film-aircraft'), { state: 'attached' });
  const bays = new Set(film.bays.map((turn) => turn.bay)).size;
  await page.selectOption(id('film-speed'), '60');
  // It runs by itself: bays turn known while one looks on.
  await page.waitForFunction(([selector, least]) => document.querySelectorAll(selector).length >= least, [`${id('bay')}.free, ${id('bay')}.taken`, Math.min(10, bays)]);
  await page.click(id('film-play'));
  await page.waitForSelector(`${id('film')}[data-state="paused"]`);

  at('manager moves through the film by hand');
  await slideTo(page, 0.51);
  await page.waitForSelector(id('film-picture'));
  const half = await known(page);
  await picture({ manager: page }, 'film');
  await slideTo(page, 0);
  const begin = await known(page);
  await slideTo(page, 1);
  const end = await known(page);
  if (!(begin < half && half < end && end === bays)) throw new Error(`bays known: ${begin} at first, ${half} halfway, ${end} at the end, of ${bays}`);
  if ((await count(page, id('sign'))) !== 2) throw new Error('both findings have appeared at the end');
  const read = await page.textContent(id('film-read'));
  if (!film.beacons.every((beacon) => read.includes(beacon.area))) throw new Error(`beacons read: ${read}`);
  await page.setViewportSize(PHONE);
  await slideTo(page, 0.76);
  await page.locator(id('film')).scrollIntoViewIfNeeded();
  await picture({ manager: page }, 'film-phone');
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  if (wide > PHONE.width) throw new Error(`the page is ${wide} pixels wide`);
  await page.click(id('film-close'));
  await page.waitForSelector(id('film-aircraft'), { state: 'detached' });
  await page.unrouteAll({ behavior: 'ignoreErrors' });
}
