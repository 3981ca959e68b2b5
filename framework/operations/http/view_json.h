/* view_json.h - what operators see as JSON: PostgreSQL writes the rows of a query. */
#ifndef CAIRN_OPERATIONS_VIEW_JSON_H
#define CAIRN_OPERATIONS_VIEW_JSON_H

#include "operations/operate.h"
#include "operations/status_views.h"

/* Appends the rows of a query: as a list, or the first one, as an object. Returns how many, or an
 * error that postgres.h lists. */
int64_t cairn_view_rows_json(struct cairn_pg *pg, const char *sql,
                             const struct cairn_pg_params *params, bool one,
                             struct cairn_buffer *out, struct cairn_error *error) CAIRN_CHECKED;

/* Appends "store": {…}, "read_models": […], with rates since the sample. */
int64_t cairn_status_json(struct cairn_pg *pg, struct cairn_status_sample *sample,
                          struct cairn_buffer *out, struct cairn_error *error) CAIRN_CHECKED;

/* Appends "publisher": {…}, "streams": […], "groups": […]. */
int64_t cairn_bus_json(const struct cairn_place *place, struct cairn_buffer *out,
                       struct cairn_error *error) CAIRN_CHECKED;

#endif
