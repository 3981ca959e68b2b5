/* query.h - public interface of the query service: its URLs. */
#ifndef QUERY_H
#define QUERY_H

#include <cairn/service.h>

/* Ends with a zeroed row. */
extern const struct cairn_resource shop_resources[];
extern const struct cairn_service query_service;

#endif
