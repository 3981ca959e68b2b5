/* find.c - finds a projection of a process' services by its name. */
#include "projection/find.h"

#include <string.h>

const struct cairn_projection *cairn_projection_find(const struct cairn_service *const services[],
                                                     const char *name)
{
    for (size_t i = 0; services[i]; i++) {
        for (int k = 0; k < CAIRN_SERVICE_MAX && services[i]->projections[k]; k++) {
            if (strcmp(services[i]->projections[k]->name, name) == 0)
                return services[i]->projections[k];
        }
    }
    return NULL;
}
