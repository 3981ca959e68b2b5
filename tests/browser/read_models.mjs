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

// A row was changed by another than the projector: it is found, and named.
export async function aReadModelIsVerified() {
    await looker.go('#/read-models/users');
    const list = main().getByRole('list', { name: 'Verifications of users' });
    await main().getByText('This console has not verified it').waitFor();
    await looker.page.getByRole('button', { name: 'Verify' }).click();
    await confirm('Verify');
    await said('users is being verified');
    await list.getByText('as the log says').waitFor();
    const ada = await need('a false row');
    await looker.page.getByRole('button', { name: 'Verify' }).click();
    await confirm('Verify');
    await row('Differences of users', ada).getByText('is "name":"Eva"').waitFor();
    await need('the difference recorded');
    await looker.check('verified');
    await row('Differences of users', ada).getByRole('link', { name: ada }).first().click();
    await heading(new RegExp(`^${ada}`));
}

// The rebuild mends the row: it is held, as they differ, and accepted.
export async function aRebuildThatDiffersIsHeldAndAccepted() {
    await looker.go('#/read-models/users');
    await looker.page.getByRole('button', { name: 'Rebuild' }).click();
    await looker.page.getByLabel('Compare its rows').check();
    await confirm('Rebuild');
    await said('of users was requested');
    await row('Rebuilds of users', 'held').getByRole('button', { name: 'Accept' }).waitFor();
    await row('Differences of rebuild', 'Eva').first().waitFor();
    await looker.check('held');
    await row('Rebuilds of users', 'held').getByRole('button', { name: 'Accept' }).click();
    await confirm('Accept');
    await said('was accepted');
    await row('Switches of users', 'rebuild').first().waitFor();
    await row('Rebuilds of users', 'request').first().getByText('done', { exact: true }).waitFor();
}

// The unreadable event that was skipped for the row is skipped by all.
export async function anEventIsAmended() {
    const key = await need('the unreadable event');
    await looker.go(`#/streams/user-${key}`);
    await main().getByRole('link', { name: 'UserRegistered' }).click();
    await heading('UserRegistered');
    await main().getByText('It is read as it was written.').waitFor();
    await main().getByRole('alert').filter({ hasText: 'cannot be' }).first().waitFor(); // it has no state
    await looker.page.getByRole('button', { name: 'Amend' }).click();
    await looker.page.getByLabel('Skip the event instead').check();
    await looker.page.getByLabel('Reason').fill('nothing of it is known');
    await confirm('Amend');
    await said('is skipped');
    await main().getByText('nothing of it is known').waitFor();
    await main().getByLabel('the state after', { exact: true }).waitFor();
    looker.errors.length = 0; // the state that could not be folded
    await looker.check('amended');
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
    await row('Generations of users', /^\d+live/).waitFor();
    await looker.check('rebuilt');
    await looker.page.getByRole('button', { name: 'Roll back' }).click();
    await confirm('Roll back');
    await said('users switches back to generation');
    await row('Switches of users', 'rollback').first().getByText('done', { exact: true }).waitFor();
    await need('a rolled back generation');
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
