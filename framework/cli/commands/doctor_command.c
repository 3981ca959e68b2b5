/* doctor_command.c - `cairn doctor`: checks a machine and an environment. */
#include "cli/commands/commands.h"

#include "cli/doctor/checks.h"

static int run_doctor(const struct cairn_cli_command *command, int argc, char **argv)
{
    struct cairn_cli_options options;
    int status = cairn_cli_options(command, argc, argv, " --json", 1, &options);
    if (status >= 0)
        return status;
    struct cairn_arena arena = {0};
    struct cairn_diagnosis diagnosis = {.arena = &arena};
    struct cairn_config config;
    struct cairn_error wrong = {0};
    (void)cairn_config_check(&config, NULL, &wrong);
    cairn_check_machine(&diagnosis, &config);
    cairn_check_variables(&diagnosis, options.words[0], &wrong);
    cairn_check_port(&diagnosis, options.words[0], &config);
    cairn_check_postgres(&diagnosis, &config);
    cairn_check_redis(&diagnosis, &config);
    cairn_diagnosis_print(&diagnosis, options.json);
    status = cairn_diagnosis_count(&diagnosis, CAIRN_PROBLEM) > 0;
    cairn_arena_close(&arena);
    return status;
}

const struct cairn_cli_command cairn_cli_doctor = {
    .name = "doctor",
    .usage = "doctor [PROGRAM] [--json]",
    .summary = "check the machine and the environment",
    .details =
        "Checks compiler, libraries, limits, the variables of the environment, and the servers that\n"
        "DATABASE_URL and REDIS_URL name: version, schema, rights, settings, clock. One line a finding: ok,\n"
        "warning (it works, but not as it should in production, or not for everything) or problem (a service\n"
        "does not start, or a promise does not hold), with what to do. Ends with 1 if there is a problem.\n"
        "\n"
        "PROGRAM is that of a service: then its own settings are known too, and its port is checked.",
    .example = "cairn doctor build/bin/order",
    .run = run_doctor,
};
