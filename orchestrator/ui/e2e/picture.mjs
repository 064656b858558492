/**
 * What a test sees in a live picture: the clock burnt into it, and where it is bright. Runs inside the page that shows it.
 * The clock's layout: docs/video.md.
 */

/** How long between two looks at the way a picture comes, milliseconds, and how many: ten seconds, more than a relay takes to be chosen. */
const WAYS_PAUSE_MS = 200;
const WAYS_LOOKS_MAX = 50;

/** Reads the clock of every picture shown until `count` were read; ages in milliseconds from capture to the screen. */
export async function glassToGlass(page, count) {
  const ages = await page.evaluate(
    ({ count }) =>
      new Promise((resolve) => {
        const video = document.querySelector('[data-testid="feed"] video');
        const canvas = document.createElement('canvas');
        const drawing = canvas.getContext('2d', { willReadFrequently: true });
        const found = [];
        let unread = 0;
        const read = () => {
          const { videoWidth: width, videoHeight: height } = video;
          const cell = Math.floor(width / 48);
          const left = Math.floor((width - cell * 40) / 2);
          canvas.width = cell * 40;
          canvas.height = cell;
          drawing.drawImage(video, left, 0, cell * 40, cell, 0, 0, cell * 40, cell);
          if (height === 0 || cell === 0) return null;
          const row = drawing.getImageData(0, Math.floor(cell / 2), cell * 40, 1).data;
          const bytes = [0, 0, 0, 0, 0];
          for (let bit = 0; bit < 40; bit += 1) if (row[4 * (bit * cell + Math.floor(cell / 2))] > 128) bytes[bit >> 3] |= 1 << (bit & 7);
          if ((bytes[0] ^ bytes[1] ^ bytes[2] ^ bytes[3]) !== bytes[4]) return null;
          return bytes[0] + bytes[1] * 256 + bytes[2] * 65_536 + bytes[3] * 16_777_216;
        };
        const shown = () => {
          const nowMs = performance.timeOrigin + performance.now();
          const capturedMs = read();
          if (capturedMs === null) unread += 1;
          else found.push((((Math.round(nowMs) - capturedMs) % 2 ** 32) + 2 ** 32) % 2 ** 32);
          if (found.length >= count || unread > count) resolve(found);
          else video.requestVideoFrameCallback(shown);
        };
        video.requestVideoFrameCallback(shown);
      }),
    { count },
  );
  if (ages.length < count) throw new Error(`the clock in the picture could be read in ${ages.length} of ${count} pictures only`);
  ages.sort((a, b) => a - b);
  return { medianMs: ages[Math.floor(ages.length / 2)], p95Ms: ages[Math.floor(ages.length * 0.95)], pictures: ages.length };
}

/** How much brighter the middle of the picture is than its border: a lit circle on dark ground stands out, a dark street does not. */
export function standsOut(page) {
  return page.evaluate(() => {
    const video = document.querySelector('[data-testid="feed"] video');
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [160, 90];
    const drawing = canvas.getContext('2d', { willReadFrequently: true });
    drawing.drawImage(video, 0, 0, 160, 90);
    const points = drawing.getImageData(0, 0, 160, 90).data;
    const mean = (wanted) => {
      let [sum, count] = [0, 0];
      for (let y = 12; y < 90; y += 1)
        for (let x = 0; x < 160; x += 1)
          if (wanted(Math.hypot((x - 80) / 80, (y - 45) / 45))) {
            const at = 4 * (y * 160 + x);
            sum += points[at] + points[at + 1] + points[at + 2];
            count += 3;
          }
      return sum / count;
    };
    return (mean((from) => from < 0.25) + 2) / (mean((from) => from > 0.85) + 2);
  });
}

/** How long the picture may take to show what was reported: its own delay, the exposure that follows the light, and a busy machine. */
const FOLLOWS_MS = 10_000;

/** The same, looked at until it is as wished or the picture has had its time; the last value either way. */
export async function standsOutUntil(page, wished) {
  const untilMs = Date.now() + FOLLOWS_MS;
  let times = await standsOut(page);
  while (!wished(times) && Date.now() < untilMs) {
    await page.evaluate(() => new Promise((shown) => document.querySelector('[data-testid="feed"] video').requestVideoFrameCallback(shown)));
    times = await standsOut(page);
  }
  return times;
}

/** For a page before it loads: the test can look at its connections. */
export const countedConnections = () => {
  const Connection = window.RTCPeerConnection;
  window.connections = [];
  window.RTCPeerConnection = class extends Connection {
    constructor(settings) {
      super(settings);
      window.connections.push(this);
    }
  };
};

/** For a page before it loads: its connections go through a TURN server or not at all, as behind a strict firewall. */
export const onlyRelayed = () => {
  const Connection = window.RTCPeerConnection;
  window.connections = [];
  window.RTCPeerConnection = class extends Connection {
    constructor(settings) {
      super({ ...settings, iceTransportPolicy: 'relay' });
      window.connections.push(this);
    }
  };
};

/** The same where not even a TURN server is reached. */
export const nothingGetsThrough = () => {
  const Connection = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Connection {
    constructor() {
      super({ iceServers: [], iceTransportPolicy: 'relay' });
    }
  };
};

/**
 * By which kind of own address the pictures of such a page come: `host`, `relay` … A page may show its first frame a moment before the
 * browser says which pair of addresses it has chosen, so this waits until it says so.
 */
export function waysOfPictures(page) {
  // Waited for in the page: Playwright takes the promise of a waiting function for its answer, and the first may come too early.
  const chosen = async ({ pauseMs, looksMax }) => {
    const found = [];
    for (let look = 0; found.length === 0 && look < looksMax; look += 1) {
      if (look > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
      for (const connection of window.connections) {
        const stats = new Map([...(await connection.getStats())]);
        for (const transport of stats.values()) {
          const pair = transport.type === 'transport' ? stats.get(transport.selectedCandidatePairId) : undefined;
          if (pair) found.push(stats.get(pair.localCandidateId)?.candidateType);
        }
      }
    }
    return found;
  };
  return page.evaluate(chosen, { pauseMs: WAYS_PAUSE_MS, looksMax: WAYS_LOOKS_MAX });
}

/** Waits for so many new stills; the mean time between two, milliseconds. */
export function stillsShown(page, count) {
  return page.evaluate(
    ({ count }) =>
      new Promise((resolve) => {
        const times = [];
        // The page may put another image in the place of this one: what is looked at is the page, not the element.
        const isStill = ({ target }) => target.matches('[data-testid="feed"] img');
        new MutationObserver((changes) => {
          if (changes.some(isStill)) times.push(performance.now());
          if (times.length > count) resolve(Math.round((times[count] - times[0]) / count));
        }).observe(document.body, { subtree: true, attributeFilter: ['src'] });
      }),
    { count },
  );
}

/** Asks whoever runs the test for another server on the same data; returns when it is ready. */
export async function restartServer() {
  console.log('please restart the server');
  await new Promise((resolve) => process.stdin.once('data', resolve));
  process.stdin.pause();
}

/** How often a watched picture is looked at, milliseconds: several times within what a person would see as a gap. */
const WATCH_PAUSE_MS = 50;

/** From now on what the page shows as its picture is noted. */
export function watchPicture(page) {
  return page.evaluate((pauseMs) => {
    window.watched = { drones: [], gapMs: 0, longestGapMs: 0, handoverGapMs: 0, atMs: performance.now() };
    setInterval(() => {
      const { watched } = window;
      const feed = document.querySelector('.both > div:not(.behind) [data-testid="feed"]');
      const passedMs = performance.now() - watched.atMs;
      watched.atMs += passedMs;
      const isSeen = feed?.dataset.state === 'live' || feed?.dataset.state === 'stills';
      if (isSeen && watched.drones.at(-1) !== feed.dataset.drone) {
        if (watched.drones.length > 0) watched.handoverGapMs = Math.max(watched.handoverGapMs, watched.gapMs);
        watched.drones.push(feed.dataset.drone);
      }
      watched.gapMs = isSeen ? 0 : watched.gapMs + passedMs;
      watched.longestGapMs = Math.max(watched.longestGapMs, watched.gapMs);
    }, pauseMs);
  }, WATCH_PAUSE_MS);
}

/** What was noted: whose pictures were seen one after the other, the time without any between two of them, and the longest at all, milliseconds. */
export function watchedPicture(page) {
  return page.evaluate(() => ({ drones: window.watched.drones, handoverGapMs: Math.round(window.watched.handoverGapMs), longestGapMs: Math.round(window.watched.longestGapMs) }));
}
