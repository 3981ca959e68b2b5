// causes.mjs - the picture of what a request has caused, in the console.
import { heading, looker, main, row } from './stage.mjs';

const focused = (name) => looker.page.locator(':focus').and(looker.page.getByRole('treeitem', { name })).waitFor();

// From the event that is looked at to the command that caused it, and on to what the process did.
export async function causesAreWalkedByKeyboard() {
    await looker.go('#/streams?type=OrderPlaced');
    await row('Events', 'OrderPlaced').last().getByRole('link').first().click();
    await heading('OrderPlaced');
    const here = looker.page.getByRole('treeitem', { name: /OrderPlaced.*this event/ });
    await here.waitFor();
    await looker.page.getByRole('treeitem', { name: /^event .*PaymentRequested/ }).waitFor();
    await here.focus();
    await looker.check('causes');
    await looker.page.keyboard.press('ArrowLeft');
    await focused(/^command .*place_order/);
    await looker.page.keyboard.press('ArrowRight');
    await focused(/^event .*OrderPlaced/);
    await looker.page.keyboard.press('End');
    await looker.page.keyboard.press('Home');
    await focused(/^command .*place_order/);
    await looker.page.getByRole('treeitem', { name: /^event .*PaymentRequested/ }).focus();
    await main().getByRole('link', { name: 'Open' }).waitFor();
    await looker.page.keyboard.press('Enter');
    await heading('PaymentRequested');
    await main().getByRole('link', { name: 'All of the request' }).click();
    await looker.page.getByRole('treeitem', { name: /^command .*place_order/ }).waitFor();
    await looker.check('trace');
}
