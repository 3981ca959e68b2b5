// stage.mjs - the browser that looks at the console, and what all parts of the check do with it. test_console.c
// prepares and checks in the database what is asked for: NEED what is printed, and it goes on at a line of input.
import { Looker } from './browser.mjs';

export { need } from './browser.mjs';

export const [url, shots] = process.argv.slice(2);
export const looker = await Looker.open({ url, shots });
export const main = () => looker.page.getByRole('main');
export const row = (label, text) => looker.page.getByRole('region', { name: label }).getByRole('row').filter({ hasText: text });
export const heading = (name) => looker.page.getByRole('heading', { name, level: 1 }).waitFor();

export async function confirm(name) {
    const dialog = looker.page.getByRole('dialog');
    await dialog.waitFor();
    await dialog.getByRole('button', { name, exact: true }).click();
    await dialog.waitFor({ state: 'hidden' });
}

export async function said(text) {
    await main().getByRole('status').filter({ hasText: text }).waitFor();
}
