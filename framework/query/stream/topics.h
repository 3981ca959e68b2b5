/* topics.h - internals shared by live.c, follow_rows.c, follow_pages.c and event_stream.c: topics,
 * readers and pages. Private to them, and guarded by the lock of live.h. */
#ifndef CAIRN_QUERY_TOPICS_H
#define CAIRN_QUERY_TOPICS_H

#include "query/request/ask.h"
#include "query/stream/live.h"

#include <pthread.h>

/* A followed page of a list: what is needed to read it. */
struct cairn_page {
    struct cairn_arena arena;
    const struct cairn_resource *resource;
    const struct cairn_query_ask *ask;
    int holders; /* references: its topic, and the threads reading it */
    bool slow;   /* reading it takes long: follow_pages.c */
};

struct cairn_reader {
    struct cairn_query_live *live;
    struct cairn_http_request *request;
    struct cairn_topic *topic;
    struct cairn_reader *before; /* list of the topic's readers */
    struct cairn_reader *after;
    struct cairn_reader *earlier; /* queue in the order of their heartbeats */
    struct cairn_reader *later;
    uint64_t seen;  /* number of the last message it was given */
    char *rest;     /* unsent part of a message, or NULL; allocated */
    size_t rest_at; /* how much of `rest` was sent */
    size_t rest_bytes;
    int64_t until_s; /* since 1970: its token expires; 0: it needs none */
    int64_t beat_us; /* monotonic: when the next heartbeat is due */
    bool beat;       /* a heartbeat is pending */
    int missed;      /* heartbeats it did not consume, in a row */
};

struct cairn_topic {
    struct cairn_topic *next;       /* in the same bucket */
    size_t place;                   /* index into `followed` */
    struct cairn_page *page;        /* NULL: a row */
    struct cairn_query_owner owner; /* of a row: whose readers these are */
    char *subject;                  /* the owner's; allocated */
    struct cairn_reader *readers;
    uint64_t number; /* of the message; grows with each change */
    char *message;
    size_t bytes;
    int64_t generation;
    int64_t changed;
    int64_t position; /* of the newest state received */
    uint32_t hash;
    bool dirty;
    char key[];
};

/* The rows of one read model, or its pages, while they have topics. */
struct cairn_followed {
    size_t topics;
    size_t dirty;
    int64_t generation;
    struct cairn_timeline timeline;
    int64_t shown;    /* highest position shown to any of its readers */
    int64_t revision; /* of the checkpoint at the last look; -1: none yet */
    int64_t position; /* followed up to here … */
    char *key;        /* … and at this position up to this key; "" at first */
};

enum { CAIRN_BUCKETS = 16384 };

struct cairn_query_live {
    struct cairn_query_models *models;
    size_t model_count;
    size_t max;
    size_t client_max; /* streams of one client; 0: any number */
    size_t pages_max;
    int64_t heartbeat_us;
    void (*news)(void *context);
    void *news_context;
    void (*page_news)(void *context); /* there may be pages to read */
    void *page_context;

    pthread_mutex_t lock; /* guards the members below */
    bool stopping;
    size_t count; /* number of readers */
    size_t pages; /* number of pages that are topics */
    struct cairn_reader *next_beat;
    struct cairn_reader *last_beat;
    struct cairn_followed *followed; /* the rows of each model, then the pages of each */
    struct cairn_topic *buckets[CAIRN_BUCKETS];

    int64_t statement_count; /* the watch thread's own, like the members below */
    int64_t complain_us;     /* monotonic: earliest next log line about an unreadable row */
    struct cairn_follow *follows;
};

/* Return the first topic of a row, and the one after `topic`, which is of the same row: there is
 * one for each owner that follows it. NULL if there are no more. Of a page there is one. The place
 * of a model's rows is its index; that of its pages is its index plus the number of models. */
struct cairn_topic *cairn_topic_first(const struct cairn_query_live *live, size_t place,
                                      const char *key);
struct cairn_topic *cairn_topic_next(const struct cairn_topic *topic);
/* Returns the one for this owner, or NULL. */
struct cairn_topic *cairn_topic_find(const struct cairn_query_live *live, size_t place,
                                     const char *key, const struct cairn_query_owner *owner);

/* Adds a topic without readers; `page` is NULL for a row, else the topic takes the reference. */
struct cairn_topic *cairn_topic_add(struct cairn_query_live *live, size_t place,
                                    struct cairn_page *page, const char *key,
                                    const struct cairn_query_owner *owner);
/* Removes and frees a topic that has no readers. */
void cairn_topic_remove(struct cairn_query_live *live, struct cairn_topic *topic);

/* Marks the topic as to be read. */
void cairn_topic_mark_dirty(struct cairn_query_live *live, struct cairn_topic *topic);

/* Shows the state to the topic's readers, if it differs from the current one and is not older: a
 * newer state may have arrived between the read and this call. */
void cairn_topic_show(struct cairn_query_live *live, struct cairn_topic *topic,
                      const struct cairn_query_state *state);

/* Drops a reference. */
void cairn_page_let_go(struct cairn_page *page);

/* ---- follow_rows.c ---- */

/* Compares the model's state with the followed one: topics of another generation or history become
 * dirty, unless that would show an older state than readers have seen. Returns whether there is
 * work: dirty topics, or a model that has moved (`ret_moved`). */
bool cairn_follow_look(struct cairn_query_live *live, size_t place,
                       const struct cairn_query_known *known, bool *ret_moved);
/* Marks all topics of the place as dirty. */
void cairn_follow_mark_all_dirty(struct cairn_query_live *live, size_t place);

struct cairn_follow *cairn_follow_open(size_t models);
void cairn_follow_close(struct cairn_follow *follows, size_t models);

#endif
