/* show_view.c - runs the query of a view and shows its rows. */
#include "cli/show_view.h"

int64_t cairn_cli_show_view(struct cairn_pg *pg, enum cairn_view_name name, const void *value,
                            bool json, struct cairn_error *error)
{
    struct cairn_arena arena = {0};
    const struct cairn_view *view = &cairn_views[name];
    const struct cairn_view_ask ask = {.value = value};
    struct cairn_pg_params params = cairn_view_params(view, &ask, &arena);
    int64_t count = cairn_cli_show(pg, view->sql, &params, json, error);
    cairn_arena_close(&arena);
    return count;
}

int64_t cairn_cli_limit(const struct cairn_cli_options *options)
{
    return options->limit < 0 ? 0 : options->limit;
}
