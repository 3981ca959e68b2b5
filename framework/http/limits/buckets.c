/* buckets.c - a table of token buckets. */
#include "http/limits/buckets.h"

#include "core/containers/arena.h"
#include "core/text/hash.h"
#include "core/threads/lock.h"

#include <pthread.h>
#include <stdlib.h>

enum { SETS = 4096, WAYS = 8, SECOND_US = 1000000 };

struct bucket {
    struct cairn_client_key client;
    int64_t full_us; /* monotonic: when it is full; in the past: it is, and its place is free */
};

struct cairn_buckets {
    pthread_mutex_t lock;
    int64_t rate; /* tokens a second */
    int64_t burst;
    struct bucket all[SETS * WAYS];
};

/* ---- life ---- */

struct cairn_buckets *cairn_buckets_open(int64_t rate, int64_t burst)
{
    if (rate == 0)
        return NULL;
    struct cairn_buckets *buckets = cairn_allocate(sizeof *buckets);
    cairn_lock_init(&buckets->lock);
    buckets->rate = rate;
    buckets->burst = burst > 0 ? burst : rate;
    return buckets;
}

void cairn_buckets_close(struct cairn_buckets *buckets)
{
    if (!buckets)
        return;
    cairn_lock_destroy(&buckets->lock);
    free(buckets);
}

/* ---- taking ---- */

/* Returns how long so many tokens take, rounded up. */
static int64_t time_of(const struct cairn_buckets *buckets, int64_t tokens)
{
    return (tokens * SECOND_US + buckets->rate - 1) / buckets->rate;
}

static int64_t seconds(int64_t us)
{
    return us > 0 ? (us + SECOND_US - 1) / SECOND_US : 0;
}

/* Returns the client's bucket, or the one that gives way to it, emptied of its owner. */
static struct bucket *find(struct cairn_buckets *buckets, const struct cairn_client_key *client)
{
    uint64_t set = cairn_hash_span(client->bytes, sizeof client->bytes) % SETS;
    struct bucket *fullest = &buckets->all[set * WAYS];
    for (struct bucket *at = fullest; at < &buckets->all[(set + 1) * WAYS]; at++) {
        if (at->full_us && cairn_client_key_is(&at->client, client))
            return at;
        if (at->full_us < fullest->full_us)
            fullest = at;
    }
    *fullest = (struct bucket){.client = *client};
    return fullest;
}

struct cairn_quota cairn_buckets_take(struct cairn_buckets *buckets,
                                      const struct cairn_client_key *client, int64_t now_us)
{
    int64_t whole_us = time_of(buckets, buckets->burst);
    cairn_lock(&buckets->lock);
    struct bucket *bucket = find(buckets, client);
    int64_t full_us = bucket->full_us > now_us ? bucket->full_us : now_us;
    int64_t after_us = full_us + time_of(buckets, 1);
    bool taken = after_us <= now_us + whole_us;
    bucket->full_us = taken ? after_us : full_us;
    int64_t missing_us = bucket->full_us - now_us;
    cairn_unlock(&buckets->lock);
    return (struct cairn_quota){
        .taken = taken,
        .burst = buckets->burst,
        .window_s = seconds(whole_us),
        .remaining = (whole_us - missing_us) * buckets->rate / SECOND_US,
        .full_in_s = seconds(missing_us),
        .retry_in_s = taken ? 0 : seconds(after_us - now_us - whole_us),
    };
}
