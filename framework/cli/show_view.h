/* show_view.h - shows a view of operations/views.h as a table or as JSON lines. */
#ifndef CAIRN_CLI_SHOW_VIEW_H
#define CAIRN_CLI_SHOW_VIEW_H

#include "cli/cli.h"
#include "operations/views.h"

/* Shows a view; `value` is a struct of what it asks for, or NULL. Returns the
 * number of rows. */
int64_t cairn_cli_show_view(struct cairn_pg *pg, enum cairn_view_name name, const void *value,
                            bool json, struct cairn_error *error) CAIRN_CHECKED;

/* Returns the value of --limit; 0: it is not given. */
int64_t cairn_cli_limit(const struct cairn_cli_options *options);

#endif
