// read_models.mjs - read models in the console: parked keys, rebuilds.
import assert from 'node:assert/strict';

import { confirm, heading, looker, main, need, row, said } from './stage.mjs';

export async function parkedKeysAreMended() {
    const key = await need('a parked key');
    await looker.go('#/overview');
    await looker.page.getByRole('alert').filter({ hasText: '1 key parked' }).waitFor();
    await looker.shoot('overview-parked');
    await looker.page.getByRole('alert').getByRole('link', { name: /^users/ }).click();
    await row('Parked keys of users', key).waitFor();
    await looker.check('parked');
    await need('the cause mended');
    await looker.page.getByRole('button', { name: `Retry ${key}` }).click();
    await looker.page.getByRole('dialog').waitFor();
    await looker.check('confirm');
    await confirm('Retry');
    await said('1 key of users will be applied again');
    await looker.page.getByText('No key is parked.').waitFor();
    await need('the row');
    const other = await need('an unreadable event');
    await looker.page.getByRole('button', { name: `Skip ${other}` }).click();
    await confirm('Skip');
    await said('continues without the event');
    await looker.page.getByText('No key is parked.').waitFor();
}

export async function aRebuildIsWatched() {
    await looker.go('#/read-models');
    await row('Read models', 'users').getByRole('link').click();
    await row('Generations of users', 'live').waitFor();
    await looker.page.getByRole('button', { name: 'Rebuild' }).click();
    await confirm('Rebuild');
    await said('of users was requested');
    const rebuild = row('Rebuilds of users', 'request').first();
    await rebuild.waitFor();
    await rebuild.getByText('done', { exact: true }).waitFor();
    await row('Generations of users', /^2live/).waitFor();
    await looker.check('rebuilt');
    await looker.page.getByRole('button', { name: 'Roll back' }).click();
    await confirm('Roll back');
    await said('users switches back to generation 1');
    await row('Generations of users', /^1live/).waitFor();
    await need('generation 1 is live');
}

// Ada's row was made by one event, and is changed by another: before that one it was as it was.
export async function aRowIsExplainedAndItsPastIsShown() {
    const ada = await need('another address');
    await looker.go('#/read-models/users');
    await looker.page.getByLabel('Key').fill(ada);
    await looker.page.getByRole('button', { name: 'Why' }).click();
    await heading(new RegExp(`^${ada}`));
    await main().getByRole('deletion').filter({ hasText: 'ada@example.com' }).waitFor();
    await main().getByRole('insertion').filter({ hasText: 'ada@example.org' }).waitFor();
    await main().getByText('"email": "ada@example.org"').waitFor();
    await looker.check('row');
    await looker.page.getByLabel('As of').focus();
    await looker.page.keyboard.press('ArrowLeft');
    await main().getByText('"email": "ada@example.com"').waitFor();
    assert.match(looker.page.url(), /at=\d+/);
    await looker.check('row-then');
    await looker.page.keyboard.press('ArrowLeft');
    await main().getByText('There was no row.').waitFor();
}
