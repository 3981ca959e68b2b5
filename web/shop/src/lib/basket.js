// basket.js - what is to be ordered, kept in this tab. A basket has the id of its order and the key of its request from
// its first item on: however often it is sent, it is one order.
import { useEffect, useState } from 'preact/hooks';

const place = 'shop-basket';
const changed = new EventTarget();

function read() {
    try {
        return JSON.parse(sessionStorage.getItem(place)) ?? { lines: [] };
    } catch {
        return { lines: [] };
    }
}

function write(basket) {
    if (basket) sessionStorage.setItem(place, JSON.stringify(basket));
    else sessionStorage.removeItem(place);
    changed.dispatchEvent(new Event('change'));
}

export function setQuantity(sku, quantity) {
    const { lines } = read();
    const others = lines.filter((line) => line.sku !== sku);
    const known = lines.some((line) => line.sku === sku);
    const next = quantity < 1 ? others
        : known ? lines.map((line) => (line.sku === sku ? { sku, quantity } : line)) : [...others, { sku, quantity }];
    // Another content is another order: a request that was sent before keeps its own.
    write({ lines: next, id: crypto.randomUUID(), key: crypto.randomUUID() });
}

export function addToBasket(sku) {
    const line = read().lines.find((one) => one.sku === sku);
    setQuantity(sku, Math.min(99, (line?.quantity ?? 0) + 1));
}

// A declined card is replaced in another order.
export function renewBasket() {
    write({ ...read(), id: crypto.randomUUID(), key: crypto.randomUUID() });
}

export function emptyBasket() {
    write(null);
}

export function useBasket() {
    const [basket, setBasket] = useState(read);
    useEffect(() => {
        const look = () => setBasket(read());
        changed.addEventListener('change', look);
        return () => changed.removeEventListener('change', look);
    }, []);
    return basket;
}
