// receiver.mjs - an OTLP/HTTP receiver: reads spans with the protobuf schema of OpenTelemetry's
// packages, checks them, and appends each as a line of JSON to a file.
//
//     node receiver.mjs PORT FILE
//
// What is not as the protocol or the semantic conventions say becomes a line with "wrong", and is
// answered with 400.
import { createServer } from 'node:http';
import { appendFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const schema = require('@opentelemetry/otlp-transformer/build/src/generated/root').opentelemetry.proto;
const { ExportTraceServiceRequest, ExportTraceServiceResponse } = schema.collector.trace.v1;
const conventions = new Set(Object.values(require('@opentelemetry/semantic-conventions/incubating')));

const [port, file] = process.argv.slice(2);
const kinds = [, 'internal', 'server', 'client', 'producer', 'consumer'];
const required = {
    server: ['http.request.method', 'url.path', 'url.scheme'],
};

class Wrong extends Error {}

function check(holds, what) {
    if (!holds) throw new Wrong(what);
}

const hex = (bytes) => Buffer.from(bytes ?? []).toString('hex');

function readId(bytes, length, what) {
    const text = hex(bytes);
    check(text.length === 2 * length && /[1-9a-f]/.test(text), `${what} is ${text}`);
    return text;
}

function readAttributes(list, where) {
    const ret = {};
    for (const { key, value } of list) {
        check(key && value, `${where} has an attribute without key or value`);
        check(!(key in ret), `${where} has ${key} twice`);
        check(key.startsWith('cairn.') || conventions.has(key) || where === 'the resource',
            `${where} has ${key}, which no semantic convention has`);
        ret[key] = 'stringValue' in value && value.stringValue !== null ? value.stringValue : Number(value.intValue);
    }
    return ret;
}

function readSpan(span, service) {
    const where = `the span ${span.name}`;
    const [start, end] = [Number(span.startTimeUnixNano), Number(span.endTimeUnixNano)];
    const kind = kinds[span.kind];
    check(span.name, 'a span has no name');
    check(kind, `${where} is of kind ${span.kind}`);
    check(start <= end, `${where} ends before it begins`);
    check(Math.abs(end / 1e6 - Date.now()) < 3600e3, `${where} is of another time: ${end}`);
    const attributes = readAttributes(span.attributes, where);
    for (const key of required[kind] ?? []) check(key in attributes, `${where} has no ${key}`);
    check((span.status?.code === 2) === ('error.type' in attributes), `${where} has failed without a type, or not`);
    return {
        service, kind, name: span.name, attributes,
        trace: readId(span.traceId, 16, 'a trace id'),
        span: readId(span.spanId, 8, 'a span id'),
        parent: hex(span.parentSpanId) && readId(span.parentSpanId, 8, 'a parent'),
        state: span.traceState, start, us: (end - start) / 1000,
        links: span.links.map((link) => ({
            trace: readId(link.traceId, 16, 'the trace of a link'), span: readId(link.spanId, 8, 'the span of a link'),
        })),
        problem: span.status?.message,
    };
}

function readRequest(body) {
    const request = ExportTraceServiceRequest.decode(body);
    const wrong = ExportTraceServiceRequest.verify(request);
    check(!wrong, wrong);
    // A field that the schema does not have, or a number written in more bytes than it needs, is lost here.
    check(Buffer.compare(Buffer.from(ExportTraceServiceRequest.encode(request).finish()), body) === 0,
        'the request is not what it is when it is encoded again');
    const spans = [];
    for (const { resource, scopeSpans } of request.resourceSpans) {
        const service = readAttributes(resource.attributes, 'the resource')['service.name'];
        check(service, 'the resource has no service.name');
        for (const { scope, spans: list } of scopeSpans) {
            check(scope?.name, 'the scope has no name');
            for (const span of list) spans.push(readSpan(span, service));
        }
    }
    check(spans.length > 0, 'a request has no spans');
    return spans;
}

function take(request, body, answer) {
    let status = 200;
    try {
        check(request.method === 'POST' && request.url === '/v1/traces', `${request.method} ${request.url}`);
        check(request.headers['content-type'] === 'application/x-protobuf', 'another media type');
        appendFileSync(file, readRequest(body).map((span) => JSON.stringify(span) + '\n').join(''));
    } catch (error) {
        status = 400;
        appendFileSync(file, JSON.stringify({ wrong: String(error.message) }) + '\n');
    }
    answer.writeHead(status, { 'Content-Type': 'application/x-protobuf' });
    answer.end(status === 200 ? ExportTraceServiceResponse.encode({}).finish() : undefined);
}

createServer((request, answer) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => take(request, Buffer.concat(parts), answer));
}).listen(Number(port), '127.0.0.1');
