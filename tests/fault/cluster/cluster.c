/* cluster.c - runs deploy/ha/cluster and tests/ha/strike on a cluster of the test's own. */
#include "cluster.h"

#include "../../support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Runs a command with the cluster's directory in its environment; what it prints is in `ret`.
 * Returns its status. */
static int run(const struct cluster *cluster, const char *command, char *ret, size_t size)
{
    char line[1200];
    (void)snprintf(line, sizeof line, "cd '%s' && CAIRN_HA_DIR='%s' CAIRN_BUILD='%s' %s </dev/null",
                   getenv("CAIRN_TEST_ROOT"), cluster->directory, getenv("CAIRN_TEST_BUILD"),
                   command);
    FILE *pipe = popen(line, "re");
    assert_non_null(pipe);
    size_t length = fread(ret, 1, size - 1, pipe);
    ret[length] = '\0';
    ret[strcspn(ret, "\n")] = '\0';
    return pclose(pipe);
}

void cluster_open(struct cluster *ret, const char *mode)
{
    char command[300];
    char said[300];
    (void)snprintf(ret->directory, sizeof ret->directory, "%.200s/ha/%s",
                   getenv("CAIRN_TEST_SERVERS"), mode);
    (void)snprintf(command, sizeof command,
                   "sh -c 'install -d -m 711 \"${CAIRN_HA_DIR%%/*}\" && exec env CAIRN_HA_MODE=%s"
                   " CAIRN_HA_DISK=600m deploy/ha/cluster up'",
                   mode);
    if (run(ret, command, said, sizeof said) != 0)
        fail_msg("the cluster does not start");
    print_message("%s\n", said);
}

void cluster_close(struct cluster *cluster)
{
    char said[300];
    if (cluster->directory[0])
        (void)run(cluster, "deploy/ha/cluster down --clean", said, sizeof said);
    cluster->directory[0] = '\0';
}

void cluster_url(const struct cluster *cluster, const char *role, const char *way, char *ret,
                 size_t size)
{
    char command[200];
    (void)snprintf(command, sizeof command, "deploy/ha/cluster url %s %s", role, way);
    assert_int_equal(run(cluster, command, ret, size), 0);
}

int cluster_primary(const struct cluster *cluster)
{
    char said[300];
    return run(cluster, "deploy/ha/cluster primary", said, sizeof said) == 0 ? atoi(said) : 0;
}

bool cluster_strike(const struct cluster *cluster, const char *fault, int node)
{
    char command[200];
    char said[300];
    (void)snprintf(command, sizeof command, "tests/ha/strike %s %d", fault, node);
    return run(cluster, command, said, sizeof said) == 0;
}

bool cluster_can(const struct cluster *cluster, const char *fault)
{
    char command[200];
    char said[300];
    (void)snprintf(command, sizeof command, "tests/ha/strike possible %s", fault);
    return run(cluster, command, said, sizeof said) == 0;
}

/* Copies what the parts of the cluster said to the build's directory. */
static void keep_logs(const struct cluster *cluster)
{
    char said[300];
    if (run(cluster,
            "sh -c 'rm -rf \"$CAIRN_BUILD/ha-log\" && cp -r \"$CAIRN_HA_DIR/log\""
            " \"$CAIRN_BUILD/ha-log\"'",
            said, sizeof said) == 0)
        print_message("the logs of the cluster are kept in %s/ha-log\n",
                      getenv("CAIRN_TEST_BUILD"));
}

void cluster_heal(const struct cluster *cluster)
{
    char said[300];
    if (run(cluster, "tests/ha/strike heal", said, sizeof said) == 0)
        return;
    keep_logs(cluster);
    fail_msg("the cluster does not heal");
}
