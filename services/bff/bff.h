/* bff.h - the backend for frontends: what pages and telephones ask, in their shape. */
#ifndef BFF_H
#define BFF_H

#include <cairn/service.h>

extern const struct cairn_service bff_service;

#endif
