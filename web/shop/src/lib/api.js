// api.js - asks the backend for frontends. Who asks is told by a cookie that no script reads.

// A problem (RFC 9457), or a request that got no answer: then `status` is 0.
export class Problem extends Error {
    constructor({ status = 0, title = '', detail = '', code = '', errors = [] }) {
        super(detail || title);
        Object.assign(this, { status, title, detail, code, errors });
    }
}

async function problemOf(response) {
    try {
        return new Problem({ ...(await response.json()), status: response.status });
    } catch {
        return new Problem({ status: response.status, title: response.statusText });
    }
}

async function ask(path, options) {
    try {
        return await fetch(path, options);
    } catch {
        throw new Problem({ title: 'No connection', detail: 'The shop does not answer. Your request can be sent again.', code: 'no-answer' });
    }
}

let renewal = null;

// Gets new tokens for the session, once for all that wait. Returns whether there is still a session.
export function renew() {
    renewal ??= ask('/session/renew', { method: 'POST' })
        .then((response) => response.ok, () => false)
        .finally(() => { renewal = null; });
    return renewal;
}

async function send(path, options) {
    let response = await ask(path, options);
    if (response.status === 401 && await renew()) response = await ask(path, options);
    if (!response.ok) throw await problemOf(response);
    const body = response.status === 204 ? null : await response.json();
    return { body, etag: response.headers.get('etag'), position: response.headers.get('cairn-position') };
}

// Reads; `position`: no older than that.
export function get(path, position) {
    return send(path, { cache: 'no-store', headers: position ? { 'cairn-position': position, prefer: 'wait=10' } : {} });
}

// Does something. `key` makes a repetition do it once; `etag` names what was seen.
export function act(path, body, { key, etag } = {}) {
    const headers = { 'content-type': 'application/json' };
    if (key) headers['idempotency-key'] = `"${key}"`;
    if (etag) headers['if-match'] = etag;
    return send(path, { method: 'POST', headers, body: JSON.stringify(body) });
}
