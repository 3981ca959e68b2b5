// keys.mjs - the keys that sign tokens, kept in a file that only its owner reads.
//
// The first key signs. A rotation puts a new one before it; the one before stays published, since tokens
// that it has signed are good for some minutes more.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

const kept = 2;

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

export function rotateKeys(path) {
    return write(path, [makeKey(), ...readKeys(path)].slice(0, kept));
}

// The key set as services read it: without the private parts.
export function publicKeys(keys) {
    return { keys: keys.map(({ d, ...key }) => key) };
}
