/* log_follower.h - follows the log: threads that wait for new events are woken when there are some,
 * and send no queries while there are none.
 *
 * A follower has a thread and one connection that listens. Appenders send notifications
 * (notifier.h), which are only hints, because any session may send one: the head that is returned
 * has been read from the log. A notification may be lost, and appends made in psql send none, so
 * the thread also reads the head every second, and at once on every new connection.
 *
 * One follower is enough for a process, whatever the number of threads that wait.
 *
 * Threads: any thread may wait; one opens, stops and closes. */
#ifndef CAIRN_STORE_LOG_FOLLOWER_H
#define CAIRN_STORE_LOG_FOLLOWER_H

#include <cairn/error.h>

struct cairn_follower;

/* Begins to follow. An unreachable database is not an error here: cairn_follower_wait() reports it.
 * Returns 0, or -CAIRN_CONFIG if the URL is malformed or no more threads can be created. */
int cairn_follower_open(const char *url, const char *label, struct cairn_follower **ret,
                        struct cairn_error *error) CAIRN_CHECKED;

/* Ends all current waits, as if their time were up. */
void cairn_follower_wake(struct cairn_follower *follower);

/* Ends all waits at once, current and later ones. */
void cairn_follower_stop(struct cairn_follower *follower);

/* No thread may wait any more. NULL is fine. */
void cairn_follower_close(struct cairn_follower *follower);

/* Returns the head of the log as soon as it is beyond `seen`, or the current one at `until_us`
 * (monotonic), or on a wake or stop. With INT64_MAX as `seen` only the time is waited for; below 0,
 * as an earlier wait may have returned, nothing was seen. Or
 *   -CAIRN_UNAVAILABLE  the head is not known: the database is not reachable
 * or another error of reading it. After the store was restored to an older state the head is lower
 * than before. */
int64_t cairn_follower_wait(struct cairn_follower *follower, int64_t seen, int64_t until_us,
                            struct cairn_error *error) CAIRN_CHECKED;

/* The same for a thread that has other work between two waits, and must not miss a wake meanwhile:
 * a wake ends the wait if it came after cairn_follower_wakes() returned `woken`. */
int64_t cairn_follower_wakes(struct cairn_follower *follower);
int64_t cairn_follower_wait_since(struct cairn_follower *follower, int64_t seen, int64_t woken,
                                  int64_t until_us, struct cairn_error *error) CAIRN_CHECKED;

#endif
