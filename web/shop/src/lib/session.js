// session.js - who is signed in. The tokens are in the cookie of the backend: pages know name and roles only.
import { act, get, renew } from './api.js';

const guest = 'shop-guest'; // where nobody signs in: an id of this browser

// Returns { state: 'in' | 'out', sub, roles }.
export async function whoIsThere() {
    let { body } = await get('/session');
    if (body.state === 'expired' && await renew()) ({ body } = await get('/session'));
    if (body.state !== 'open') return body;
    if (!localStorage.getItem(guest)) localStorage.setItem(guest, crypto.randomUUID());
    return { state: 'in', isOpen: true, sub: localStorage.getItem(guest), roles: ['clerk'] };
}

export function signIn() {
    location.assign(`/session/begin?to=${encodeURIComponent(`/shop${location.hash}`)}`);
}

export async function signOut() {
    const { body } = await act('/session/end');
    location.assign(body.to);
}
