// goods.js - what the shop sells. Prices are in minor units.
export const currency = 'EUR';

export const goods = [
    { sku: 'tea-100', name: 'Morning Assam', about: 'Malty and strong. Takes milk.', price: 450, tone: 'amber' },
    { sku: 'tea-200', name: 'First Flush Darjeeling', about: 'Light, floral, picked in March.', price: 890, tone: 'green' },
    { sku: 'tea-300', name: 'Smoked Lapsang', about: 'Dried over pine. Not for everyone.', price: 720, tone: 'slate' },
    { sku: 'tea-400', name: 'Jasmine Pearls', about: 'Hand-rolled green tea, scented five nights.', price: 1180, tone: 'jade' },
    { sku: 'tea-500', name: 'Rooibos', about: 'Red, sweet, without caffeine.', price: 390, tone: 'red' },
    { sku: 'tea-600', name: 'Genmaicha', about: 'Green tea with roasted rice.', price: 520, tone: 'straw' },
];

export const cards = [
    { token: 'tok_visa', name: 'Test card: is paid' },
    { token: 'tok_declined', name: 'Test card: is declined' },
    { token: 'tok_no_funds', name: 'Test card: no funds' },
];

export function findGood(sku) {
    return goods.find((good) => good.sku === sku) ?? { sku, name: sku, about: '', price: 0, tone: 'slate' };
}

export function totalOf(lines) {
    return lines.reduce((sum, { sku, quantity }) => sum + findGood(sku).price * quantity, 0);
}

export function money(amount, unit = currency) {
    return new Intl.NumberFormat('en', { style: 'currency', currency: unit }).format(amount / 100);
}

export function moment(text) {
    return new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(text));
}
