// follow.js - an order as it is, live: a stream of events, resumed after a lost connection. Each message is shown at
// once; then the row is read, for the ETag that a cancellation names.
import { useCallback, useEffect, useState } from 'preact/hooks';

import { get, renew } from './api.js';

const pauseMs = 1500;

// Returns { order, etag, problem, isLive, reload }; `position`: no older than that.
export function useOrder(id, position) {
    const [shown, setShown] = useState({ order: null, etag: null, problem: null, isLive: false });
    const change = useCallback((part) => setShown((before) => ({ ...before, ...part })), []);
    const reload = useCallback(async (atLeast) => {
        try {
            const { body, etag } = await get(`/orders/${id}`, atLeast);
            change({ order: body, etag, problem: null });
            return true;
        } catch (problem) {
            change({ problem });
            return false;
        }
    }, [id]);
    useEffect(() => {
        let source = null;
        let timer = 0;
        let isOver = false;
        const open = () => {
            source = new EventSource(`/orders/${id}`);
            source.onopen = () => change({ isLive: true });
            source.onmessage = (message) => {
                change({ order: JSON.parse(message.data), isLive: true, problem: null });
                reload();
            };
            // The browser connects again by itself, unless it was answered otherwise: the session may have to be renewed.
            source.onerror = () => {
                change({ isLive: false });
                if (source.readyState !== EventSource.CLOSED || isOver) return;
                timer = setTimeout(async () => {
                    await renew();
                    if (!isOver) open();
                }, pauseMs);
            };
        };
        reload(position).then((found) => {
            if (found && !isOver) open();
        });
        return () => {
            isOver = true;
            clearTimeout(timer);
            source?.close();
        };
    }, [id, position]);
    return { ...shown, reload };
}
