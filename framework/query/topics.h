/* topics.h - what live.c and follow.c share: topics and readers. Private to them, and under the
 * lock of live.h. */
#ifndef CAIRN_QUERY_TOPICS_H
#define CAIRN_QUERY_TOPICS_H

#include "query/live.h"

#include <pthread.h>

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
    size_t model;
    struct cairn_reader *readers;
    uint64_t number; /* of the message; grows when it changes */
    char *message;
    size_t bytes;
    int64_t generation;
    int64_t changed;
    uint32_t hash;
    bool dirty;
    char key[];
};

/* One read model, while it has topics. */
struct cairn_followed {
    size_t topics;
    size_t dirty;
    int64_t generation;
    struct cairn_timeline timeline;
    int64_t shown;    /* the highest position that any of its readers was shown */
    int64_t position; /* followed up to here, … */
    char *key;        /* … and within the next position up to this key; "" at first */
};

enum { CAIRN_BUCKETS = 16384 };

struct cairn_query_live {
    struct cairn_query_models *models;
    size_t max;
    int64_t heartbeat_us;
    void (*news)(void *context);
    void *news_context;

    pthread_mutex_t lock; /* guards what follows */
    bool stopping;
    size_t count; /* of readers */
    struct cairn_reader *next_beat;
    struct cairn_reader *last_beat;
    struct cairn_followed *followed; /* one a model */
    struct cairn_topic *buckets[CAIRN_BUCKETS];

    int64_t statement_count; /* the watch's thread's own, as what follows */
    struct cairn_follow *follows;
};

/* NULL if nobody follows the row. */
struct cairn_topic *cairn_topic_find(const struct cairn_query_live *live, size_t model,
                                     const char *key);

/* It has to be read. */
void cairn_topic_soil(struct cairn_query_live *live, struct cairn_topic *topic);

/* Shows the state to the topic's readers, if it is another one than before. */
void cairn_topic_show(struct cairn_query_live *live, struct cairn_topic *topic,
                      const struct cairn_query_state *state);

/* ---- follow.c ---- */

struct cairn_follow *cairn_follow_open(size_t models);
void cairn_follow_close(struct cairn_follow *follows, size_t models);

#endif
