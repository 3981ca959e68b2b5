// tree.mjs - prints the trace that a file of receiver.mjs has as a tree: one span a line, below its
// parent; those of one parent by the alphabet, since several processes continue at once.
//
//     node tree.mjs FILE TRACE
//
// A span whose parent is not there is printed at the left, as a root is. A link says to which span.
import { readFileSync } from 'node:fs';

const [file, trace] = process.argv.slice(2);
const all = readFileSync(file, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
const named = new Map(all.map((span) => [span.span, span]));
const spans = all.filter((span) => span.trace === trace);
const label = (span) => `${span.service}: ${span.name}`;
const byName = (a, b) => label(a).localeCompare(label(b)) || a.start - b.start;

function print(span, depth) {
    const links = span.links.map((link) => ` ~ ${named.get(link.span)?.name ?? '?'}`).join('');
    console.log(`${'  '.repeat(depth)}${label(span)} (${span.kind})${links}`);
    for (const child of spans.filter(({ parent }) => parent === span.span).sort(byName)) print(child, depth + 1);
}

for (const span of spans.filter(({ parent }) => !spans.some(({ span: id }) => id === parent)).sort(byName))
    print(span, 0);
