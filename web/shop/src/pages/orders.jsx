// orders.jsx - what a person has ordered, page by page.
import { useEffect, useState } from 'preact/hooks';

import { get } from '../lib/api.js';
import { findGood, moment, money } from '../lib/goods.js';
import { Loading, ProblemNote, Status } from '../parts.jsx';

const rows = 5;

function Row({ order }) {
    return (
        <li>
            <a href={`#/orders/${order.order_id}`}>{order.lines.map(({ sku }) => findGood(sku).name).join(', ')}</a>
            <Status status={order.status} />
            <span class="quiet">{moment(order.placed_at)}</span>
            <strong class="amount">{money(order.total, order.currency)}</strong>
        </li>
    );
}

export function Orders({ session }) {
    const [cursors, setCursors] = useState(['']); // of the pages before, and of this one
    const [page, setPage] = useState(null);
    const [problem, setProblem] = useState(null);
    const cursor = cursors.at(-1);
    useEffect(() => {
        let isOver = false;
        get(`/users/${session.sub}/orders?limit=${rows}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`)
            .then(({ body }) => { if (!isOver) setPage(body); }, (wrong) => { if (!isOver) setProblem(wrong); });
        return () => { isOver = true; };
    }, [session.sub, cursor]);
    return (
        <>
            <h1>My orders</h1>
            {problem && <ProblemNote problem={problem} />}
            {!page && !problem && <Loading />}
            {page?.items.length === 0 && <p>You have ordered nothing yet. <a href="#/">Look at the teas</a></p>}
            {page?.items.length > 0 && <ul class="card rows">{page.items.map((order) => <Row key={order.order_id} order={order} />)}</ul>}
            {page && (cursors.length > 1 || page.next) && (
                <nav class="pager" aria-label="Pages of orders">
                    <button type="button" disabled={cursors.length === 1} onClick={() => setCursors(cursors.slice(0, -1))}>Newer</button>
                    <span class="quiet" role="status">page {cursors.length}</span>
                    <button type="button" disabled={!page.next} onClick={() => setCursors([...cursors, page.next])}>Older</button>
                </nav>
            )}
        </>
    );
}
