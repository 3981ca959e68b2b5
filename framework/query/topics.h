/* topics.h - what live.c, follow.c and pages.c share: topics and readers, and the pages that
 * stream.c makes. Private to them, and under the lock of live.h. */
#ifndef CAIRN_QUERY_TOPICS_H
#define CAIRN_QUERY_TOPICS_H

#include "query/ask.h"
#include "query/live.h"

#include <pthread.h>

/* A page of a list that is followed: what has to be asked to read it. */
struct cairn_page {
    struct cairn_arena arena;
    const struct cairn_resource *resource;
    const struct cairn_query_ask *ask;
    int holders; /* its topic, and who reads it now */
    bool slow;   /* reading it takes long: pages.c */
};

struct cairn_reader {
    struct cairn_query_live *live;
    struct cairn_http_request *request;
    struct cairn_topic *topic;
    struct cairn_reader *before; /* of the topic's */
    struct cairn_reader *after;
    struct cairn_reader *earlier; /* in the order of their heartbeats */
    struct cairn_reader *later;
    uint64_t seen;  /* number of the message that it was given last */
    char *rest;     /* of a message that did not fit, or NULL; allocated */
    size_t rest_at; /* how much of it was sent */
    size_t rest_bytes;
    int64_t beat_us; /* monotonic: when the next sign of life is due */
    bool beat;       /* it is to be given one */
    int missed;      /* signs of life that it did not take, in a row */
};

struct cairn_topic {
    struct cairn_topic *next; /* of the same bucket */
    size_t place;             /* among what is followed */
    struct cairn_page *page;  /* NULL: it is a row */
    struct cairn_reader *readers;
    uint64_t number; /* of the message; grows when it changes */
    char *message;
    size_t bytes;
    int64_t generation;
    int64_t changed;
    int64_t position; /* of the newest state that came */
    uint32_t hash;
    bool dirty;
    char key[];
};

/* One read model's rows, or its pages, while they have topics. */
struct cairn_followed {
    size_t topics;
    size_t dirty;
    int64_t generation;
    struct cairn_timeline timeline;
    int64_t shown;    /* the highest position that any of its readers was shown */
    int64_t revision; /* of the checkpoint when it was looked at last; -1: it was not yet */
    int64_t position; /* followed up to here, … */
    char *key;        /* … and within the next position up to this key; "" at first */
};

enum { CAIRN_BUCKETS = 16384 };

struct cairn_query_live {
    struct cairn_query_models *models;
    size_t model_count;
    size_t max;
    size_t pages_max;
    int64_t heartbeat_us;
    void (*news)(void *context);
    void *news_context;
    void (*page_news)(void *context); /* there may be pages to read */
    void *page_context;

    pthread_mutex_t lock; /* guards what follows */
    bool stopping;
    size_t count; /* of readers */
    size_t pages; /* that are topics */
    struct cairn_reader *next_beat;
    struct cairn_reader *last_beat;
    struct cairn_followed *followed; /* the rows of each model, then the pages of each */
    struct cairn_topic *buckets[CAIRN_BUCKETS];

    int64_t statement_count; /* the watch's thread's own, as what follows */
    int64_t complain_us;     /* monotonic: when to say again that a row cannot be read */
    struct cairn_follow *follows;
};

/* NULL if nobody follows it. The place is a model's number, and for pages so much behind it as
 * there are models. */
struct cairn_topic *cairn_topic_find(const struct cairn_query_live *live, size_t place,
                                     const char *key);

/* It has to be read. */
void cairn_topic_soil(struct cairn_query_live *live, struct cairn_topic *topic);

/* Shows the state to the topic's readers, if it is another one than before and no older one:
 * between a look and this, somebody may have brought a newer one. */
void cairn_topic_show(struct cairn_query_live *live, struct cairn_topic *topic,
                      const struct cairn_query_state *state);

/* One holder less. */
void cairn_page_let_go(struct cairn_page *page);

/* ---- follow.c ---- */

/* Looks at how the model stands: topics of another generation or history are to be read again,
 * unless that would show less than was seen. Returns whether there is something to do: for topics
 * that are dirty, or because the model has moved (`ret_moved`). */
bool cairn_follow_look(struct cairn_query_live *live, size_t place,
                       const struct cairn_query_known *known, bool *ret_moved);
/* All topics of the place are to be read again. */
void cairn_follow_soil_all(struct cairn_query_live *live, size_t place);

struct cairn_follow *cairn_follow_open(size_t models);
void cairn_follow_close(struct cairn_follow *follows, size_t models);

#endif
