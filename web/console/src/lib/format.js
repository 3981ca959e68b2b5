// format.js - texts of numbers, times and names.
const numbers = new Intl.NumberFormat('en');
const clock = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

export function number(value) {
    return value === null || value === undefined ? '–' : numbers.format(value);
}

// Times of the interface are ISO 8601; those without a zone are UTC.
export function instant(text) {
    if (!text) return null;
    const iso = String(text).replace(' ', 'T');
    const time = new Date(/(Z|[+-]\d\d(:?\d\d)?)$/.test(iso) ? iso : `${iso}Z`);
    return Number.isNaN(time.getTime()) ? null : time;
}

export function local(time) {
    return clock.format(time);
}

export function utc(time) {
    return `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

export function ago(time, now = Date.now()) {
    const seconds = Math.max(0, Math.round((now - time.getTime()) / 1000));
    if (seconds < 60) return `${seconds} s ago`;
    if (seconds < 3600) return `${Math.round(seconds / 60)} min ago`;
    if (seconds < 172800) return `${Math.round(seconds / 3600)} h ago`;
    return `${Math.round(seconds / 86400)} days ago`;
}

// How long until a time: "in 14 min", or "now".
export function until(time, now = Date.now()) {
    const seconds = Math.round((time.getTime() - now) / 1000);
    if (seconds <= 0) return 'now';
    if (seconds < 120) return `in ${seconds} s`;
    if (seconds < 7200) return `in ${Math.round(seconds / 60)} min`;
    if (seconds < 172800) return `in ${Math.round(seconds / 3600)} h`;
    return `in ${Math.round(seconds / 86400)} days`;
}

export function duration(ms) {
    if (ms === null || ms === undefined) return '–';
    if (ms < 1000) return `${ms} ms`;
    if (ms < 120000) return `${(ms / 1000).toFixed(1)} s`;
    return `${Math.round(ms / 60000)} min`;
}

// "order_summary g2" of the status is the read model order_summary, generation 2.
export function generationOf(name) {
    const found = /^(.*) g(\d+)$/.exec(name);
    return found ? { name: found[1], generation: Number(found[2]) } : { name, generation: null };
}

export function shortName(name) {
    return /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(name) ? `${name.slice(0, 8)}…` : name;
}

// Notes of the status end a time without its zone: that is UTC.
export function noteOf(text) {
    return (text ?? '').replace(/(\d\d:\d\d:\d\d)$/, '$1 UTC');
}

export function plural(count, one, many = `${one}s`) {
    return `${number(count)} ${count === 1 ? one : many}`;
}
