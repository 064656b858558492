/**
 * Plays paying in Toss Payments' window in a real browser: a driver closes it once, pays in it the second time, and comes back. The
 * script and the HTTP API of the provider are stand-ins of this play; the server, its pages and their content policy are the real ones.
 * Starts a server of its own. Waits only for what the pages show.
 *
 *   ORCHESTRATOR=target/debug/orchestrator node e2e/toss.mjs
 *
 * More in stage.mjs.
 *
 * Exit code 0: paid once, and booked. 1: it is not; the last step is named.
 */

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { at, id, language, open, PHONE, picture, play } from './stage.mjs';

const ROOT = resolve(import.meta.dirname, '../../..');
const program = process.env.ORCHESTRATOR ?? join(ROOT, 'target/debug/orchestrator');

/** The shop: a token names its order and amount, and is approved by being used; confirming takes the money once. */
function shop() {
  const confirmed = new Map();
  const payment = (key) => {
    const [, order, amount] = key.split('.');
    const status = confirmed.has(key) ? 'DONE' : 'IN_PROGRESS';
    return { paymentKey: key, orderId: order, status, totalAmount: Number(amount), balanceAmount: Number(amount) };
  };
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (part) => (text += part));
    request.on('end', () => {
      const key = request.method === 'POST' ? JSON.parse(text).paymentKey : decodeURIComponent(request.url.split('/').at(-1));
      if (request.method === 'POST') confirmed.set(key, (confirmed.get(key) ?? 0) + 1);
      response.setHeader('content-type', 'application/json').end(JSON.stringify(payment(key)));
    });
  });
  return new Promise((ready) => server.listen(0, '127.0.0.1', () => ready({ server, confirmed, url: `http://127.0.0.1:${server.address().port}` })));
}

/** A server whose money goes through the shop; answers where it is. */
function serve(folder, shopUrl) {
  const config = join(folder, 'server.toml');
  writeFileSync(join(folder, 'secret-key'), 'test_sk_escort\n');
  writeFileSync(
    config,
    `site = ${JSON.stringify(join(ROOT, 'configs/demo-site'))}
[store]
data_dir = ${JSON.stringify(join(folder, 'data'))}
[http]
bind = "127.0.0.1:0"
[links]
bind = "127.0.0.1:0"
[mqtt]
enabled = false
[parking]
file = ${JSON.stringify(join(ROOT, 'configs/demo-parking.toml'))}
[parking.payments]
provider = "toss"
base_url = "${shopUrl}"
client_key = "test_ck_escort"
secret_key_file = ${JSON.stringify(join(folder, 'secret-key'))}
`,
  );
  const server = spawn(program, ['serve', '--config', config], { stdio: ['ignore', 'pipe', 'inherit'] });
  const address = new Promise((ready, broken) => {
    server.stdout.on('data', (line) => {
      const found = /http=(\S+)/.exec(String(line));
      if (found) ready(found[1]);
    });
    server.on('exit', (code) => broken(new Error(`the server ended with ${code}`)));
  });
  return { server, address };
}

/** What stands in for the provider's script: the payer closes the first window, and pays in the second. */
const SCRIPT = `
  window.TossPayments = (clientKey) => ({
    payment: ({ customerKey }) => ({
      requestPayment: async ({ method, amount, orderId, orderName, successUrl, failUrl }) => {
        if (clientKey !== 'test_ck_escort' || customerKey !== 'ANONYMOUS' || method !== 'CARD' || amount.currency !== 'KRW' || !orderName || !failUrl) throw new Error('asked wrongly');
        const opened = Number(sessionStorage.getItem('opened') ?? 0) + 1;
        sessionStorage.setItem('opened', String(opened));
        if (opened === 1) throw Object.assign(new Error('closed'), { code: 'PAY_PROCESS_CANCELED' });
        const key = ['pk', orderId, amount.value].join('.');
        location.assign(successUrl + '?paymentType=NORMAL&orderId=' + orderId + '&paymentKey=' + key + '&amount=' + amount.value);
      },
    }),
  });
  window.TossPayments.ANONYMOUS = 'ANONYMOUS';
`;

const said = { ko: { closed: '결제를 취소했습니다', refused: '카드가 거절되었습니다' }, en: { closed: 'was cancelled', refused: 'card was refused' } }[language];

async function paying(browser, base, confirmed) {
  const driver = await open(browser, PHONE);
  let loads = 0;
  await driver.route('https://js.tosspayments.com/v2/standard', (route) => (loads++, route.fulfill({ contentType: 'text/javascript', body: SCRIPT })));
  at('driver parks; nothing of the provider is loaded yet');
  await driver.goto(`${base}/p/A1`);
  await driver.waitForSelector(id('no-registering'));
  if (await driver.locator('input[name="method"]').count()) throw new Error('a card can be registered, and the provider has no lasting tokens');
  await driver.fill('input[name="plate"]', '12 가 3456');
  await driver.click(id('enter'));
  await driver.waitForSelector(id('stay'));
  await driver.waitForSelector(`${id('due')}:not([data-due="0"])`);
  if (loads !== 0) throw new Error('the provider’s script was loaded before anybody paid');

  at('driver opens the window and closes it');
  await driver.click(id('pay'));
  await driver.waitForSelector(id('checkout-failed'));
  if (!(await driver.textContent(id('checkout-failed'))).includes(said.closed)) throw new Error('the page does not say that it was cancelled');
  await picture({ driver }, 'window-closed', { whole: true });

  at('driver leaves, pays in the window and comes back');
  await driver.click(id('leave'));
  await driver.waitForSelector(`${id('stay')}[data-left="true"]`);
  const due = Number(await driver.getAttribute(id('due'), 'data-due'));
  await driver.click(id('pay'));
  await driver.waitForSelector(`${id('receipt')}[data-amount="${due}"]`);
  if (driver.url().includes('paymentKey')) throw new Error('the token stays in the address');
  await picture({ driver }, 'window-receipt', { whole: true });
  await driver.reload();
  await driver.waitForSelector(`${id('receipt')}[data-amount="${due}"]`);
  if ([...confirmed.values()].join() !== '1') throw new Error(`confirmed ${[...confirmed.values()]} times`);

  at('driver goes back to the stay: all is paid');
  await driver.click(id('back'));
  await driver.waitForSelector(id('settled'));
  await driver.waitForSelector(id('payments'));

  at('a card that was refused is said in words');
  await driver.goto(`${base}/pay/return?code=REJECT_CARD_COMPANY&message=x&orderId=`);
  await driver.waitForSelector(id('declined'));
  if (!(await driver.textContent(id('declined'))).includes(said.refused)) throw new Error('the page does not say that the card was refused');
  at('without its order the window leads back to where it was opened');
  await driver.click(id('back'));
  await driver.waitForSelector(id('settled'));
  at('done: paid in the window, once');
}

const folder = mkdtempSync(join(tmpdir(), 'escort-toss-'));
const { server: api, confirmed, url } = await shop();
const { server, address } = serve(folder, url);
try {
  const base = await address;
  await play((browser) => paying(browser, base, confirmed));
} finally {
  server.removeAllListeners('exit');
  server.kill();
  api.close();
  rmSync(folder, { recursive: true, force: true });
}
