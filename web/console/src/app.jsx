// app.jsx - the frame around all pages: navigation, who is signed in, what was done.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';

import { shortName } from './lib/format.js';
import { href, useRoute } from './lib/route.js';
import { open, signIn, signOut } from './lib/sign_in.js';
import { Done, Person } from './parts/action.jsx';
import { Empty, Loading, ProblemNote } from './parts/basic.jsx';
import { Bus, Group } from './pages/bus.jsx';
import { Catalog } from './pages/catalog.jsx';
import { Commands } from './pages/commands.jsx';
import { Operation, Operations } from './pages/operations.jsx';
import { Overview } from './pages/overview.jsx';
import { Instance, Process, Processes } from './pages/processes.jsx';
import { ReadModel, ReadModels } from './pages/read_models.jsx';
import { Row } from './pages/row.jsx';
import { Event, Stream } from './pages/stream.jsx';
import { Streams } from './pages/streams.jsx';
import { Tail } from './pages/tail.jsx';
import { Trace } from './pages/trace.jsx';

const places = [
    { part: 'overview', title: 'Overview' },
    { part: 'streams', title: 'Streams', also: ['events', 'trace'] },
    { part: 'live', title: 'Live' },
    { part: 'read-models', title: 'Read models' },
    { part: 'processes', title: 'Processes' },
    { part: 'bus', title: 'Bus' },
    { part: 'commands', title: 'Commands' },
    { part: 'operations', title: 'Operations' },
    { part: 'catalog', title: 'Catalogue' },
];

function processOf(name, id) {
    if (!name) return <Processes />;
    return id ? <Instance key={id} process={name} id={id} /> : <Process key={name} name={name} />;
}

function readModelOf(name, key, query) {
    if (!name) return <ReadModels />;
    return key ? <Row key={`${name} ${key}`} name={name} rowKey={key} query={query} /> : <ReadModel key={name} name={name} query={query} />;
}

function pageOf({ parts, query }) {
    const [first = 'overview', second, third] = parts;
    switch (first) {
    case 'overview': return <Overview />;
    case 'streams': return second ? <Stream key={second} name={second} query={query} /> : <Streams query={query} />;
    case 'events': return second ? <Event key={second} position={second} /> : <Streams query={query} />;
    case 'read-models': return readModelOf(second, third, query);
    case 'trace': return <Trace key={second} id={second ?? ''} />;
    case 'live': return <Tail key={JSON.stringify(query)} query={query} />;
    case 'catalog': return <Catalog />;
    case 'processes': return processOf(second, third);
    case 'bus': return second ? <Group key={second} name={second} /> : <Bus />;
    case 'commands': return <Commands query={query} />;
    case 'operations': return second ? <Operation key={second} id={second} /> : <Operations query={query} />;
    default: return <><h1>No such page</h1><Empty>There is no page {first}. <a href={href(['overview'])}>To the overview</a></Empty></>;
    }
}

// On a phone the places do not fit: the current one is scrolled to.
function Navigation({ first }) {
    const bar = useRef(null);
    useEffect(() => {
        const current = bar.current.querySelector('[aria-current]');
        if (current) bar.current.scrollLeft = current.offsetLeft - bar.current.offsetLeft - 16;
    }, [first]);
    return (
        <nav class="places" aria-label="Pages" ref={bar}>
            {places.map(({ part, title, also }) => (
                <a key={part} href={href([part])} aria-current={first === part || also?.includes(first) ? 'page' : undefined}>{title}</a>
            ))}
        </nav>
    );
}

function Whoever({ person }) {
    if (!person?.authenticates) return <span class="who" title="Authentication is off: whoever reaches this console acts">no sign-in</span>;
    const role = person.mayAct ? 'operator' : person.mayLook ? 'reader' : 'no role';
    return (
        <div class="who">
            <span title={person.name}>{shortName(person.name)} <span class="role">{role}</span></span>
            <button type="button" onClick={signOut}>Sign out</button>
        </div>
    );
}

function Welcome({ problem }) {
    const [failed, setFailed] = useState(problem);
    return (
        <div class="welcome">
            <h1>Sign in</h1>
            <p>Readers look, operators act. The provider of this system says who you are.</p>
            {failed && <ProblemNote problem={failed} />}
            <button type="button" class="primary" onClick={() => signIn().catch((error) => setFailed({ title: 'The provider does not answer', detail: error.message }))}>Sign in</button>
        </div>
    );
}

function Stranger({ person }) {
    return (
        <div class="welcome">
            <h1>Nothing to see</h1>
            <p>You are signed in as <code>{person.name}</code>, who has neither the role operator nor reader. Sign out to be another person.</p>
        </div>
    );
}

function Content({ person, failed, route }) {
    if (person === undefined && !failed) return <Loading />;
    if (!person) return <Welcome problem={failed} />;
    if (person.mayLook === false) return <Stranger person={person} />;
    return pageOf(route);
}

function usePerson() {
    const [person, setPerson] = useState(undefined);
    const [failed, setFailed] = useState(null);
    useEffect(() => {
        open().then(setPerson, (error) => setFailed({ title: 'Signing in failed', detail: error.message }));
    }, []);
    return { person, failed };
}

export function App() {
    const route = useRoute();
    const { person, failed } = usePerson();
    const [done, say] = useState(null);
    const main = useRef(null);
    const context = useMemo(() => ({ mayAct: person?.mayAct ?? false, say }), [person]);
    const at = route.parts.join('/');
    useEffect(() => {
        const place = places.find(({ part, also }) => route.parts[0] === part || also?.includes(route.parts[0]));
        document.title = `${[route.parts[1], place?.title ?? 'Overview'].filter(Boolean).join(' · ')} · Cairn`;
        scrollTo(0, 0);
        say(null);
    }, [at]);
    return (
        <Person.Provider value={context}>
            <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); main.current.focus(); }}>To the content</a>
            <header class="top">
                <a class="brand" href={href(['overview'])}><span class="mark" aria-hidden="true" />Cairn</a>
                {person && person.mayLook !== false && <Navigation first={route.parts[0] ?? 'overview'} />}
                {person && <Whoever person={person} />}
            </header>
            <main id="main" ref={main} tabIndex={-1}>
                {done && <Done done={done} onClose={() => say(null)} />}
                <Content person={person} failed={failed} route={route} />
            </main>
        </Person.Provider>
    );
}
