/* thing_service.h - the thing service, for its program and for tests over HTTP. */
#ifndef THING_SERVICE_H
#define THING_SERVICE_H

#include <cairn/service.h>

extern const struct cairn_service thing_service;

#endif
