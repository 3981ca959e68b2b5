// provider.mjs - configures oidc-provider (https://github.com/panva/node-oidc-provider): access tokens
// as JWT (RFC 9068) for one audience, signed with ES256.
//
//   client_credentials              services: with a secret of their own (RFC 6749 section 4.4)
//   urn:cairn:grant-type:persona    people, for `cairn token NAME`: a program on this machine gets one of any
//                                   person, without a password. For demonstrations and tests only
import { randomBytes } from 'node:crypto';

import Provider, { errors } from 'oidc-provider';

import { findPerson, services } from './people.mjs';

export const personaGrant = 'urn:cairn:grant-type:persona';
const commandLine = 'cairn-cli';

function clientsOf(secrets) {
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
    return [...ofServices, ofPeople];
}

// The token's own claims: which roles its subject has.
function claimsOf(token, people) {
    const roles = token.kind === 'ClientCredentials' ? services[token.clientId] : people.get(token.accountId);
    return { roles: roles ?? [] };
}

function addPersonaGrant(provider, resource, people) {
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

// Makes a provider that signs with the first of these keys.
export function makeProvider({ issuer, audience, lifetime, keys, secrets }) {
    const people = new Map();
    const resource = {
        audience,
        scope: '',
        accessTokenFormat: 'jwt',
        accessTokenTTL: lifetime,
        jwt: { sign: { alg: 'ES256', kid: keys[0].kid } },
    };
    const provider = new Provider(issuer, {
        clients: clientsOf(secrets),
        jwks: { keys },
        cookies: { keys: [randomBytes(32).toString('base64url')] },
        responseTypes: ['code'],
        clientDefaults: { id_token_signed_response_alg: 'ES256' },
        enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
        extraTokenClaims: (ctx, token) => claimsOf(token, people),
        findAccount: (ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
        features: {
            devInteractions: { enabled: false },
            clientCredentials: { enabled: true },
            resourceIndicators: {
                enabled: true,
                defaultResource: () => `urn:cairn:${audience}`,
                getResourceServerInfo: () => resource,
                useGrantedResource: () => true,
            },
        },
        ttl: { AccessToken: lifetime, ClientCredentials: lifetime },
    });
    addPersonaGrant(provider, resource, people);
    provider.on('server_error', (ctx, error) => console.error(`${ctx.method} ${ctx.path}: ${error.stack}`));
    provider.on('grant.error', (ctx, error) =>
        console.error(`no token for ${ctx.oidc.client?.clientId}: ${error.error_description ?? error.message}`));
    return provider;
}
