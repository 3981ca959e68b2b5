// build.mjs - bundles the pages into site/, with the hash of their content in their names, and compresses
// them. `build` runs it, with the pages' name, beside its packages.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

import { build } from 'esbuild';

const site = 'site';
const place = process.argv[2]; // the pages' path: console, shop
const compressed = new Set(['.html', '.js', '.css', '.svg']);

const { metafile } = await build({
    entryPoints: ['src/main.jsx', 'src/icon.svg'],
    outdir: site,
    entryNames: '[name]-[hash]',
    bundle: true,
    minify: true,
    metafile: true,
    format: 'esm',
    target: ['es2022'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    loader: { '.svg': 'copy' },
    legalComments: 'none',
    logLevel: 'warning',
});

const files = Object.keys(metafile.outputs).map((name) => basename(name));
const urlOf = (ending) => `/${place}/${files.find((name) => name.endsWith(ending))}`;
const index = readFileSync('src/index.html', 'utf8')
    .replaceAll('ICON', urlOf('.svg'))
    .replaceAll('STYLE', urlOf('.css'))
    .replaceAll('SCRIPT', urlOf('.js'));
writeFileSync(join(site, 'index.html'), index);

for (const name of readdirSync(site)) {
    if (!compressed.has(extname(name))) continue;
    const text = readFileSync(join(site, name));
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: text.length };
    writeFileSync(join(site, `${name}.br`), brotliCompressSync(text, { params }));
    writeFileSync(join(site, `${name}.gz`), gzipSync(text, { level: 9 }));
}
