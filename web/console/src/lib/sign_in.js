// sign_in.js - signs people in: OpenID Connect, authorization code with PKCE (RFC 7636). Tokens are kept in
// memory only, so that a page that is opened again asks the provider again, which knows the person by its session.
const place = `${location.origin}/console`;
const underWay = 'cairn-sign-in'; // in sessionStorage: verifier, state and where to go back to
const before = 'cairn-signed-in'; // whether this tab was signed in

const session = { settings: {}, endpoints: null, access: null, refresh: null, id: null, until: 0, claims: {} };
let renewal = null;

function encode(bytes) {
    return btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

function random() {
    return encode(crypto.getRandomValues(new Uint8Array(32)));
}

function claimsOf(access) {
    try {
        const bytes = Uint8Array.from(atob(access.split('.')[1].replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
        return JSON.parse(new TextDecoder().decode(bytes));
    } catch {
        return {}; // an opaque token: the console's answers tell what its bearer may do
    }
}

function rolesOf(claims) {
    const steps = (session.settings.roles ?? '').split('/').slice(1);
    return steps.reduce((value, step) => value?.[step.replace(/~1/g, '/').replace(/~0/g, '~')], claims);
}

async function discover() {
    if (session.endpoints) return session.endpoints;
    const base = session.settings.issuer.replace(/\/$/, '');
    const response = await fetch(`${base}/.well-known/openid-configuration`);
    if (!response.ok) throw new Error(`the provider ${base} answers ${response.status}`);
    session.endpoints = await response.json();
    return session.endpoints;
}

async function askForTokens(params) {
    const { token_endpoint: endpoint } = await discover();
    const response = await fetch(endpoint, {
        method: 'POST',
        body: new URLSearchParams({ client_id: session.settings.client, ...params }),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error_description ?? answer.error ?? 'the provider gives no token');
    session.access = answer.access_token;
    session.refresh = answer.refresh_token ?? session.refresh;
    session.id = answer.id_token ?? session.id;
    session.until = Date.now() + (answer.expires_in ?? 300) * 1000 - 20000;
    session.claims = claimsOf(session.access);
    sessionStorage.setItem(before, '1');
}

// Leaves for the provider.
export async function signIn() {
    const { authorization_endpoint: endpoint } = await discover();
    const verifier = random();
    const state = random();
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
    sessionStorage.setItem(underWay, JSON.stringify({ verifier, state, back: location.hash }));
    const query = new URLSearchParams({
        response_type: 'code',
        client_id: session.settings.client,
        redirect_uri: place,
        scope: 'openid',
        state,
        code_challenge: encode(digest),
        code_challenge_method: 'S256',
    });
    location.assign(`${endpoint}?${query}`);
    return new Promise(() => {});
}

export async function signOut() {
    sessionStorage.removeItem(before);
    const { end_session_endpoint: endpoint } = await discover();
    const query = new URLSearchParams({ client_id: session.settings.client, post_logout_redirect_uri: place });
    if (session.id) query.set('id_token_hint', session.id);
    location.assign(endpoint ? `${endpoint}?${query}` : place);
}

async function comeBack(query) {
    const kept = JSON.parse(sessionStorage.getItem(underWay) ?? 'null');
    sessionStorage.removeItem(underWay);
    history.replaceState(null, '', `/console${kept?.back ?? ''}`);
    dispatchEvent(new HashChangeEvent('hashchange'));
    if (!kept || query.get('state') !== kept.state) return;
    if (query.get('error')) throw new Error(query.get('error_description') ?? query.get('error'));
    await askForTokens({ grant_type: 'authorization_code', code: query.get('code'), redirect_uri: place, code_verifier: kept.verifier });
}

// Finds out who there is. Returns null where somebody has to sign in first; `mayAct` is what the pages offer,
// the console itself decides.
export async function open() {
    const response = await fetch('/sign-in.json', { cache: 'no-store' });
    session.settings = await response.json();
    if (!session.settings.issuer) return { authenticates: false, name: '', mayAct: true };
    const query = new URLSearchParams(location.search);
    if (query.has('state')) await comeBack(query);
    if (!session.access && sessionStorage.getItem(before)) {
        sessionStorage.removeItem(before);
        return signIn();
    }
    return session.access ? person() : null;
}

function person() {
    const roles = rolesOf(session.claims);
    const known = Array.isArray(roles) ? roles : null;
    return {
        authenticates: true,
        name: session.claims.sub ?? '',
        roles: known,
        mayAct: known ? known.includes('operator') : true,
        mayLook: known ? known.includes('operator') || known.includes('reader') : true,
    };
}

export async function signInAgain() {
    if (!session.refresh) return signIn();
    renewal ??= askForTokens({ grant_type: 'refresh_token', refresh_token: session.refresh })
        .catch(() => signIn())
        .finally(() => { renewal = null; });
    return renewal;
}

// Returns the token for a request; null where there is no authentication.
export async function token() {
    if (session.access && Date.now() > session.until) await signInAgain();
    return session.access;
}
