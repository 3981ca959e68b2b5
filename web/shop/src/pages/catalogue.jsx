// catalogue.jsx - what there is to buy.
import { useState } from 'preact/hooks';

import { addToBasket } from '../lib/basket.js';
import { goods, money } from '../lib/goods.js';

function Good({ good, onAdd }) {
    return (
        <li class="item">
            <div class={`tin ${good.tone}`} aria-hidden="true"><span>{good.name.slice(0, 1)}</span></div>
            <h2>{good.name}</h2>
            <p class="quiet">{good.about}</p>
            <p class="buy">
                <strong>{money(good.price)}</strong>
                <button type="button" onClick={() => { addToBasket(good.sku); onAdd(good.name); }} aria-label={`Add ${good.name} to the basket`}>Add</button>
            </p>
        </li>
    );
}

export function Catalogue() {
    const [said, setSaid] = useState('');
    return (
        <>
            <h1>Teas</h1>
            <p role="status" class="said">{said}</p>
            <ul class="goods">
                {goods.map((good) => <Good key={good.sku} good={good} onAdd={(name) => setSaid(`${name} is in the basket.`)} />)}
            </ul>
        </>
    );
}
