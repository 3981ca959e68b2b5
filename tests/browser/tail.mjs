// tail.mjs - the log as it grows, in the console.
import assert from 'node:assert/strict';

import { looker, main, need, row } from './stage.mjs';

const open = async (category) => main().locator(`.live[data-of=${category}]`).waitFor();

export async function eventsAreShownAsTheyAreRecorded() {
    await looker.go('#/live');
    await open('all');
    await need('two events');
    await row('Live events', 'VaseMade').waitFor();
    await row('Live events', 'JugMade').waitFor();
    await looker.check('live');
    await looker.page.getByLabel('Category').fill('jug');
    await looker.page.getByRole('button', { name: 'Filter' }).click();
    await open('jug');
    await need('two events');
    await row('Live events', 'JugMade').waitFor();
    assert.equal(await row('Live events', 'VaseMade').count(), 0);
    await looker.go('#/live');
    await open('all');
    await need('many events');
    await main().getByText('5,000 events').waitFor();
    const began = Date.now();
    await looker.page.getByRole('button', { name: 'Pause' }).click();
    await looker.page.getByRole('button', { name: 'Go on' }).waitFor();
    assert.ok(Date.now() - began < 2000, `the page took ${Date.now() - began} ms for a click`);
}
