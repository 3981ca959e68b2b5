/* commands.h - all subcommands of `cairn`. */
#ifndef CAIRN_CLI_COMMANDS_H
#define CAIRN_CLI_COMMANDS_H

#include "cli/cli.h"

extern const struct cairn_cli_command cairn_cli_migrate, cairn_cli_status, cairn_cli_rebuild,
    cairn_cli_rollback, cairn_cli_parked, cairn_cli_streams, cairn_cli_read, cairn_cli_tail,
    cairn_cli_append, cairn_cli_amend, cairn_cli_verify, cairn_cli_export, cairn_cli_import,
    cairn_cli_recover, cairn_cli_processes, cairn_cli_timers, cairn_cli_bus, cairn_cli_completion,
    cairn_cli_new, cairn_cli_servers, cairn_cli_doctor, cairn_cli_dev, cairn_cli_token,
    cairn_cli_trace, cairn_cli_why, cairn_cli_at, cairn_cli_operations, cairn_cli_catalog;

#endif
