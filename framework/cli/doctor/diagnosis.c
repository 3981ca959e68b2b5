/* diagnosis.c - collects findings and prints them. */
#include "cli/doctor/diagnosis.h"

#include "cli/cli.h"
#include "cli/terminal.h"
#include "core/containers/buffer.h"

#include <stdio.h>

CAIRN_PRINTF(5, 0)
static void add(struct cairn_diagnosis *diagnosis, enum cairn_health health, const char *check,
                const char *advice, const char *format, va_list list)
{
    cairn_grow(diagnosis->arena, diagnosis->symptoms, diagnosis->count, &diagnosis->capacity);
    diagnosis->symptoms[diagnosis->count++] =
        (struct cairn_symptom){.health = health,
                               .check = check,
                               .text = cairn_print_va(diagnosis->arena, format, list),
                               .advice = advice};
}

void cairn_diagnose_good(struct cairn_diagnosis *diagnosis, const char *check, const char *format,
                         ...)
{
    va_list list;
    va_start(list, format);
    add(diagnosis, CAIRN_HEALTHY, check, NULL, format, list);
    va_end(list);
}

void cairn_diagnose_warning(struct cairn_diagnosis *diagnosis, const char *check,
                            const char *advice, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    add(diagnosis, CAIRN_WARNING, check, advice, format, list);
    va_end(list);
}

void cairn_diagnose_problem(struct cairn_diagnosis *diagnosis, const char *check,
                            const char *advice, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    add(diagnosis, CAIRN_PROBLEM, check, advice, format, list);
    va_end(list);
}

size_t cairn_diagnosis_count(const struct cairn_diagnosis *diagnosis, enum cairn_health health)
{
    size_t count = 0;
    for (size_t i = 0; i < diagnosis->count; i++)
        count += diagnosis->symptoms[i].health == health;
    return count;
}

/* ---- printing ---- */

static const struct {
    const char *name;
    enum cairn_colour colour;
} healths[] = {
    [CAIRN_HEALTHY] = {"ok", CAIRN_GREEN},
    [CAIRN_WARNING] = {"warning", CAIRN_YELLOW},
    [CAIRN_PROBLEM] = {"problem", CAIRN_RED},
};

static void print_json(struct cairn_arena *arena, const struct cairn_symptom *symptom)
{
    struct cairn_buffer out = cairn_buffer(arena);
    cairn_buffer_print(&out, "{\"health\":\"%s\",\"check\":", healths[symptom->health].name);
    cairn_buffer_json(&out, symptom->check);
    cairn_buffer_text(&out, ",\"finding\":");
    cairn_buffer_json(&out, symptom->text);
    cairn_buffer_text(&out, ",\"advice\":");
    cairn_buffer_json(&out, symptom->advice);
    (void)printf("%s}\n", out.text);
}

static void print_line(struct cairn_arena *arena, const struct cairn_symptom *symptom, bool colours)
{
    (void)printf("%s%-7s%s  %s: %s", cairn_colour_on(healths[symptom->health].colour, colours),
                 healths[symptom->health].name, cairn_colour_off(colours), symptom->check,
                 cairn_cli_visible(arena, symptom->text));
    if (symptom->advice)
        (void)printf("; %s", cairn_cli_visible(arena, symptom->advice));
    (void)printf("\n");
}

static void print_sum(const struct cairn_diagnosis *diagnosis)
{
    size_t problems = cairn_diagnosis_count(diagnosis, CAIRN_PROBLEM);
    size_t warnings = cairn_diagnosis_count(diagnosis, CAIRN_WARNING);
    (void)printf("\n%zu problem%s, %zu warning%s\n", problems, problems == 1 ? "" : "s", warnings,
                 warnings == 1 ? "" : "s");
}

void cairn_diagnosis_print(const struct cairn_diagnosis *diagnosis, bool json)
{
    bool colours = cairn_terminal_has_colours();
    for (size_t i = 0; i < diagnosis->count; i++) {
        if (json)
            print_json(diagnosis->arena, &diagnosis->symptoms[i]);
        else
            print_line(diagnosis->arena, &diagnosis->symptoms[i], colours);
    }
    if (!json)
        print_sum(diagnosis);
}
