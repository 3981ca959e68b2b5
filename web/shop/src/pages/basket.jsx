// basket.jsx - the basket, and ordering it.
import { act } from '../lib/api.js';
import { emptyBasket, setQuantity, useBasket } from '../lib/basket.js';
import { cards, currency, findGood, money, totalOf } from '../lib/goods.js';
import { ActionForm } from '../parts.jsx';

function Line({ line }) {
    const good = findGood(line.sku);
    return (
        <tr>
            <th scope="row">{good.name}</th>
            <td>
                <input type="number" min="0" max="99" value={line.quantity} aria-label={`How many of ${good.name}`}
                    onChange={(event) => setQuantity(line.sku, Number(event.target.value) || 0)} />
            </td>
            <td class="amount">{money(good.price * line.quantity)}</td>
            <td><button type="button" class="plain" onClick={() => setQuantity(line.sku, 0)} aria-label={`Remove ${good.name}`}>Remove</button></td>
        </tr>
    );
}

export function Basket({ session }) {
    const { lines, id, key } = useBasket();
    const order = async (form) => {
        const { position } = await act('/orders', {
            order_id: id,
            user_id: session.sub,
            currency,
            lines: lines.map(({ sku, quantity }) => ({ sku, quantity, unit_price: findGood(sku).price })),
            card_token: form.get('card'),
        }, { key });
        sessionStorage.setItem(`shop-position-${id}`, position);
        location.hash = `#/orders/${id}`;
        emptyBasket();
    };
    if (lines.length === 0) return <><h1>Basket</h1><p>The basket is empty. <a href="#/">Look at the teas</a></p></>;
    return (
        <>
            <h1>Basket</h1>
            <div class="card">
                <table>
                    <thead><tr><th scope="col">Tea</th><th scope="col">How many</th><th scope="col" class="amount">Price</th><td /></tr></thead>
                    <tbody>{lines.map((line) => <Line key={line.sku} line={line} />)}</tbody>
                    <tfoot><tr><th scope="row">Total</th><td /><td class="amount"><strong>{money(totalOf(lines))}</strong></td><td /></tr></tfoot>
                </table>
            </div>
            <div class="card narrow">
                <ActionForm act={order} label={`Order for ${money(totalOf(lines))}`} busyLabel="Ordering…">
                    <label>Card <select name="card">{cards.map((card) => <option key={card.token} value={card.token}>{card.name}</option>)}</select></label>
                </ActionForm>
            </div>
        </>
    );
}
