// large.mjs - the console's pages before a log of a million events, and a hundred thousand parked keys: they come
// within seconds, and no script holds the page up. test_console_large.c starts it.
//
//   node large.mjs URL
import assert from 'node:assert/strict';

import { doAll } from './browser.mjs';
import { confirm, heading, looker, main, row, said, url } from './stage.mjs';

const PATIENCE_MS = 10000; // for a page, on a machine that does other things, too
const FREEZE_MS = 1000;

async function watchForFreezes() {
    await looker.page.addInitScript(() => {
        globalThis.longest = 0;
        new PerformanceObserver((list) => {
            for (const one of list.getEntries()) globalThis.longest = Math.max(globalThis.longest, one.duration);
        }).observe({ type: 'longtask' });
    });
}

async function within(what, look) {
    const began = Date.now();
    await look();
    const took = Date.now() - began;
    const longest = await looker.page.evaluate(() => globalThis.longest);
    console.log(`${what} took ${took} ms, the longest task ${Math.round(longest)} ms`);
    assert.ok(took < PATIENCE_MS, `${what} took ${took} ms`);
    assert.ok(longest < FREEZE_MS, `${what} froze for ${longest} ms`);
}

async function parkedKeysArePaged() {
    await looker.go('#/read-models/vases');
    await row('Parked keys of vases', 'key-000001').waitFor();
    await main().getByText('1 to 50 of 100,000, by key').waitFor();
    await main().getByRole('navigation', { name: 'Pages of parked keys' }).getByRole('button', { name: 'Next' }).click();
    await row('Parked keys of vases', 'key-000051').waitFor();
    assert.equal(await looker.page.getByRole('region', { name: 'Parked keys of vases' }).getByRole('row').count(), 51);
    await main().getByRole('navigation', { name: 'Pages of parked keys' }).getByRole('button', { name: 'Previous' }).click();
    await row('Parked keys of vases', 'key-000001').waitFor();
}

async function allAreRetriedAtOnce() {
    await looker.page.getByRole('button', { name: 'Retry all' }).click();
    await confirm('Retry all');
    await said('100,000 keys of vases will be applied again');
}

async function newestEvents() {
    await looker.go('#/streams');
    await row('Events', '1,000,000').waitFor();
    await looker.go('#/streams?type=VaseMade&from=500000');
    await row('Events', 'VaseMade').first().waitFor();
}

async function recentStreams() {
    await looker.go('#/streams?show=streams');
    await row('Streams', 'vase-100000').first().waitFor();
    await looker.go('#/streams/vase-1');
    await heading(/^vase-1/);
    await main().getByText('versions 1 to').waitFor();
}

async function anEventFarBack() {
    await looker.go('#/events/500000');
    await heading('VaseMade');
    await looker.page.getByRole('treeitem').first().waitFor();
}

async function overview() {
    await looker.go('#/overview');
    await row('Read models', 'vases g1').getByText('100,000').waitFor();
}

const opened = async () => {
    await watchForFreezes();
    await looker.page.goto(`${url}/console`);
};
const timed = (what, look) => async () => within(what, look);
await doAll(looker, [
    opened,
    timed('the overview', overview),
    timed('parked keys', parkedKeysArePaged),
    timed('all of them', allAreRetriedAtOnce),
    timed('events', newestEvents),
    timed('streams', recentStreams),
    timed('an event', anEventFarBack),
    () => looker.check('large', /500|404/),
]);
