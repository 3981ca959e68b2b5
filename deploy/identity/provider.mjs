// provider.mjs - configures oidc-provider (https://github.com/panva/node-oidc-provider): access tokens
// as JWT (RFC 9068) for one audience, signed with ES256.
//
//   client_credentials              services: with a secret of their own (RFC 6749 section 4.4)
//   authorization_code              people in a browser, with PKCE, for the compose demo's door (RFC 6749 section
//                                   4.1, RFC 7636): deploy/compose/sign-in; for the shop's pages, whose tokens cairn-bff
//                                   keeps; and for the console's pages, which keep theirs in memory. pages.mjs has what
//                                   people see
//   urn:cairn:grant-type:persona    people, for `cairn token NAME`: a program on this machine gets one of any
//                                   person, without a password. For demonstrations and tests only
import { randomBytes } from 'node:crypto';

import Provider, { errors } from 'oidc-provider';

import { interact, isInteraction, signOutSource } from './pages.mjs';
import { findPerson, services } from './people.mjs';

export const personaGrant = 'urn:cairn:grant-type:persona';
const commandLine = 'cairn-cli';

// Both are kept when the keys are rotated, so that sessions and sign-ins that are under way go on.
const people = new Map(); // subject -> roles, of those who have signed in
const cookieKeys = [randomBytes(32).toString('base64url')];

// The door: `origin` is where browsers see it.
function doorClient({ origin, secret }) {
    return {
        client_id: 'door',
        client_secret: secret,
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        redirect_uris: [`${origin}/oauth2/callback`],
        post_logout_redirect_uris: [`${origin}/`],
        token_endpoint_auth_method: 'client_secret_basic',
        id_token_signed_response_alg: 'ES256',
    };
}

// The console's pages: they keep no secret. `origins` is where browsers see them.
function consoleClient(origins) {
    return {
        client_id: 'console',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        redirect_uris: origins.map((origin) => `${origin}/console`),
        post_logout_redirect_uris: origins.map((origin) => `${origin}/console`),
        token_endpoint_auth_method: 'none',
        id_token_signed_response_alg: 'ES256',
    };
}

// The shop's pages: cairn-bff keeps the tokens, and a secret. `origins` is where browsers see it.
function shopClient({ origins, secret }) {
    return {
        client_id: 'shop',
        client_secret: secret,
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        redirect_uris: origins.map((origin) => `${origin}/session/callback`),
        post_logout_redirect_uris: origins.map((origin) => `${origin}/shop`),
        token_endpoint_auth_method: 'client_secret_basic',
        id_token_signed_response_alg: 'ES256',
    };
}

function clientsOf({ secrets, door, consoleOrigins, shop }) {
    const client = { redirect_uris: [], response_types: [], id_token_signed_response_alg: 'ES256' };
    const ofServices = Object.keys(services).map((name) => ({
        ...client,
        client_id: name,
        client_secret: secrets[name],
        grant_types: ['client_credentials'],
        token_endpoint_auth_method: 'client_secret_basic',
    }));
    const ofPeople = {
        ...client,
        client_id: commandLine,
        grant_types: [personaGrant],
        token_endpoint_auth_method: 'none',
    };
    return [...ofServices, ofPeople, ...(door ? [doorClient(door)] : []), ...(consoleOrigins.length ? [consoleClient(consoleOrigins)] : []), ...(shop ? [shopClient(shop)] : [])];
}

// The token's own claims: which roles its subject has.
function claimsOf(token) {
    const roles = token.kind === 'ClientCredentials' ? services[token.clientId] : people.get(token.accountId);
    return { roles: roles ?? [] };
}

// The door, the console and the shop's pages are the shop's own: people are not asked whether they may act for them.
async function grantOf(ctx, audience) {
    const { Grant } = ctx.oidc.provider;
    const { client, session } = ctx.oidc;
    const known = session.grantIdFor(client.clientId);
    const grant = (known && (await Grant.find(known))) ?? new Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope('openid');
    grant.addResourceScope(`urn:cairn:${audience}`, '');
    await grant.save();
    return grant;
}

function addPersonaGrant(provider, resource) {
    provider.registerGrantType(personaGrant, async (ctx, next) => {
        const { client, params } = ctx.oidc;
        const person = findPerson(params.username);
        if (!person) throw new errors.InvalidGrant('the username is none: a-z, 0-9, . _ and -');
        people.set(person.sub, person.roles);
        const token = new provider.AccessToken({ client, accountId: person.sub, gty: personaGrant });
        token.resourceServer = new provider.ResourceServer(resource.audience, resource);
        ctx.oidc.entity('AccessToken', token);
        ctx.body = {
            access_token: await token.save(),
            expires_in: token.expiration,
            token_type: token.tokenType,
        };
        await next();
    }, ['username']);
}

// Makes a provider that signs with the first of these keys. Returns what answers a request.
export function makeProvider({ issuer, audience, lifetime, keys, secrets, door, consoleOrigins, shop }) {
    const resource = {
        audience,
        scope: '',
        accessTokenFormat: 'jwt',
        accessTokenTTL: lifetime,
        jwt: { sign: { alg: 'ES256', kid: keys[0].kid } },
    };
    const provider = new Provider(issuer, {
        clients: clientsOf({ secrets, door, consoleOrigins, shop }),
        clientBasedCORS: (ctx, origin, client) => client.clientId === 'console' && consoleOrigins.includes(origin),
        jwks: { keys },
        cookies: { keys: cookieKeys },
        responseTypes: ['code'],
        clientDefaults: { id_token_signed_response_alg: 'ES256' },
        enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
        extraTokenClaims: (ctx, token) => claimsOf(token),
        interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
        loadExistingGrant: (ctx) => grantOf(ctx, audience),
        issueRefreshToken: async (ctx, client) => client.grantTypeAllowed('refresh_token'),
        // Requests of one session may come at once, and each renews it: the door keeps no lock for them.
        rotateRefreshToken: false,
        pkce: { required: () => true },
        findAccount: (ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
        features: {
            devInteractions: { enabled: false },
            clientCredentials: { enabled: true },
            rpInitiatedLogout: { logoutSource: signOutSource },
            resourceIndicators: {
                enabled: true,
                defaultResource: () => `urn:cairn:${audience}`,
                getResourceServerInfo: () => resource,
                useGrantedResource: () => true,
            },
        },
        ttl: { AccessToken: lifetime, ClientCredentials: lifetime, IdToken: lifetime, Session: 43200, Grant: 43200, RefreshToken: 43200 },
    });
    addPersonaGrant(provider, resource);
    provider.on('server_error', (ctx, error) => console.error(`${ctx.method} ${ctx.path}: ${error.stack}`));
    provider.on('grant.error', (ctx, error) =>
        console.error(`no token for ${ctx.oidc.client?.clientId}: ${error.error_description ?? error.message}`));
    const answer = provider.callback();
    return (request, response) =>
        isInteraction(request) ? interact(provider, people, request, response) : answer(request, response);
}
