// people.mjs - the people and the services of the demo, and which roles they have.
//
// A customer has no role: what she may do, she may do because something is hers. Every name that is not
// in this list is a customer of that name, so that a test has as many customers as it needs. A subject
// is a UUID, which is the id of the customer's user: the same name is always the same person.
// README.md has Ada's.
import { createHash } from 'node:crypto';

const roles = {
    ada: [],
    bob: [],
    clerk: ['clerk'],
    finance: ['finance'],
    support: ['support'],
    registrar: ['registrar'],
    operator: ['operator'],
    reader: ['reader'],
};

const subjects = { ada: '0199aaaa-0000-7000-8000-000000000001' };

// Services act by themselves, as clients: their subject is their name.
export const services = {
    order: ['order-service'],
    payment: ['payment-service'],
    notification: ['notification-service'],
    monitor: ['operator'], // reads metrics, such as Prometheus
    monolith: ['order-service', 'payment-service', 'notification-service'], // all of them in one process
};

// A UUID of version 8 (RFC 9562) of the name.
function subjectOf(name) {
    const bytes = createHash('sha256').update(`person of the shop: ${name}`).digest().subarray(0, 16);
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

// Returns the subject and the roles of a name; undefined for a text that is no name.
export function findPerson(name) {
    if (!/^[a-z][a-z0-9._-]{0,60}$/.test(name ?? '')) return undefined;
    return {
        sub: Object.hasOwn(subjects, name) ? subjects[name] : subjectOf(name),
        roles: Object.hasOwn(roles, name) ? roles[name] : [],
    };
}
