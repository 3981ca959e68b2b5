// api.js - asks the operators' HTTP interface. Every request carries the token of who is signed in.
import { token, signInAgain } from './sign_in.js';

// A problem (RFC 9457), or a request that got no answer: then `status` is 0.
export class Problem extends Error {
    constructor({ status = 0, title = '', detail = '', code = '', errors = [], trace_id: trace = '' }) {
        super(detail || title);
        Object.assign(this, { status, title, detail, code, errors, trace });
    }
}

async function problemOf(response) {
    try {
        return new Problem({ ...(await response.json()), status: response.status });
    } catch {
        return new Problem({ status: response.status, title: response.statusText });
    }
}

async function send(path, options, isSecond) {
    const bearer = await token();
    const headers = { accept: 'application/json', ...options.headers };
    if (bearer) headers.authorization = `Bearer ${bearer}`;
    let response;
    try {
        response = await fetch(path, { ...options, headers, cache: 'no-store' });
    } catch (error) {
        if (error.name === 'AbortError') throw error;
        throw new Problem({ title: 'The console does not answer', detail: 'No connection: is cairn-console running?', code: 'no-answer' });
    }
    if (response.ok) return response;
    if (response.status === 401 && bearer && !isSecond) {
        await signInAgain();
        return send(path, options, true);
    }
    throw await problemOf(response);
}

// A path with the parameters that are given.
export function withQuery(path, params) {
    const query = new URLSearchParams(Object.entries(params ?? {}).filter(([, value]) => value !== undefined && value !== ''));
    return query.size ? `${path}?${query}` : path;
}

// Opens an answer whose body is read as it comes.
export function open(path, params, options) {
    return send(withQuery(path, params), options);
}

export async function get(path, params, signal) {
    return (await send(withQuery(path, params), { signal })).json();
}

// Does something. `key` makes a repetition of the same request do it once.
export async function act(path, body, key) {
    const response = await send(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify(body),
    });
    return response.json();
}
