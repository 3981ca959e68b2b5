/* fuzz_import.c - files of `cairn export`, line by line. A line that is read and intact is
 * identical, byte for byte, to what export would have written. */
#include "fuzz.h"

#include "cli/commands/log/export_line.h"

#include <string.h>

/* Writes the line again from what was read, and compares. */
static void expect_as_written(const struct cairn_line *line, const char *original, size_t length,
                              uint64_t before, struct cairn_arena *arena)
{
    struct cairn_buffer out = cairn_buffer(arena);
    uint64_t sum = before;
    if (line->kind == CAIRN_LINE_HEADER && line->format == CAIRN_LINE_FORMAT)
        cairn_line_put_header(&out, &line->header, &sum);
    else if (line->kind == CAIRN_LINE_EVENT)
        cairn_line_put_event(&out, &line->event, &sum);
    else if (line->kind == CAIRN_LINE_AMENDMENT)
        cairn_line_put_amendment(&out, &line->amendment, &sum);
    else if (line->kind == CAIRN_LINE_TRAILER)
        cairn_line_put_trailer(&out, line->events, &sum);
    else
        return;
    expect(out.length == length + 1 && memcmp(out.text, original, length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cairn_arena arena = {0};
    uint64_t sum = 0;
    char *text = text_of(data, size);
    for (char *at = text; at < text + size;) {
        size_t length = strcspn(at, "\n");
        char *original = text_of((const uint8_t *)at, length);
        char *mine = text_of((const uint8_t *)at, length);
        struct cairn_line line = {0};
        uint64_t before = sum;
        cairn_line_read(mine, length, &sum, &line);
        if (line.intact)
            expect_as_written(&line, original, length, before, &arena);
        free(original);
        free(mine);
        at += length + 1;
    }
    free(text);
    cairn_arena_close(&arena);
    return 0;
}
