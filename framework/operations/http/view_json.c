/* view_json.c - lets PostgreSQL write rows as JSON, and puts views together. */
#include "operations/http/view_json.h"

#include "operations/bus_views.h"

int64_t cairn_view_rows_json(struct cairn_pg *pg, const char *sql,
                             const struct cairn_pg_params *params, bool one,
                             struct cairn_buffer *out, struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    const char *text = cairn_print(out->arena, "select row_to_json(shown) from (%s) shown", sql);
    int64_t count = cairn_pg_call_printed(pg, text, params, &rows, error);
    if (count < 0)
        return count;
    cairn_buffer_text(out, one ? "" : "[");
    for (int64_t i = 0; i < count && (!one || i == 0); i++) {
        cairn_buffer_text(out, i ? "," : "");
        cairn_buffer_text(out, cairn_pg_text(rows, i, 0));
    }
    cairn_buffer_text(out, one ? "" : "]");
    return count;
}

int64_t cairn_status_json(struct cairn_pg *pg, struct cairn_status_sample *sample,
                          struct cairn_buffer *out, struct cairn_error *error)
{
    struct cairn_pg_params params = cairn_status_params(sample);
    cairn_buffer_text(out, "\"store\":");
    int64_t count = cairn_view_rows_json(pg, cairn_status_store_sql, NULL, true, out, error);
    cairn_buffer_text(out, ",\"read_models\":");
    return count < 0
               ? count
               : cairn_view_rows_json(pg, cairn_status_read_models_sql, &params, false, out, error);
}

int64_t cairn_bus_json(const struct cairn_place *place, struct cairn_buffer *out,
                       struct cairn_error *error)
{
    struct cairn_bus_view lists[CAIRN_BUS_LISTS] = {0};
    int64_t count = cairn_bus_views(place, lists, error);
    for (int i = 0; i < CAIRN_BUS_LISTS && count >= 0; i++) {
        cairn_buffer_print(out, "%s\"%s\":", i ? "," : "", lists[i].name);
        count = cairn_view_rows_json(place->pg, lists[i].sql, &lists[i].params,
                                     i == CAIRN_BUS_PUBLISHER, out, error);
    }
    return count;
}
