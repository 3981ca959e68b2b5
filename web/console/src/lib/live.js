// live.js - keeps an answer of the HTTP interface fresh while it is looked at.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

import { get, withQuery } from './api.js';

// Asks, and asks again `everyMs` after each answer while the page is visible; 0: once. Returns
//   value    the last answer, kept while an error is shown
//   error    a Problem, or null
//   reload   asks now
export function useAnswer(path, params, everyMs = 0) {
    const url = path && withQuery(path, params);
    const [answer, setAnswer] = useState({ url: null, value: null, error: null });
    const ask = useRef(() => {});
    useEffect(() => {
        if (!url) return undefined;
        const left = new AbortController();
        let timer = 0;
        const again = () => {
            clearTimeout(timer);
            if (document.hidden && everyMs) timer = setTimeout(again, everyMs);
            else load();
        };
        const load = async () => {
            try {
                const value = await get(url, undefined, left.signal);
                setAnswer({ url, value, error: null });
            } catch (error) {
                if (left.signal.aborted) return;
                setAnswer((last) => ({ url, value: last.url === url ? last.value : null, error }));
            }
            if (everyMs && !left.signal.aborted) timer = setTimeout(again, everyMs);
        };
        ask.current = again;
        load();
        return () => {
            left.abort();
            clearTimeout(timer);
        };
    }, [url, everyMs]);
    const reload = useCallback(() => ask.current(), []);
    const current = answer.url === url ? answer : { value: null, error: null };
    return { value: current.value, error: current.error, reload };
}
