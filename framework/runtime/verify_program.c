/* verify_program.c - compares the read models of a process' services with the log, for a user or a
 * script. */
#include "runtime/verify_program.h"

#include "core/containers/arena.h"
#include "core/containers/buffer.h"
#include "projection/verify/verify_rows.h"

#include <string.h>
#include <sysexits.h>

/* ---- the command line ---- */

struct wanted {
    const char *name; /* NULL: all */
    bool json;
};

static bool read_arguments(int argc, char **argv, struct wanted *ret)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            ret->json = true;
        else if (argv[i][0] == '-' || ret->name)
            return false;
        else
            ret->name = argv[i];
    }
    return true;
}

/* ---- output ---- */

static void print_lines(const struct cairn_difference *difference)
{
    (void)printf("%s in %s %s\n", difference->key, difference->store, difference->what);
    if (difference->position)
        (void)printf("    last touched by event %" PRId64 ", %s of %s\n", difference->position,
                     difference->type, difference->stream);
}

static void add_member(struct cairn_buffer *out, const char *name, const char *value)
{
    cairn_buffer_print(out, ",\"%s\":", name);
    cairn_buffer_json(out, value);
}

static void print_json(const struct cairn_difference *difference)
{
    struct cairn_arena arena = {0};
    struct cairn_buffer out = cairn_buffer(&arena);
    cairn_buffer_text(&out, "{\"key\":");
    cairn_buffer_json(&out, difference->key);
    add_member(&out, "store", difference->store);
    add_member(&out, "difference", difference->what);
    cairn_buffer_print(&out, ",\"position\":%" PRId64, difference->position);
    add_member(&out, "type", difference->type);
    add_member(&out, "stream", difference->stream);
    (void)printf("%s}\n", out.text);
    cairn_arena_close(&arena);
}

static void on_difference(void *context, const struct cairn_difference *difference)
{
    const struct wanted *wanted = context;
    if (wanted->json)
        print_json(difference);
    else
        print_lines(difference);
}

static void summarise_json(const struct cairn_verify *verify)
{
    struct cairn_arena arena = {0};
    struct cairn_buffer out = cairn_buffer(&arena);
    cairn_buffer_print(&out,
                       "{\"read_model\":\"%s\",\"generation\":%" PRId64 ",\"position\":%" PRId64
                       ",\"rows\":%" PRId64 ",\"differences\":%" PRId64 ",\"parked\":%" PRId64
                       ",\"copied\":%" PRId64 ",\"copy_differences\":%" PRId64,
                       verify->projection->name, verify->generation, verify->position, verify->rows,
                       verify->differences, verify->parked, verify->copied,
                       verify->copy_differences);
    add_member(&out, "copy_problem", verify->copy_problem);
    (void)printf("%s}\n", out.text);
    cairn_arena_close(&arena);
}

static void summarise(const struct cairn_verify *verify)
{
    (void)printf("%s g%" PRId64 " at position %" PRId64 ": %" PRId64 " rows, %" PRId64 " differ; ",
                 verify->projection->name, verify->generation, verify->position, verify->rows,
                 verify->differences);
    if (!verify->redis_url)
        (void)printf("no copy");
    else if (verify->copy_problem[0])
        (void)printf("the copy could not be fully compared: %s", verify->copy_problem);
    else
        (void)printf("%" PRId64 " rows in Redis, %" PRId64 " differ", verify->copied,
                     verify->copy_differences);
    if (verify->parked)
        (void)printf("; %" PRId64 " keys are parked and were not compared: see cairn parked %s",
                     verify->parked, verify->projection->name);
    (void)printf("\n");
}

/* ---- the comparisons, one after the other ---- */

static int exit_status(const char *name, const struct cairn_error *error)
{
    (void)fprintf(stderr, "verify %s: %s\n", name, error->message);
    if (error->code == CAIRN_CONFIG)
        return EX_USAGE;
    return error->code == CAIRN_UNAVAILABLE || error->code == CAIRN_BUSY ? EX_UNAVAILABLE : 1;
}

static int verify_one(const struct cairn_config *config, const struct cairn_projection *projection,
                      struct wanted *wanted)
{
    struct cairn_error error = {0};
    struct cairn_progress progress;
    struct cairn_verify verify = {
        .projection = projection,
        .database_url = config->database_url,
        .redis_url = *config->redis_url ? config->redis_url : NULL,
        .memory_bytes = (size_t)config->verify_mib * 1048576,
        .differs = on_difference,
        .context = wanted,
        .progress = &progress,
    };
    if (cairn_projection_verify(&verify, &error) < 0)
        return exit_status(projection->name, &error);
    if (wanted->json)
        summarise_json(&verify);
    else
        summarise(&verify);
    return verify.differences || verify.copy_differences || verify.copy_problem[0] ? 1 : 0;
}

int cairn_host_verify(const struct cairn_config *config,
                      const struct cairn_service *const services[], int argc, char **argv)
{
    struct wanted wanted = {0};
    bool found = false;
    int worst = 0;
    if (!read_arguments(argc, argv, &wanted)) {
        (void)fprintf(stderr, "Usage: verify [NAME] [--json]\n");
        return EX_USAGE;
    }
    for (size_t i = 0; services[i]; i++) {
        for (int k = 0; k < CAIRN_SERVICE_MAX && services[i]->projections[k]; k++) {
            const struct cairn_projection *projection = services[i]->projections[k];
            if (wanted.name && strcmp(wanted.name, projection->name) != 0)
                continue;
            found = true;
            int status = verify_one(config, projection, &wanted);
            worst = status > worst ? status : worst;
        }
    }
    if (found)
        return worst;
    (void)fprintf(stderr, "verify: this binary has no read model %s\n",
                  wanted.name ? wanted.name : "at all");
    return EX_USAGE;
}
