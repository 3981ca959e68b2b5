// keys.mjs - the keys that sign tokens, kept in a file that only its owner reads.
//
// The first key signs. A rotation puts a new one before it; those before stay published until the tokens
// that they have signed have expired.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

// Writes a file whole, so that no reader sees a part of it.
export function writeWhole(path, text, mode) {
    writeFileSync(`${path}.new`, text, { mode });
    renameSync(`${path}.new`, path);
}

function makeKey() {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg: 'ES256' };
}

function write(path, keys) {
    writeWhole(path, JSON.stringify({ keys }), 0o600);
    return keys;
}

export function readKeys(path) {
    return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).keys : write(path, [makeKey()]);
}

// `lifetime` of the tokens, in seconds.
export function rotateKeys(path, lifetime) {
    const now = Date.now();
    const before = readKeys(path)
        .map((key) => ({ ...key, retired: key.retired ?? now }))
        .filter((key) => key.retired > now - lifetime * 1000);
    return write(path, [makeKey(), ...before]);
}

// The keys as JWKs.
export function signingKeys(keys) {
    return keys.map(({ retired, ...key }) => key);
}

// The key set as services read it: without the private parts.
export function publicKeys(keys) {
    return { keys: signingKeys(keys).map(({ d, ...key }) => key) };
}
