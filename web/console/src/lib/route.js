// route.js - the state of the pages in the URL: #/streams/order-1?after=20. Each view has a link of its own.
import { useEffect, useState } from 'preact/hooks';

function read() {
    const [path, query] = location.hash.replace(/^#/, '').split('?');
    const parts = path.split('/').filter(Boolean).map((part) => {
        try {
            return decodeURIComponent(part);
        } catch {
            return part;
        }
    });
    return { parts, query: Object.fromEntries(new URLSearchParams(query ?? '')) };
}

// href(['streams', 'order-1'], { after: 20 })
export function href(parts, query) {
    const search = new URLSearchParams(
        Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null && value !== ''));
    return `#/${parts.map(encodeURIComponent).join('/')}${search.size ? `?${search}` : ''}`;
}

export function go(parts, query) {
    location.hash = href(parts, query);
}

export function useRoute() {
    const [route, setRoute] = useState(read);
    useEffect(() => {
        const changed = () => setRoute(read());
        addEventListener('hashchange', changed);
        return () => removeEventListener('hashchange', changed);
    }, []);
    return route;
}
