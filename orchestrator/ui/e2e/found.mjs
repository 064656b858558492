/**
 * A manager looks at what a survey found, in a real browser and before a real server: bays on the map, findings with picture and place, seen and
 * fixed, the survey played again. Nothing is made up here: the server has seen a camera's pictures. Started by the server's own test
 * (tests/http/watch.rs), which flies the survey and says what was planted:
 *
 *   BASE_URL=… LANGUAGE=ko PLANTED='{…}' node e2e/found.mjs
 *
 * PLANTED   {lot, manager: "name:password", taken: [bay], free: [bay], read: [area], findings: [{kind, at}], seen, fixed, filmed}: `at` is the
 *           id of the bay or beacon on whose place a finding lies that is not fixed; `seen` and `fixed` are the ones, by their places, that the
 *           manager marks so; `filmed` is how many the survey's film shows, whatever became of them
 * More in stage.mjs.
 *
 * Exit code 0: all of it is on the page, and stays. 1: it is not; the last step is named.
 */

import { at, id, language, nothingCovers, open, PHONE, picture, play, signIn } from './stage.mjs';

const planted = JSON.parse(process.env.PLANTED);
const DESK = { width: 1280, height: 800 };
/** A sign stands on its place to within these pixels: on this map the half metre that places may be off. */
const ON_PLACE_PX = 20;

const said = {
  ko: {
    beacon_forged: '위조 코드', beacon_missing: '비컨 없음', car_without_session: '이용 등록 없는 차량',
    taken: '주차됨', free: '비어 있음', acknowledged: '확인함', fixed: '해결됨', acknowledge: '확인', fix: '해결',
  },
  en: {
    beacon_forged: 'Forged code', beacon_missing: 'Beacon missing', car_without_session: 'Car without a session',
    taken: 'taken', free: 'free', acknowledged: 'Seen', fixed: 'Fixed', acknowledge: 'Seen', fix: 'Fixed',
  },
}[language];

const finding = (number) => `${id('finding')}[data-number="${number}"]`;
const sign = (number) => `${id('sign')}[data-sign="${number}"]`;
const onMap = (name) => `[data-testid="lot-map"] [data-id="${name}"]`;

async function middle(page, selector) {
  const box = await page.locator(selector).first().boundingBox();
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

async function baysAre(page, wanted, state) {
  await page.waitForFunction(
    ([selector, names]) => [...document.querySelectorAll(selector)].map((bay) => bay.dataset.id).sort().join() === names,
    [`${id('bay')}.${state}`, [...wanted].sort().join()],
  );
}

/** Every finding that was planted, by the number that the page has for it: its sign stands on the map where it was planted. */
async function findingsByPlace(page) {
  const shown = await page.locator(id('finding')).evaluateAll((all) => all.map(({ dataset }) => ({ number: dataset.number, kind: dataset.kind })));
  const numbers = {};
  for (const { kind, at: place } of planted.findings) {
    const there = await middle(page, onMap(place));
    for (const one of shown.filter((other) => other.kind === kind)) {
      const here = await middle(page, sign(one.number));
      if (Math.hypot(here.x - there.x, here.y - there.y) <= ON_PLACE_PX) numbers[place] = one.number;
    }
    if (!numbers[place]) throw new Error(`${kind} has no sign at ${place}: ${JSON.stringify(shown)}`);
  }
  return numbers;
}

async function looksAtFindings(page, numbers) {
  at('manager looks at each finding: its words, its picture, its place');
  for (const { kind, at: place } of planted.findings) {
    const card = page.locator(finding(numbers[place]));
    await card.scrollIntoViewIfNeeded();
    await page.waitForFunction((selector) => document.querySelector(selector)?.naturalWidth > 0, `${finding(numbers[place])} img`);
    const words = await card.textContent();
    if (!words.includes(said[kind])) throw new Error(`${kind} is called ${words}`);
  }
  // Whoever taps a sign on the map is shown its finding.
  const first = numbers[planted.seen];
  await page.locator(sign(first)).click();
  await page.waitForSelector(`${finding(first)}.shown`);
  await picture({ manager: page }, 'found');
}

async function marks(page, numbers) {
  const [seen, fixed] = [numbers[planted.seen], numbers[planted.fixed]];
  at('manager has seen one and says that another is fixed');
  const button = (number, name) => page.locator(`${finding(number)} ${id(name)}`);
  for (const [number, name, word] of [[seen, 'acknowledge', said.acknowledge], [fixed, 'fix', said.fix]]) {
    const text = (await button(number, name).textContent()).trim();
    if (text !== word) throw new Error(`the button says ${text}`);
    await button(number, name).click();
  }
  await page.waitForSelector(`${finding(seen)}[data-life="acknowledged"]`);
  await page.waitForSelector(finding(fixed), { state: 'detached' });

  at('it stays so over a reload');
  await page.reload();
  await page.waitForSelector(`${finding(seen)}[data-life="acknowledged"]`);
  if (!(await page.textContent(finding(seen))).includes(said.acknowledged)) throw new Error('it does not say that it was seen');
  if ((await button(seen, 'acknowledge').count()) > 0) throw new Error('it can be seen twice');
  for (const gone of [finding(fixed), sign(fixed)]) if ((await page.locator(gone).count()) > 0) throw new Error(`${gone} is still there`);
  await page.check(id('with-fixed'));
  await page.waitForSelector(`${finding(fixed)}[data-life="fixed"]`);
  if (!(await page.textContent(finding(fixed))).includes(said.fixed)) throw new Error('it does not say that it was fixed');
  await page.locator(finding(seen)).scrollIntoViewIfNeeded();
  await picture({ manager: page }, 'found-marked');
  await page.uncheck(id('with-fixed'));
}

/** Puts the slider at a share of its way, as a finger would. */
const slideTo = (page, share) =>
  page.locator(id('film-slider')).evaluate((slider, part) => {
    slider.value = String(Number(slider.max) * part);
    slider.dispatchEvent(new Event('input', { bubbles: true }));
  }, share);

const known = (page) => page.locator(`${id('bay')}.free, ${id('bay')}.taken`).count();

async function watchesAgain(page) {
  const all = planted.taken.length + planted.free.length;
  at('manager watches the survey again: it runs by itself');
  await page.click(id('film-open'));
  // As slowly as it was flown: half a minute at least.
  await page.selectOption(id('film-speed'), '1');
  await page.waitForSelector(`${id('film')}[data-state="playing"]`);
  await page.waitForSelector(id('film-aircraft'), { state: 'attached' });
  const from = await middle(page, id('film-aircraft'));
  await page.waitForFunction(
    ([selector, [x, y]]) => {
      const box = document.querySelector(selector)?.getBoundingClientRect();
      return box && Math.hypot(box.x + box.width / 2 - x, box.y + box.height / 2 - y) > 20;
    },
    [id('film-aircraft'), [from.x, from.y]],
  );
  await page.waitForFunction((selector) => document.querySelectorAll(selector).length > 0, `${id('bay')}.free, ${id('bay')}.taken`);
  await page.click(id('film-play'));
  await page.waitForSelector(`${id('film')}[data-state="paused"]`);

  at('manager moves through the film by hand');
  await slideTo(page, 0);
  const begin = await known(page);
  await slideTo(page, 0.3);
  await page.waitForSelector(id('film-picture'));
  await page.waitForFunction((selector) => document.querySelector(selector)?.naturalWidth > 0, id('film-picture'));
  await picture({ manager: page }, 'film');
  await slideTo(page, 1);
  await page.waitForFunction(([selector, count]) => document.querySelectorAll(selector).length === count, [`${id('bay')}.free, ${id('bay')}.taken`, all]);
  if (begin >= all) throw new Error(`${begin} of ${all} bays are known before anything was seen`);
  await baysAre(page, planted.taken, 'taken');
  const read = await page.textContent(id('film-read'));
  if (!planted.read.every((area) => read.includes(area))) throw new Error(`beacons read: ${read}`);
  if ((await page.locator(id('sign')).count()) !== planted.filmed) throw new Error('not every finding has appeared at the end');
  await picture({ manager: page }, 'film-end');

  at('manager watches it on a phone');
  await page.setViewportSize(PHONE);
  await slideTo(page, 0.6);
  await page.locator(id('film')).scrollIntoViewIfNeeded();
  await picture({ manager: page }, 'film-phone');
  await nothingCovers(page, id('film-play'));
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  if (wide > PHONE.width) throw new Error(`the page is ${wide} pixels wide`);
  await page.click(id('film-close'));
  await page.waitForSelector(id('film-aircraft'), { state: 'detached' });
}

await play(async (browser) => {
  const page = await open(browser, DESK);
  at('manager signs in and sees on the map which bays are taken');
  await signIn(page, `/lots/${planted.lot}`, planted.manager.split(':'));
  await baysAre(page, planted.taken, 'taken');
  await baysAre(page, planted.free, 'free');
  const counted = await page.textContent(id('occupancy'));
  for (const words of [`${planted.taken.length} ${said.taken}`, `${planted.free.length} ${said.free}`]) {
    if (!counted.includes(words)) throw new Error(`the page counts ${counted}`);
  }
  const numbers = await findingsByPlace(page);
  await looksAtFindings(page, numbers);
  await marks(page, numbers);
  await watchesAgain(page);
  at('done: seen, marked, watched again');
});
