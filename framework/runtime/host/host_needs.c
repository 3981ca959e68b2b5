/* host_needs.c - tells from what its services list what a process needs. */
#include "runtime/host/host_parts.h"
#include "runtime/serve/operators/operators.h"

size_t cairn_host_service_count(const struct cairn_host *host)
{
    size_t count = 0;
    while (host->services[count])
        count++;
    return count;
}

bool cairn_host_decides(const struct cairn_host *host)
{
    for (size_t i = 0; host->services[i]; i++) {
        if (host->services[i]->deciders[0])
            return true;
    }
    return false;
}

bool cairn_host_reads_log(const struct cairn_host *host)
{
    for (size_t i = 0; host->services[i]; i++) {
        if (host->services[i]->projections[0] || host->services[i]->publishes ||
            host->services[i]->log)
            return true;
    }
    return cairn_host_decides(host) || cairn_engine_is_wanted(host->services) ||
           cairn_operators_wanted(host->services);
}

bool cairn_host_sends_commands(const struct cairn_host *host)
{
    bool consumes = false;
    for (size_t i = 0; host->services[i]; i++)
        consumes = consumes || host->services[i]->consumers[0];
    return consumes || cairn_engine_is_wanted(host->services);
}
