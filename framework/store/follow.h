/* follow.h - following the log: whoever waits for new events is woken when there are some, and asks
 * the database nothing while there are none.
 *
 * A follower has a thread and one connection that listens. Who appends tells by a notification
 * (notify.h); it is a hint and no more, because anybody may send one: the head that is given out
 * has been read from the log. A notification may be lost, and people append in psql without sending
 * any, so the thread also looks by itself every second, and at once on every new connection.
 *
 * One follower is enough for a process, whatever the number of threads that wait.
 *
 * Threads: any thread may wait; one opens, stops and closes. */
#ifndef CAIRN_STORE_FOLLOW_H
#define CAIRN_STORE_FOLLOW_H

#include <cairn/error.h>

struct cairn_follower;

/* Begins to follow. A database that is away is no failure here: waiting tells. Returns 0, or
 * -CAIRN_CONFIG if the URL makes no sense or there can be no more threads. */
int cairn_follower_open(const char *url, const char *label, struct cairn_follower **ret,
                        struct cairn_error *error) CAIRN_CHECKED;

/* Everybody who waits now goes on, as if the time were over. */
void cairn_follower_wake(struct cairn_follower *follower);

/* Everybody who waits goes on at once, now and from now on. */
void cairn_follower_stop(struct cairn_follower *follower);

/* Nobody may wait any more. NULL is fine. */
void cairn_follower_close(struct cairn_follower *follower);

/* Returns the head of the log as soon as it is beyond `seen`, or what it is at `until_us`
 * (monotonic), or when it is time to stop. INT64_MAX as `seen` waits for the time alone.
 *   -CAIRN_UNAVAILABLE  it is not known: the database is away
 * or what else came of asking for it. A store that was taken back to an older state has a head that
 * is lower than before. */
int64_t cairn_follower_wait(struct cairn_follower *follower, int64_t seen, int64_t until_us,
                            struct cairn_error *error) CAIRN_CHECKED;

#endif
