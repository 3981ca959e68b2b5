/* health.h - what a process says of itself: /healthz, /readyz, /metrics, /openapi.json. */
#ifndef CAIRN_RUNTIME_HEALTH_H
#define CAIRN_RUNTIME_HEALTH_H

#include "bus/publisher.h"
#include "http/http.h"
#include "process/engine.h"
#include "projection/projector.h"
#include "runtime/worker.h"

#include <stdatomic.h>

/* What readiness depends on; the parts may be NULL. */
struct cairn_health {
    const char *service;
    struct cairn_projector *projector;
    struct cairn_publisher *publisher;
    struct cairn_engine *engine;
    const struct cairn_service *const *services;
    const char *openapi; /* the document, written once at start */
    atomic_bool leaving; /* it works still, and whoever can should go elsewhere */
};

/* 200 while the process runs. */
void cairn_health_alive(const struct cairn_health *health, struct cairn_http_request *request,
                        struct cairn_http_response *response);

/* 200 when it can do its work: the database answers with the schema this binary was made for,
 * projections follow, read models can be asked, and it is not about to stop; else 503 and why. */
void cairn_health_ready(const struct cairn_health *health, struct cairn_worker *worker,
                        struct cairn_http_request *request, struct cairn_http_response *response);

/* The OpenAPI document of the services. */
void cairn_health_openapi(const struct cairn_health *health, struct cairn_http_request *request,
                          struct cairn_http_response *response);

/* Prometheus' text format. */
void cairn_health_metrics(const struct cairn_health *health, struct cairn_http_request *request,
                          struct cairn_http_response *response);

#endif
