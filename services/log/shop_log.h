/* shop_log.h - the service that shows the shop's log over HTTP. */
#ifndef SHOP_LOG_H
#define SHOP_LOG_H

#include <cairn/service.h>

extern const struct cairn_service log_service;

#endif
