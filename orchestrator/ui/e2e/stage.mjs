/**
 * What every play needs: a browser, windows, a named step, pictures of it, and an end that names where it failed.
 * Knows no page of ours.
 *
 * BASE_URL     where the pages are
 * LANGUAGE     ko or en (en)
 * SCREENSHOTS  a folder for pictures of every step
 * CHROMIUM     the browser (/usr/bin/chromium)
 */

import { mkdirSync } from 'node:fs';
import { chromium } from 'playwright-core';

export const base = process.env.BASE_URL ?? 'http://127.0.0.1:8787';
export const language = process.env.LANGUAGE ?? 'en';
export const PHONE = { width: 360, height: 740 };
export const id = (name) => `[data-testid="${name}"]`;
/** Name and password of an account, from the environment or the demo's. */
export const accountOf = (variable, name) => (process.env[variable] ?? `${name}:demo-only`).split(':');

/** What a page may take to show something that needs no flying. */
const PAGE_MS = 30_000;
const pictures = process.env.SCREENSHOTS;
const startedAt = Date.now();
let step = 'start';
let pictureNumber = 0;
let fixes = 0;
let fail;
const broken = new Promise((_, reject) => (fail = reject));

/** Names the step that begins. */
export function at(name) {
  step = name;
  console.log(`${((Date.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${name}`);
}

/** Takes a picture of every page given by name; `whole` with what must be scrolled to. */
export async function picture(pages, name, { whole = false } = {}) {
  if (!pictures) return;
  mkdirSync(pictures, { recursive: true });
  pictureNumber += 1;
  for (const [who, page] of Object.entries(pages)) {
    await page.screenshot({ path: `${pictures}/${String(pictureNumber).padStart(2, '0')}-${name}-${who}.png`, fullPage: whole });
  }
}

/** Opens a window of its own: no session shared with another. A page that throws ends the play. */
export async function open(browser, viewport, { place, network } = {}) {
  const context = await browser.newContext({
    viewport,
    locale: language === 'ko' ? 'ko-KR' : 'en-GB',
    timezoneId: 'Asia/Seoul',
    // Moving decorations cost a software renderer more than everything else.
    reducedMotion: 'reduce',
    permissions: place ? ['geolocation'] : [],
    ...(place ? { geolocation: { latitude: place.lat, longitude: place.lon, accuracy: 6 } } : {}),
    ignoreHTTPSErrors: true,
  });
  // A device takes new fixes all the time; the browser under test only when told.
  if (place) setInterval(() => void context.setGeolocation({ latitude: place.lat, longitude: place.lon, accuracy: 5 + (fixes++ % 3) }).catch(() => undefined), 3_000).unref();
  if (network) await context.addInitScript(network);
  const page = await context.newPage();
  page.setDefaultTimeout(PAGE_MS);
  page.on('pageerror', (error) => fail(new Error(`a page threw: ${error.message}`)));
  page.on('console', (message) => message.type() === 'error' && console.log(`        page says: ${message.text()}`));
  return page;
}

/** What is to be touched is seen whole and lies under nothing: looked at near each corner, as a thumb would. */
export async function nothingCovers(page, targets) {
  const covered = await page.evaluate((wanted) => {
    const CORNER = 12;
    const isCovered = (target) => {
      const box = target.getBoundingClientRect();
      return [box.left + CORNER, box.right - CORNER].some((x) =>
        [box.top + CORNER, box.bottom - CORNER].some((y) => !target.contains(document.elementFromPoint(x, y))),
      );
    };
    const all = [...document.querySelectorAll(wanted)];
    return all.length === 0 ? ['nothing to touch'] : all.filter(isCovered).map((target) => target.textContent.trim());
  }, targets);
  if (covered.length > 0) throw new Error(`covered, or not on the screen: ${covered.join(', ')}`);
}

/** Signs in where the page at `path` asks for it. */
export async function signIn(page, path, [name, password]) {
  await page.goto(base + path);
  await page.fill('input[name="name"]', name);
  await page.fill('input[name="password"]', password);
  await page.click(id('sign-in'));
}

/** Plays `act` and sets the exit code; on failure with the step's name and pictures of every open page. */
export async function play(act) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    // Software rendering: WebGL for the map without a graphics card.
    args: ['--no-sandbox', '--allow-loopback-in-peer-connection', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  try {
    await Promise.race([act(browser), broken]);
  } catch (error) {
    console.error(`failed at: ${step}\n${error.message}`);
    await pictureOfFailure(browser);
    process.exitCode = 1;
  } finally {
    await browser.close();
  }
}

async function pictureOfFailure(browser) {
  if (!pictures) return;
  mkdirSync(pictures, { recursive: true });
  for (const [index, context] of browser.contexts().entries()) {
    for (const page of context.pages()) await page.screenshot({ path: `${pictures}/failed-${index}.png` }).catch(() => undefined);
  }
}
