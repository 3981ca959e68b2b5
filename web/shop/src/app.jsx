// app.jsx - the frame of all pages: who is signed in, where one can go, and which page is shown.
import { useEffect, useRef, useState } from 'preact/hooks';

import { useBasket } from './lib/basket.js';
import { useRoute } from './lib/route.js';
import { signIn, signOut, whoIsThere } from './lib/session.js';
import { Basket } from './pages/basket.jsx';
import { Catalogue } from './pages/catalogue.jsx';
import { Order } from './pages/order.jsx';
import { Orders } from './pages/orders.jsx';
import { Registered } from './pages/registered.jsx';
import { ToShip } from './pages/to_ship.jsx';
import { Loading, ProblemNote } from './parts.jsx';

function Places({ session, current }) {
    const count = useBasket().lines.reduce((sum, line) => sum + line.quantity, 0);
    const places = [['', 'Teas'], ['basket', `Basket (${count})`], ['orders', 'My orders']];
    if (session.roles?.includes('clerk')) places.push(['to-ship', 'To ship']);
    return (
        <nav class="places" aria-label="Pages">
            {places.map(([place, name]) => (
                <a key={place} href={`#/${place}`} aria-current={current === place ? 'page' : undefined}>{name}</a>
            ))}
        </nav>
    );
}

function Who({ session }) {
    if (session.isOpen) return <span class="quiet">nobody signs in here</span>;
    return session.state === 'in'
        ? <button type="button" onClick={signOut}>Sign out</button>
        : <button type="button" onClick={signIn}>Sign in</button>;
}

function SignInFirst() {
    return (
        <>
            <h1>Sign in</h1>
            <p>This page is about you: sign in to see it.</p>
            <p><button type="button" class="primary" onClick={signIn}>Sign in to continue</button></p>
        </>
    );
}

function Page({ session, parts: [place = '', id] }) {
    if (place === '') return <Catalogue />;
    if (session.state !== 'in') return <SignInFirst />;
    if (place === 'to-ship') return <ToShip />;
    if (place === 'basket') return <Registered session={session}><Basket session={session} /></Registered>;
    if (place === 'orders' && id) return <Order key={id} id={id} />;
    if (place === 'orders') return <Registered session={session}><Orders session={session} /></Registered>;
    return <><h1>Not here</h1><p>There is no such page. <a href="#/">All teas</a></p></>;
}

// The focus follows to a new page, for those who do not see it.
function useFocusOnChange(place) {
    const main = useRef(null);
    const isFirst = useRef(true);
    useEffect(() => {
        document.title = `${main.current?.querySelector('h1')?.textContent ?? 'Teas'} – Cairn Tea`;
        if (!isFirst.current) main.current?.focus();
        isFirst.current = false;
    }, [place]);
    return main;
}

export function App() {
    const parts = useRoute();
    const [session, setSession] = useState(null);
    const [problem, setProblem] = useState(null);
    const main = useFocusOnChange(parts.join('/'));
    useEffect(() => { whoIsThere().then(setSession, setProblem); }, []);
    return (
        <>
            <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); main.current.focus(); }}>Skip to the page</a>
            <header class="top">
                <a class="brand" href="#/"><span class="mark" aria-hidden="true" />Cairn Tea</a>
                {session && <Places session={session} current={parts[0] ?? ''} />}
                <span class="who">{session && <Who session={session} />}</span>
            </header>
            <main ref={main} id="main" tabIndex={-1}>
                {problem && <ProblemNote problem={problem} />}
                {session ? <Page session={session} parts={parts} /> : !problem && <><h1>Cairn Tea</h1><Loading /></>}
            </main>
        </>
    );
}
