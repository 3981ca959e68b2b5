// processes.mjs - processes, commands and the bus in the console.
import assert from 'node:assert/strict';

import { confirm, heading, looker, main, need, row, said } from './stage.mjs';

let order;

export async function aTimerIsMovedAndCancelled() {
    order = await need('an order');
    await looker.go('#/processes');
    await row('Processes and reactors', 'process/fulfilment').waitFor();
    await row('Timers', 'payment-deadline').waitFor();
    await row('Instances', 'OrderPlaced').waitFor();
    await looker.check('processes');
    await row('Instances', 'OrderPlaced').getByRole('link').first().click();
    await heading(`fulfilment-${order}`);
    await main().getByText('"authorized": false').waitFor();
    await looker.check('instance');
    await looker.page.getByRole('button', { name: `Move payment-deadline of fulfilment-${order}` }).click();
    await looker.page.getByLabel('When').fill('soon');
    await looker.page.getByRole('dialog').getByRole('button', { name: 'Move', exact: true }).click();
    await looker.page.getByRole('alert').filter({ hasText: 'neither a time nor a duration' }).waitFor();
    looker.errors.length = 0; // the 400 that the browser notes
    await looker.page.getByLabel('When').fill('2 hours');
    await confirm('Move');
    await said('was moved: 2 hours');
    await need('a moved timer');
    await looker.page.getByRole('button', { name: `Cancel timer payment-deadline of fulfilment-${order}` }).click();
    await confirm('Cancel timer');
    await said('was cancelled');
    await main().getByText('No timer is set.').waitFor();
    await need('no timer');
}

export async function commandsAreFoundByKey() {
    const issuer = await need('the issuer');
    await looker.go('#/commands');
    await looker.page.getByLabel('Service').fill('order');
    await looker.page.getByLabel('Idempotency-Key').fill('console-order');
    await looker.page.getByRole('button', { name: 'Look up' }).click();
    await main().getByText('No such command was carried out').waitFor();
    await looker.page.getByLabel('subject').fill('0199aaaa-0000-7000-8000-000000000001');
    await looker.page.getByLabel('Issuer').fill(issuer);
    await looker.page.getByRole('button', { name: 'Look up' }).click();
    await row('Events of the command', 'OrderPlaced').waitFor();
    await main().getByText('carried out, answered 201').waitFor();
    assert.match(await main().getByLabel('the answer', { exact: true }).innerText(), new RegExp(`"stream": "order-${order}"`));
    await looker.check('commands');
}

export async function whatWasGivenUpIsRetried() {
    const payment = await need('a payment given up');
    await looker.go('#/overview');
    await looker.page.getByRole('alert').getByRole('link', { name: /^reactor\/charging: 1 parked/ }).click();
    await row('Given up', payment.slice(0, 8)).waitFor();
    await looker.check('given-up');
    await row('Given up', 'PaymentRequested').getByRole('button').click();
    await confirm('Retry');
    await said('reactor/charging will try');
    await need('another attempt');
}

export async function aDeadLetterIsDeliveredAgain() {
    await need('a dead letter');
    await looker.go('#/bus');
    await row('Groups of the bus', 'notification').first().waitFor();
    await row('Streams of the bus', 'order').waitFor();
    await looker.check('bus');
    await row('Groups of the bus', 'notification').getByRole('link').first().click();
    const letter = main().getByRole('list', { name: 'Dead letters' }).getByRole('listitem').filter({ hasText: 'not a valid address' });
    await letter.getByText('The event', { exact: true }).click();
    await letter.getByText('"specversion"').waitFor();
    await looker.check('dead-letters');
    await need('the address mended');
    await letter.getByRole('button', { name: /^Retry letter/ }).click();
    await confirm('Retry');
    await said('1 dead letter of notification delivered again');
    await letter.waitFor({ state: 'hidden' });
    await need('the letter handled');
}
