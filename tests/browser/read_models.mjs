// read_models.mjs - read models in the console: parked keys, rebuilds.
import { confirm, looker, need, row, said } from './stage.mjs';

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
