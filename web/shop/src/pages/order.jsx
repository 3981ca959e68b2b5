// order.jsx - one order, as it becomes paid and shipped; and cancelling it.
import { useState } from 'preact/hooks';

import { act } from '../lib/api.js';
import { setQuantity } from '../lib/basket.js';
import { useOrder } from '../lib/follow.js';
import { findGood, moment, money } from '../lib/goods.js';
import { ActionForm, Loading, ProblemNote, Status } from '../parts.jsx';

function Step({ name, at, detail, isDone, tone = '' }) {
    return (
        <li class={isDone ? `done ${tone}` : undefined}>
            <strong>{name}</strong> {at ? <time dateTime={at}>{moment(at)}</time> : <span class="quiet">not yet</span>}
            {detail && <p class="quiet">{detail}</p>}
        </li>
    );
}

function Way({ order }) {
    return (
        <ol class="way">
            <Step name="Placed" at={order.placed_at} isDone />
            {(order.paid_at || order.status !== 'cancelled') && <Step name="Paid" at={order.paid_at} isDone={Boolean(order.paid_at)} />}
            {order.status === 'cancelled'
                ? <Step name="Cancelled" at={order.cancelled_at} detail={order.cancel_reason} isDone tone="off" />
                : <Step name="Shipped" at={order.shipped_at} isDone={Boolean(order.shipped_at)}
                    detail={order.carrier && `${order.carrier}, ${order.tracking}`} />}
        </ol>
    );
}

function Lines({ order }) {
    return (
        <table>
            <thead><tr><th scope="col">Tea</th><th scope="col" class="amount">How many</th><th scope="col" class="amount">Price</th></tr></thead>
            <tbody>
                {order.lines.map((line) => (
                    <tr key={line.sku}>
                        <th scope="row">{findGood(line.sku).name}</th>
                        <td class="amount">{line.quantity}</td>
                        <td class="amount">{money(line.unit_price * line.quantity, order.currency)}</td>
                    </tr>
                ))}
            </tbody>
            <tfoot><tr><th scope="row">Total</th><td /><td class="amount"><strong>{money(order.total, order.currency)}</strong></td></tr></tfoot>
        </table>
    );
}

// The order was declined or cancelled: its teas can be ordered again, by another card.
function Again({ order }) {
    const again = () => {
        order.lines.forEach(({ sku, quantity }) => setQuantity(sku, quantity));
        location.hash = '#/basket';
    };
    return <p><button type="button" onClick={again}>Put these teas into the basket</button></p>;
}

export function Order({ id }) {
    const [position] = useState(() => sessionStorage.getItem(`shop-position-${id}`));
    const { order, etag, problem, isLive, reload } = useOrder(id, position);
    const [beaten, setBeaten] = useState(false);
    const cancel = async () => {
        setBeaten(false);
        try {
            await act(`/orders/${id}/cancel`, { reason: 'changed my mind' }, { key: `cancel-${id}-${etag}`, etag });
        } catch (wrong) {
            await reload();
            if (wrong.status !== 412) throw wrong;
            setBeaten(true);
        }
    };
    if (!order) return <><h1>Order</h1>{problem ? <ProblemNote problem={problem} title={problem.status === 404 ? 'You have no such order' : undefined} /> : <Loading />}</>;
    const isOpen = order.status === 'placed' || order.status === 'paid';
    const wasDeclined = order.status === 'cancelled' && !order.paid_at;
    return (
        <>
            <h1>Order of {moment(order.placed_at)}</h1>
            <p class="state" role="status"><Status status={order.status} /> <span class="quiet live">{isLive ? 'shown live' : 'connecting…'}</span></p>
            {beaten && (
                <div class="note bad" role="alert">
                    <strong>Somebody was faster</strong>
                    <p>The order has changed since you saw it: it is {order.status} now. Nothing was cancelled.</p>
                </div>
            )}
            {wasDeclined && <div class="note bad" role="alert"><strong>This order is not paid</strong><p>{order.cancel_reason}. Nothing was charged: try another card.</p></div>}
            <div class="columns">
                <div class="card"><Lines order={order} /></div>
                <div class="card"><Way order={order} /></div>
            </div>
            {isOpen && <ActionForm act={cancel} label="Cancel this order" busyLabel="Cancelling…" kind="danger" />}
            {order.status === 'cancelled' && <Again order={order} />}
            <p><a href="#/orders">All my orders</a></p>
        </>
    );
}
