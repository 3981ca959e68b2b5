// route.js - which page is shown: the fragment of the URL, #/orders/ID.
import { useEffect, useState } from 'preact/hooks';

function read() {
    return location.hash.replace(/^#\/?/, '').split('/').filter(Boolean).map(decodeURIComponent);
}

export function useRoute() {
    const [parts, setParts] = useState(read);
    useEffect(() => {
        const changed = () => setParts(read());
        addEventListener('hashchange', changed);
        return () => removeEventListener('hashchange', changed);
    }, []);
    return parts;
}
