/* cluster.h - a cluster of three PostgreSQL nodes under Patroni (deploy/ha), as tests use it. Any
 * failure fails the calling test. */
#ifndef TEST_CLUSTER_H
#define TEST_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>

struct cluster {
    char directory[300];
};

/* Starts the cluster: "synchronous" or "asynchronous". */
void cluster_open(struct cluster *ret, const char *mode);
/* Ends it, and removes its data. NULL in `directory`: nothing was opened. */
void cluster_close(struct cluster *cluster);

/* Writes how a role reaches the database: by "proxy", "hosts" or "replica". */
void cluster_url(const struct cluster *cluster, const char *role, const char *way, char *ret,
                 size_t size);

/* Returns the number of the primary, 0 while no node is. */
int cluster_primary(const struct cluster *cluster);

/* tests/ha/strike says what faults there are. Returns whether it was done. */
bool cluster_strike(const struct cluster *cluster, const char *fault, int node);
bool cluster_can(const struct cluster *cluster, const char *fault);
/* Waits until all nodes are there and follow one primary. */
void cluster_heal(const struct cluster *cluster);

#endif
