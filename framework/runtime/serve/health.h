/* health.h - reports the state of a process: /healthz, /readyz, /metrics, /openapi.json. */
#ifndef CAIRN_RUNTIME_HEALTH_H
#define CAIRN_RUNTIME_HEALTH_H

#include "bus/publish/publisher.h"
#include "http/http.h"
#include "identity/identity.h"
#include "process/engine.h"
#include "projection/projector.h"
#include "runtime/serve/service_worker.h"

#include <cairn/policy.h>

#include <stdatomic.h>

/* The state that readiness depends on; the parts may be NULL. */
struct cairn_health {
    const char *service;
    struct cairn_projector *projector;
    struct cairn_publisher *publisher;
    struct cairn_engine *engine;
    struct cairn_identity *identity; /* NULL where services do not authenticate */
    const struct cairn_service *const *services;
    const char *openapi; /* the document, written once at start */
    const struct cairn_allow
        *details;        /* callers that are told more than whether it is ready; NULL: anyone */
    atomic_bool leaving; /* still serves requests, but load balancers should stop sending any */
};

/* Answers 200 while the process runs. */
void cairn_health_alive(const struct cairn_health *health, struct cairn_http_request *request,
                        struct cairn_http_response *response);

/* Answers 200 when the process can do its work: the database has the schema this binary was made
 * for, projections follow, read models can be queried, and it is not about to stop; else 503.
 * Load balancers have no token: callers whom `details` does not admit learn nothing more. */
void cairn_health_ready(const struct cairn_health *health, struct cairn_worker *worker,
                        struct cairn_http_request *request, struct cairn_http_response *response);

/* Answers with the OpenAPI document of the services. */
void cairn_health_openapi(const struct cairn_health *health, struct cairn_http_request *request,
                          struct cairn_http_response *response);

/* Answers in Prometheus' text format, or in OpenMetrics where Accept prefers it. Both have what the
 * kernel counts of the process, too. */
void cairn_health_metrics(const struct cairn_health *health, struct cairn_http_request *request,
                          struct cairn_http_response *response);

#endif
