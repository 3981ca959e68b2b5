/* find.h - finds a projection of a process' services by its name. */
#ifndef CAIRN_PROJECTION_FIND_H
#define CAIRN_PROJECTION_FIND_H

#include <cairn/service.h>

/* Returns the projection of one of these services (NULL-terminated), or NULL. */
const struct cairn_projection *cairn_projection_find(const struct cairn_service *const services[],
                                                     const char *name);

#endif
