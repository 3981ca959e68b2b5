// trace.jsx - what a request has caused, by the id of an event, a command, a correlation or a trace.
import { href } from '../lib/route.js';
import { Copy, Section } from '../parts/basic.jsx';
import { Graph } from '../parts/graph.jsx';

export function Trace({ id }) {
    return (
        <>
            <p class="crumbs"><a href={href(['streams'])}>Streams</a></p>
            <h1 class="name">{id} <Copy text={id} what="the id" /></h1>
            <Section title="What the request has caused"><Graph id={id} /></Section>
        </>
    );
}
