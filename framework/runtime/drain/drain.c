/* drain.c - waits until a process is at the head: looks at the tables again and again. */
#include "runtime/drain/drain.h"

#include "bus/consume/consumers.h"
#include "core/threads/clock.h"
#include "feed/follow/feed_followers.h"
#include "runtime/drain/drain_look.h"

#include <time.h>

#define LOOK_US CAIRN_MILLISECONDS(20) /* between two looks, doubled up to … */
#define LOOK_MAX_US CAIRN_MILLISECONDS(500)
#define PATIENCE_US CAIRN_SECONDS(5) /* what has stopped is tried again meanwhile */

int cairn_drain_check(const struct cairn_service *const services[], struct cairn_error *error)
{
    if (cairn_drain_parts(services) > 0)
        return 0;
    return cairn_fail(error, CAIRN_CONFIG,
                      "--drain: %s has no projections, processes, reactors, publications or"
                      " consumers: there is nothing to work through",
                      services[0]->name);
}

/* Returns whether what the tables do not tell has found nothing to do since then. */
static bool rests(const struct cairn_host *host, int64_t since_us)
{
    return (!host->consumers || cairn_consumers_rested_us(host->consumers) >= since_us) &&
           (!host->feeds || cairn_feed_followers_rested_us(host->feeds) >= since_us);
}

/* Waits for a signal. Returns whether one came. */
static bool stops(const sigset_t *signals, int64_t us)
{
    const struct timespec time = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    return sigtimedwait(signals, NULL, &time) > 0;
}

static int end(struct cairn_drain_look *look, int status)
{
    struct cairn_error error = {0};
    if (status != CAIRN_DRAINED && cairn_drain_look(look, true, &error) < 0)
        cairn_log_error(CAIRN_LOG_ERROR, "how far it has come is not known", &error);
    cairn_log(status == CAIRN_DRAINED_PART ? CAIRN_LOG_ERROR : CAIRN_LOG_INFO,
              status == CAIRN_DRAINED_PART ? "not at the head" : "at the head",
              CAIRN_LOG_INTEGER("behind", look->behind), CAIRN_LOG_INTEGER("failed", look->failed));
    return status;
}

/* All parts were at the head at `settled_us`, and are when what the tables do not tell has looked
 * once more since then. */
static int wait_for_head(const struct cairn_host *host, struct cairn_drain_look *look,
                         const sigset_t *signals)
{
    int64_t begun_us = cairn_monotonic_us();
    int64_t pause_us = LOOK_US;
    int64_t settled_us = 0;
    for (;;) {
        int64_t now_us = cairn_monotonic_us();
        look->patient = now_us - begun_us < PATIENCE_US;
        if (cairn_drain_look(look, false, NULL) < 0 || look->behind > 0)
            settled_us = 0;
        else if (!settled_us)
            settled_us = now_us;
        if (settled_us && rests(host, settled_us))
            return end(look, look->failed ? CAIRN_DRAINED_FAILED : CAIRN_DRAINED);
        if (now_us - begun_us >= CAIRN_SECONDS(host->config->drain_s) || stops(signals, pause_us))
            return end(look, CAIRN_DRAINED_PART);
        pause_us = cairn_earlier_us(2 * pause_us, LOOK_MAX_US);
    }
}

int cairn_drain(struct cairn_host *host, const sigset_t *signals, struct cairn_error *error)
{
    struct cairn_drain_look look = {.services = host->services,
                                    .publishes = host->publisher != NULL};
    int status = cairn_pg_open(host->config->database_url, "drain", &look.pg, error);
    if (!status && host->consumers)
        status = cairn_redis_open(host->config->redis_url, CAIRN_SECONDS(5), &look.redis, error);
    if (!status)
        status = wait_for_head(host, &look, signals);
    cairn_redis_close(look.redis);
    cairn_pg_close(look.pg);
    return status;
}
