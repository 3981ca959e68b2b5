/* lie.c - makes evidence of a true story and one lie, and has the checker judge it. */
#include "lie.h"

#include "../../support/support.h"

#include <string.h>

/* Parses one text as JSON: outside of '...' both ' and ` are ", inside of it ` is \". */
static json_t *parse(const char *text)
{
    char json[8192];
    size_t used = 0;
    bool inside = false;
    for (; *text; text++) {
        assert_true(used + 3 < sizeof json);
        if (*text == '\'')
            inside = !inside;
        if (*text == '`' && inside)
            json[used++] = '\\';
        json[used++] = *text == '\'' || *text == '`' ? '"' : *text;
    }
    json[used] = '\0';
    json_error_t why;
    json_t *parsed = json_loads(json, JSON_DECODE_ANY, &why);
    if (!parsed)
        fail_msg("%s in %s", why.text, json);
    return parsed;
}

static json_t *parse_all(const char *const lines[])
{
    json_t *all = json_array();
    for (; *lines; lines++)
        assert_int_equal(json_array_append_new(all, parse(*lines)), 0);
    return all;
}

static void print_lie(const struct lie *lie, json_t *array)
{
    switch (lie->how) {
    case SETS:
        assert_true(lie->line >= 1 && lie->line <= json_array_size(array));
        assert_int_equal(json_object_set_new(json_array_get(array, lie->line - 1), lie->member,
                                             parse(lie->value)),
                         0);
        return;
    case REMOVES:
        assert_int_equal(json_array_remove(array, lie->line - 1), 0);
        return;
    case ADDS:
        assert_int_equal(json_array_append_new(array, parse(lie->value)), 0);
        return;
    }
}

struct verdict lie_judge(const struct true_story *story, const struct lie *lie)
{
    struct evidence evidence;
    struct verdict verdict = {0};
    json_t *files[] = {parse_all(story->history),     parse_all(story->log),
                       parse_all(story->rows),        parse_all(story->bus),
                       parse_all(story->generations), parse_all(story->tags)};
    if (lie)
        print_lie(lie, files[lie->file]);
    evidence_take(&evidence, &(struct evidence_files){files[HISTORY], files[LOG_FILE], files[ROWS],
                                                      files[BUS], files[GENERATIONS], files[TAGS]});
    story->check(&evidence, &verdict);
    evidence_close(&evidence);
    return verdict;
}

void lies_are_found(const struct true_story *story, const struct lie *lies, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct verdict verdict = lie_judge(story, &lies[i]);
        if (verdict_names(&verdict, lies[i].rule))
            continue;
        verdict_print(&verdict, stderr);
        fail_msg("the rule \"%s\" did not notice: %s", lies[i].rule, lies[i].sentence);
    }
}

void lies_are_for_all(const char *const rules[], const struct lie *lies, size_t count)
{
    for (; *rules; rules++) {
        bool has_one = false;
        for (size_t i = 0; i < count; i++)
            has_one = has_one || strcmp(lies[i].rule, *rules) == 0;
        if (!has_one)
            fail_msg("no lie is there for the rule \"%s\"", *rules);
    }
}
