// server.mjs - the identity provider of the demo and of the tests: oidc-provider, with the people and the
// services of the shop. Not for production: a program that reaches it gets a token of any person.
//
//   node server.mjs DIRECTORY PORT
//
//   DIRECTORY/keys.json      the private keys           DIRECTORY/secrets/NAME   a service's secret
//
// Both are made at the first start. SIGHUP rotates the keys. It listens on 127.0.0.1.
//
//   CAIRN_AUTH_AUDIENCE          of the tokens (shop)
//   CAIRN_IDENTITY_LIFETIME_S    of the tokens (600)
//   CAIRN_IDENTITY_ISSUER        how it calls itself (http://127.0.0.1:PORT)
//   CAIRN_IDENTITY_BIND          another address, in a container
//   CAIRN_IDENTITY_DOOR          where browsers see the compose demo's door, which signs people in: an origin
//   CAIRN_IDENTITY_DOOR_SECRET   a file with its secret
//   CAIRN_IDENTITY_CONSOLE       where browsers see the console's pages: origins, separated by commas
//   CAIRN_IDENTITY_SHOP          where browsers see the shop's pages: likewise; the client's secret is secrets/shop
//   CAIRN_IDENTITY_TLS           a directory with server.pem and server.pem.key: it listens by https, too, at 8443
//   CAIRN_IDENTITY_PUBLISH       a directory for services that cannot ask it over https: jwks.json, and
//                                NAME/token of each service, written again in time
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { join } from 'node:path';

import { publicKeys, readKeys, rotateKeys, signingKeys, writeWhole } from './keys.mjs';
import { services } from './people.mjs';
import { makeProvider } from './provider.mjs';

const [directory, port] = process.argv.slice(2);
if (!directory || !/^\d+$/.test(port ?? '')) {
    console.error('usage: node server.mjs DIRECTORY PORT');
    process.exit(64);
}
const { env } = process;
const settings = {
    issuer: env.CAIRN_IDENTITY_ISSUER || `http://127.0.0.1:${port}`,
    audience: env.CAIRN_AUTH_AUDIENCE || 'shop',
    lifetime: Number(env.CAIRN_IDENTITY_LIFETIME_S || 600),
};
const tlsPort = 8443;
const door = env.CAIRN_IDENTITY_DOOR && {
    origin: env.CAIRN_IDENTITY_DOOR,
    secret: readFileSync(env.CAIRN_IDENTITY_DOOR_SECRET, 'utf8').trim(),
};
const consoleOrigins = (env.CAIRN_IDENTITY_CONSOLE || '').split(',').filter(Boolean);
const shopOrigins = (env.CAIRN_IDENTITY_SHOP || '').split(',').filter(Boolean);
const keysFile = join(directory, 'keys.json');

function secretOf(name) {
    const path = join(directory, 'secrets', name);
    if (!existsSync(path)) writeWhole(path, `${randomBytes(32).toString('base64url')}\n`, 0o600);
    return readFileSync(path, 'utf8').trim();
}

mkdirSync(join(directory, 'secrets'), { recursive: true, mode: 0o700 });
const secrets = Object.fromEntries(Object.keys(services).map((name) => [name, secretOf(name)]));
const shop = shopOrigins.length && { origins: shopOrigins, secret: secretOf('shop') };
let answer;

// Requests that are under way go on with the provider that they began with.
function useKeys(keys) {
    answer = makeProvider({ ...settings, keys: signingKeys(keys), secrets, door, consoleOrigins, shop });
    if (env.CAIRN_IDENTITY_PUBLISH)
        writeWhole(join(env.CAIRN_IDENTITY_PUBLISH, 'jwks.json'), JSON.stringify(publicKeys(keys)), 0o644);
}

// Asks this server for a service's token, as the service would.
async function publishToken(name) {
    const response = await fetch(`http://127.0.0.1:${port}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from(`${name}:${secrets[name]}`).toString('base64')}` },
        body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
    const { access_token: token } = await response.json();
    const folder = join(env.CAIRN_IDENTITY_PUBLISH, name);
    mkdirSync(folder, { recursive: true });
    writeWhole(join(folder, 'token'), `${token}\n`, 0o644);
}

async function publishTokens() {
    await Promise.all(Object.keys(services).map(publishToken));
}

useKeys(readKeys(keysFile));
process.on('SIGHUP', () => {
    useKeys(rotateKeys(keysFile, settings.lifetime));
    console.log('the keys were rotated');
});
process.on('SIGTERM', () => process.exit(0));

const address = env.CAIRN_IDENTITY_BIND || '127.0.0.1';
if (env.CAIRN_IDENTITY_TLS) {
    const file = (name) => readFileSync(join(env.CAIRN_IDENTITY_TLS, name));
    createTlsServer({ cert: file('server.pem'), key: file('server.pem.key') }, (request, response) =>
        answer(request, response)).listen(tlsPort, address);
}
createServer((request, response) => answer(request, response)).listen(
    Number(port),
    address,
    async () => {
        if (env.CAIRN_IDENTITY_PUBLISH) {
            await publishTokens();
            setInterval(publishTokens, settings.lifetime * 300);
        }
        console.log(`${settings.issuer} is ready`);
    },
);
