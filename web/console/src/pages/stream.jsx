// stream.jsx - one stream as a timeline, and one event.
import { useState } from 'preact/hooks';

import { number, plural } from '../lib/format.js';
import { useAnswer } from '../lib/live.js';
import { href } from '../lib/route.js';
import { Answer, Copy, Empty, Json, Section, Time } from '../parts/basic.jsx';
import { Graph } from '../parts/graph.jsx';
import { Amendment } from './amendment.jsx';
import { StateAround, StreamState } from './stream_state.jsx';
import { Actor, StreamLink } from './streams.jsx';

const COUNT = 100;

function Entry({ event }) {
    return (
        <li>
            <div class="entry">
                <header>
                    <span class="version">{event.version}</span>
                    <h2><a href={href(['events', event.position])}>{event.type}</a></h2>
                    <span class="quiet">by <Actor meta={event.meta} /></span>
                    <Time at={event.recorded_at} relative />
                </header>
                <details>
                    <summary>Data, {plural(Object.keys(event.data ?? {}).length, 'field')}</summary>
                    <Json value={event.data} what={`the data of ${event.type}`} />
                </details>
            </div>
        </li>
    );
}

export function Stream({ name, query }) {
    const after = Number(query.after ?? 0);
    const answer = useAnswer(`/admin/streams/${encodeURIComponent(name)}`, { after: after || undefined, limit: COUNT }, 3000);
    const category = name.split('-')[0];
    return (
        <>
            <p class="crumbs"><a href={href(['streams'])}>Streams</a> / <a href={href(['streams'], { show: 'streams', category })}>{category}</a></p>
            <h1 class="name">{name} <Copy text={name} what="the stream's name" /></h1>
            <StreamState stream={name} query={query} />
            <Answer answer={answer}>
                {({ items }) => (
                    <>
                        {items.length ? <ol class="timeline">{items.map((event) => <Entry key={event.position} event={event} />)}</ol>
                            : <Empty>{after ? 'There are no later events yet.' : `There is no stream ${name}.`}</Empty>}
                        <nav class="pages" aria-label="Pages of the stream">
                            {after > 0 ? <a class="button" href={href(['streams', name], { after: Math.max(0, after - COUNT) || '' })}>Earlier</a> : <span />}
                            <span>{items.length > 0 && `versions ${number(items[0].version)} to ${number(items.at(-1).version)}`}</span>
                            {items.length === COUNT ? <a class="button" href={href(['streams', name], { after: items.at(-1).version })}>Later</a> : <span />}
                        </nav>
                    </>
                )}
            </Answer>
        </>
    );
}

function Fact({ label, children }) {
    return <div><dt>{label}</dt><dd>{children}</dd></div>;
}

function EventFacts({ event }) {
    return (
        <dl class="facts">
            <Fact label="Stream"><StreamLink name={event.stream} /> <Copy text={event.stream} what="the stream's name" /></Fact>
            <Fact label="Version">{number(event.version)}</Fact>
            <Fact label="Recorded"><Time at={event.recorded_at} relative /></Fact>
            <Fact label="Who"><Actor meta={event.meta} /></Fact>
            {event.meta?.actor?.iss && <Fact label="Issuer">{event.meta.actor.iss}</Fact>}
            {event.meta?.correlation_id && <Fact label="Correlation"><a href={href(['streams'], { correlation: event.meta.correlation_id })}>{event.meta.correlation_id.slice(0, 8)}…</a> <Copy text={event.meta.correlation_id} what="the correlation id" /></Fact>}
            <Fact label="Schema version">{event.schema_version}</Fact>
            <Fact label="Event id"><code>{event.event_id}</code> <Copy text={event.event_id} what="the event's id" /></Fact>
            <Fact label="Link"><Copy text={location.href} what="the link to this event" /></Fact>
        </dl>
    );
}

export function Event({ position }) {
    const answer = useAnswer(`/admin/events/${encodeURIComponent(position)}`);
    const at = Number(position);
    const [amended, setAmended] = useState(0); // the states are folded again
    return (
        <>
            <p class="crumbs"><a href={href(['streams'])}>Streams</a> / position {number(at)}</p>
            <h1 class="name">{answer.value?.type ?? `Position ${number(at)}`}</h1>
            <Answer answer={answer}>
                {(event) => (
                    <>
                        <EventFacts event={event} />
                        <div class="columns">
                            <Section title="Data"><Json value={event.data} what="the event's data" /></Section>
                            <Section title="Meta"><Json value={event.meta} what="the event's meta" /></Section>
                        </div>
                        <StateAround key={amended} stream={event.stream} version={event.version} />
                        <Section title="Causes and consequences" aside={event.meta?.correlation_id && <a href={href(['trace', event.meta.correlation_id])}>All of the request</a>}>
                            <Graph id={`position:${event.position}`} position={event.position} />
                        </Section>
                        <Amendment event={event} onDone={() => setAmended(amended + 1)} />
                    </>
                )}
            </Answer>
            <nav class="pages" aria-label="Neighbours in the log">
                {at > 1 ? <a class="button" href={href(['events', at - 1])}>Position {number(at - 1)}</a> : <span />}
                <a class="button" href={href(['events', at + 1])}>Position {number(at + 1)}</a>
            </nav>
        </>
    );
}

