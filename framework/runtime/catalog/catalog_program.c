/* catalog_program.c - prints the catalogue of a program's system. */
#include "runtime/catalog/catalog.h"

#include "core/containers/arena.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

int cairn_catalog_print(const struct cairn_service *const services[], int argc, char **argv)
{
    bool json = argc == 2 && strcmp(argv[1], "--json") == 0;
    if (argc > 1 && !json) {
        (void)fprintf(stderr, "Usage: catalog [--json]\n");
        return EX_USAGE;
    }
    struct cairn_arena arena = {0};
    struct cairn_catalog catalog;
    struct cairn_buffer out = cairn_buffer(&arena);
    cairn_catalog_collect(services, &arena, &catalog);
    if (json) {
        cairn_catalog_json(&catalog, &out);
        cairn_buffer_char(&out, '\n');
    } else {
        cairn_catalog_markdown(&catalog, &out);
    }
    (void)fputs(out.text, stdout);
    cairn_arena_close(&arena);
    return 0;
}
