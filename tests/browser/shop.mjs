// shop.mjs - a person's whole story in the shop's pages, and a clerk's, in a real browser. test_buying.c starts it.
//
//   node shop.mjs URL [SHOTS]
import assert from 'node:assert/strict';

import { doAll, Looker, need } from './browser.mjs';

const [url, shots] = process.argv.slice(2);
const looker = await Looker.open({ url, shots });
const button = (name) => looker.page.getByRole('button', { name, exact: true });
const heading = (name) => looker.page.getByRole('heading', { name, level: 1 });
const alertOf = (text) => looker.page.getByRole('alert').filter({ hasText: text });
const badge = (text) => looker.page.locator('.badge', { hasText: text });
const heard = []; // all that the pages were told, but for the sealed cookie

function listen() {
    looker.page.on('response', async (response) => {
        if (!response.url().startsWith(url)) return;
        const headers = Object.entries(await response.allHeaders().catch(() => ({}))).filter(([name]) => name !== 'set-cookie');
        const isStream = headers.some(([name, value]) => name === 'content-type' && value.startsWith('text/event-stream'));
        heard.push(JSON.stringify(headers), isStream ? '' : await response.text().catch(() => ''));
    });
}

async function signIn(name) {
    await button('Sign in').first().click();
    await button(name).click();
    await button('Sign out').waitFor();
}

async function signOut() {
    await button('Sign out').click();
    await looker.page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await button('Sign in').first().waitFor();
}

const orderId = () => new URL(looker.page.url()).hash.split('/').at(-1);

async function order(card) {
    await looker.go('#/');
    await button('Add Jasmine Pearls to the basket').click();
    await looker.go('#/basket');
    if (card) await looker.page.getByLabel('Card').selectOption({ label: card });
    await button('Order for €11.80').click();
    await heading(/^Order of/).waitFor();
    return orderId();
}

async function aStrangerLooksAround() {
    listen();
    let bytes = 0;
    const session = await looker.context.newCDPSession(looker.page);
    await session.send('Network.enable');
    session.on('Network.loadingFinished', (one) => { bytes += one.encodedDataLength; });
    await looker.page.goto(`${url}/`);
    await heading('Teas').waitFor();
    assert.equal(new URL(looker.page.url()).pathname, '/shop');
    assert.ok(bytes > 5000 && bytes < 40000, `the first load takes ${bytes} bytes`);
    console.log(`the first load takes ${bytes} bytes`);
    await looker.check('catalogue');
    await button('Add Morning Assam to the basket').focus();
    await looker.page.keyboard.press('Enter');
    await looker.page.keyboard.press('Tab');
    await looker.page.keyboard.press('Space'); // the next tea
    await looker.page.getByRole('link', { name: 'Basket (2)' }).click();
    await heading('Sign in').waitFor();
    await looker.check('sign-in-first');
}

async function sheRegistersAndOrdersOnce() {
    await button('Sign in to continue').click();
    await button('ada').click();
    await heading('Register').waitFor();
    assert.equal(new URL(looker.page.url()).hash, '#/basket');
    await looker.check('register', /404/);
    await looker.page.getByLabel('Name').fill('Ada');
    await looker.page.getByLabel('E-mail').fill('bob@example.com'); // another's
    await button('Register').click();
    await alertOf('This address is registered already').waitFor();
    await looker.check('register-taken', /422/);
    await looker.page.getByLabel('E-mail').fill('ada@example.com');
    await looker.page.keyboard.press('Enter');
    await heading('Basket').waitFor();
    await looker.page.getByLabel('How many of Morning Assam').fill('2');
    await looker.page.getByLabel('How many of Morning Assam').press('Tab');
    await looker.check('basket');
    await button('Order for €17.90').dblclick();
    await heading(/^Order of/).waitFor();
    assert.equal(await need('the number of orders'), '1');
}

async function itIsPaidAndShippedBeforeHerEyes() {
    await badge('Paid').waitFor();
    await looker.page.getByText('shown live').waitFor();
    await looker.check('order-paid');
    const id = orderId();
    await need('the backend stopped');
    await looker.page.getByText('connecting…').waitFor();
    await need(`shipped ${id}`);
    await need('the backend started');
    await badge('Shipped').waitFor();
    await looker.page.getByText('Northern Post, NP-4711').waitFor();
    assert.equal(await button('Cancel this order').count(), 0);
    looker.errors.length = 0; // attempts in between
    await looker.check('order-shipped');
}

async function aDeclinedCardIsTold() {
    await order('Test card: is declined');
    await alertOf('This order is not paid').waitFor();
    await badge('Cancelled').waitFor();
    await looker.check('order-declined');
    await button('Put these teas into the basket').click();
    await heading('Basket').waitFor();
    await looker.page.getByRole('button', { name: 'Remove Jasmine Pearls' }).click();
    await looker.page.getByText('The basket is empty.').waitFor();
    await looker.check('basket-empty');
}

async function aCancellationIsOfWhatWasSeen() {
    const id = await order();
    await badge('Paid').waitFor();
    await need('the projector frozen');
    await need(`shipped ${id}`);
    await button('Cancel this order').click();
    await alertOf('Somebody was faster').waitFor();
    await need('the projector continued');
    await alertOf('it is shipped now').waitFor();
    await looker.check('order-faster', /412/);
    await order();
    await badge('Paid').waitFor();
    await button('Cancel this order').click();
    await badge('Cancelled').waitFor();
    await looker.check('order-cancelled');
}

async function herOrdersComeInPages() {
    await need('five more orders');
    await looker.go('#/orders');
    await looker.page.getByText('page 1').waitFor();
    await looker.check('orders');
    const first = await looker.page.getByRole('listitem').allInnerTexts();
    await button('Older').click();
    await looker.page.getByText('page 2').waitFor();
    await looker.page.waitForFunction((text) => document.querySelector('main li')?.innerText !== text, first[0]);
    assert.equal(await looker.page.getByRole('main').getByRole('listitem').count(), 4);
    assert.equal(await button('Older').isDisabled(), true);
    await button('Newer').click();
    await looker.page.getByText('page 1').waitFor();
}

async function noTokenReachesThePages() {
    const kept = await looker.page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
    assert.ok(heard.length > 50, `${heard.length} answers were looked at`);
    for (const text of [kept, ...heard]) assert.ok(!/eyJ[\w-]+\.[\w-]+/.test(text), `a token: ${text.slice(0, 300)}`);
    assert.ok(!/cairn-session/.test(kept), 'scripts see the cookie');
    const cookie = (await looker.context.cookies(url)).find((one) => one.name === 'cairn-session');
    assert.deepEqual([cookie.httpOnly, cookie.sameSite], [true, 'Strict']);
}

async function aClerkShips() {
    await signOut();
    await signIn('clerk');
    await looker.page.getByRole('link', { name: 'To ship' }).click();
    await heading('To ship').waitFor();
    const parcels = looker.page.getByRole('listitem').filter({ hasText: 'Hand over' });
    await parcels.first().waitFor();
    const before = await parcels.count();
    await looker.check('to-ship');
    await parcels.first().getByLabel('Carrier').fill('Northern Post');
    await parcels.first().getByLabel('Tracking').fill('NP-4712');
    await parcels.first().getByLabel('Tracking').press('Enter');
    await looker.page.getByText('1 handed over.').waitFor();
    assert.equal(await parcels.count(), before - 1);
}

await doAll(looker, [aStrangerLooksAround, sheRegistersAndOrdersOnce, itIsPaidAndShippedBeforeHerEyes, aDeclinedCardIsTold,
    aCancellationIsOfWhatWasSeen, herOrdersComeInPages, noTokenReachesThePages, aClerkShips]);
