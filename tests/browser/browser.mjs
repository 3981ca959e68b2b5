// browser.mjs - a chromium that looks at pages of a service: pages without errors, axe-core, screenshots.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { chromium } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

// Asks the test for something, and waits until it is there: see tests/support/browser.h.
export async function need(what) {
    console.log(`NEED ${what}`);
    const { value, done } = await lines.next();
    if (done) throw new Error(`no answer to ${what}`);
    return value;
}

// Does all steps, and ends the process: with 1 if one of them fails, or a check has found something.
export async function doAll(looker, steps) {
    try {
        for (const step of steps) {
            const began = Date.now();
            await step();
            console.log(`DID ${step.name || 'sign-in'} in ${Date.now() - began} ms`);
        }
        if (looker.found.length) throw new Error(looker.found.join('\n'));
    } catch (error) {
        console.log(`FAILED ${error.stack}`);
        looker.errors.forEach((one) => console.log(`the browser says: ${one}`));
        console.log(`at ${looker.page.url()}: ${(await looker.page.locator('body').innerText().catch(() => '')).slice(0, 3000)}`);
        process.exitCode = 1;
    }
    await looker.close();
    process.exit();
}

export class Looker {
    // url: of the service; shots: a directory for screenshots, or nothing
    static async open({ url, shots }) {
        const looker = new Looker();
        looker.browser = await chromium.launch({
            executablePath: process.env.CAIRN_CHROMIUM,
            args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
        });
        Object.assign(looker, { url, shots, errors: [], found: [] });
        await looker.renew({});
        return looker;
    }

    // A new person at another browser: without cookies.
    async renew(options) {
        await this.context?.close();
        this.context = await this.browser.newContext({ colorScheme: 'light', viewport: { width: 1280, height: 900 }, ...options });
        this.page = await this.context.newPage();
        this.page.setDefaultTimeout(90000);
        this.page.on('pageerror', (error) => this.errors.push(String(error)));
        this.page.on('console', (message) => {
            if (message.type() === 'error') this.errors.push(message.text());
        });
    }

    async signIn(name, heading = 'Overview') {
        await this.page.goto(`${this.url}/console`);
        await this.page.getByRole('button', { name: 'Sign in' }).click();
        await this.page.getByRole('button', { name, exact: true }).click();
        await this.page.getByRole('heading', { name: heading, level: 1 }).waitFor();
    }

    async go(hash) {
        await this.page.evaluate((to) => { location.hash = to; }, hash);
    }

    // Screenshots in light and dark, on a wide screen and on a phone.
    async shoot(name) {
        if (!this.shots) return;
        const usual = this.page.viewportSize();
        for (const scheme of ['light', 'dark']) {
            await this.page.emulateMedia({ colorScheme: scheme });
            await this.page.screenshot({ path: join(this.shots, `${name}-${scheme}.png`) });
        }
        await this.page.emulateMedia({ colorScheme: 'light' });
        await this.page.setViewportSize({ width: 390, height: 844 });
        await this.page.screenshot({ path: join(this.shots, `${name}-phone.png`) });
        await this.page.setViewportSize(usual);
    }

    // Checks the page, in light and dark, and that nothing sticks out on a phone. What is wrong is kept in `found`,
    // but for errors that the browser itself notes and that are `expected`.
    async check(name, expected) {
        for (const colorScheme of ['light', 'dark']) {
            await this.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
            const found = await this.page.evaluate(`${axe}; axe.run(document, { resultTypes: ['violations'] })`);
            const said = found.violations.map((one) => `${one.id}: ${one.help}: ${one.nodes.map((node) => node.html).slice(0, 3).join(' | ')}`);
            this.found.push(...said.map((one) => `${name} in ${colorScheme}: ${one}`));
        }
        await this.page.setViewportSize({ width: 360, height: 740 });
        const width = await this.page.evaluate(() => document.documentElement.scrollWidth);
        if (width > 360) this.found.push(`${name} is ${width} wide on a phone of 360`);
        await this.page.setViewportSize({ width: 1280, height: 900 });
        this.found.push(...this.errors.splice(0).filter((one) => !expected?.test(one)).map((one) => `${name}: ${one}`));
        await this.shoot(name);
    }

    async close() {
        await this.browser.close();
    }
}
