/* projector.h - the projector service: keeps the shop's read models up to date. */
#ifndef PROJECTOR_H
#define PROJECTOR_H

#include <cairn/service.h>

extern const struct cairn_service projector_service;

#endif
