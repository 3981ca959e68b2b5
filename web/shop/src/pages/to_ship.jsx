// to_ship.jsx - the clerk's page: orders that are paid, the oldest first.
import { useEffect, useState } from 'preact/hooks';

import { act, get } from '../lib/api.js';
import { findGood, moment } from '../lib/goods.js';
import { ActionForm, Loading, ProblemNote } from '../parts.jsx';

function Parcel({ order, onShipped }) {
    const ship = async (form) => {
        const body = { carrier: form.get('carrier'), tracking: form.get('tracking') };
        await act(`/orders/${order.order_id}/ship`, body, { key: `ship-${order.order_id}-${body.tracking}` });
        onShipped(order.order_id);
    };
    const what = order.lines.map(({ sku, quantity }) => `${quantity} × ${findGood(sku).name}`).join(', ');
    return (
        <li class="card parcel" aria-label={`Order ${order.order_id}`}>
            <p><strong>{what}</strong><br /><span class="quiet">paid {moment(order.paid_at)}</span></p>
            <ActionForm act={ship} label="Hand over" busyLabel="Handing over…"
                problemTitle={(problem) => (problem.status === 422 ? 'This order cannot be shipped any more' : undefined)}>
                <label>Carrier <input name="carrier" required maxLength={100} /></label>
                <label>Tracking <input name="tracking" required maxLength={100} /></label>
            </ActionForm>
        </li>
    );
}

export function ToShip() {
    const [page, setPage] = useState(null);
    const [problem, setProblem] = useState(null);
    const [shipped, setShipped] = useState([]);
    const load = () => get('/orders?status=paid&limit=20').then(({ body }) => { setPage(body); setProblem(null); }, setProblem);
    useEffect(() => { load(); }, []);
    const left = page?.items.filter((order) => !shipped.includes(order.order_id));
    return (
        <>
            <h1>To ship</h1>
            <p role="status" class="said">{shipped.length > 0 && `${shipped.length} handed over.`}</p>
            {problem && <ProblemNote problem={problem} title={problem.status === 403 ? 'This page is for clerks' : undefined} />}
            {!page && !problem && <Loading />}
            {left?.length === 0 && <p>Nothing is waiting.</p>}
            <ul class="plain-list">{left?.map((order) => <Parcel key={order.order_id} order={order} onShipped={(id) => setShipped([...shipped, id])} />)}</ul>
            {page && <p><button type="button" onClick={load}>Look again</button></p>}
        </>
    );
}
