/* catalog_markdown.c - writes a catalogue as a page of Markdown, with a picture in Mermaid. */
#include "runtime/catalog/catalog.h"

#include <string.h>

static void heading(struct cairn_buffer *out, const char *title, const char *columns)
{
    cairn_buffer_print(out, "\n## %s\n\n%s\n", title, columns);
    for (const char *at = columns; *at; at++)
        cairn_buffer_text(out, *at == '|' ? (at[1] ? "|---" : "|\n") : "");
}

/* A text in a cell of a table. */
static void cell(struct cairn_buffer *out, const char *text)
{
    cairn_buffer_text(out, "| ");
    for (; text && *text; text++) {
        if (*text == '|')
            cairn_buffer_char(out, '\\');
        cairn_buffer_char(out, *text);
    }
    cairn_buffer_char(out, ' ');
}

static void code_cell(struct cairn_buffer *out, const char *text)
{
    cell(out, text ? cairn_print(out->arena, "`%s`", text) : NULL);
}

/* ---- the picture ---- */

static bool is_first_of_category(const struct cairn_catalog *catalog, size_t index)
{
    const char *category = catalog->events[index].events->category;
    for (size_t i = 0; i < index; i++) {
        if (strcmp(catalog->events[i].events->category, category) == 0)
            return false;
    }
    return true;
}

/* An arrow for the events of a category that a handler handles, with their names. */
static void add_arrow(const struct cairn_catalog *catalog, const char *category, size_t handler,
                      struct cairn_buffer *out)
{
    struct cairn_buffer types = cairn_buffer(out->arena);
    for (size_t i = 0; i < catalog->event_count; i++) {
        const struct cairn_catalog_event *at = &catalog->events[i];
        if (strcmp(at->events->category, category) != 0 ||
            !cairn_catalog_handles(&catalog->handlers[handler], at))
            continue;
        cairn_buffer_text(&types, types.length ? "<br>" : "");
        cairn_buffer_text(&types, at->type->name);
    }
    if (types.length)
        cairn_buffer_print(out, "    c_%s -- \"%s\" --> h%zu\n", category, types.text, handler);
}

static void add_handler_node(const struct cairn_catalog_handler *handler, size_t number,
                             struct cairn_buffer *out)
{
    bool is_table = strcmp(handler->kind, "read model") == 0;
    cairn_buffer_print(out, "    h%zu%s\"%s<br>%s\"%s\n", number, is_table ? "[(" : "([",
                       handler->kind, handler->name, is_table ? ")]" : "])");
}

static void add_picture(const struct cairn_catalog *catalog, struct cairn_buffer *out)
{
    cairn_buffer_text(out, "\n```mermaid\nflowchart LR\n");
    for (size_t i = 0; i < catalog->event_count; i++) {
        const char *category = catalog->events[i].events->category;
        if (is_first_of_category(catalog, i))
            cairn_buffer_print(out, "    c_%s[\"%s\"]\n", category, category);
    }
    for (size_t k = 0; k < catalog->handler_count; k++) {
        const struct cairn_catalog_handler *handler = &catalog->handlers[k];
        add_handler_node(handler, k, out);
        for (size_t i = 0; i < catalog->event_count; i++) {
            if (is_first_of_category(catalog, i))
                add_arrow(catalog, catalog->events[i].events->category, k, out);
        }
        for (size_t i = 0; handler->sends && handler->sends[i]; i++)
            cairn_buffer_print(out, "    h%zu -. commands .-> c_%s\n", k,
                               handler->sends[i]->category);
    }
    cairn_buffer_text(out, "```\n");
}

/* ---- tables ---- */

static void add_events(const struct cairn_catalog *catalog, struct cairn_buffer *out)
{
    heading(out, "Events", "| event | version | stream | decided by | handled by | fields |");
    for (size_t i = 0; i < catalog->event_count; i++) {
        const struct cairn_catalog_event *at = &catalog->events[i];
        struct cairn_buffer by = cairn_buffer(out->arena);
        struct cairn_buffer fields = cairn_buffer(out->arena);
        for (size_t k = 0; k < catalog->handler_count; k++) {
            if (cairn_catalog_handles(&catalog->handlers[k], at))
                cairn_buffer_print(&by, "%s%s %s", by.length ? ", " : "", catalog->handlers[k].kind,
                                   catalog->handlers[k].name);
        }
        for (uint32_t k = 0; k < at->type->record->count; k++)
            cairn_buffer_print(&fields, "%s%s", k ? ", " : "", at->type->record->fields[k].name);
        code_cell(out, at->type->name);
        cell(out, cairn_print(out->arena, "%d", at->type->schema_version));
        cell(out, at->events->category);
        cell(out, at->service ? at->service->name : "");
        cell(out, by.text);
        cell(out, fields.text);
        cairn_buffer_text(out, "|\n");
    }
}

static void add_routes(const struct cairn_catalog *catalog, struct cairn_buffer *out)
{
    heading(out, "Commands and routes", "| service | route | | for | |");
    for (size_t i = 0; i < catalog->route_count; i++) {
        const struct cairn_catalog_route *at = &catalog->routes[i];
        cell(out, at->service->name);
        code_cell(out, at->route);
        cell(out, at->name ? cairn_print(out->arena, "%s `%s`", at->kind, at->name) : at->kind);
        cell(out, cairn_catalog_policy(at->allow, out->arena));
        cell(out, at->help);
        cairn_buffer_text(out, "|\n");
    }
}

static void add_handlers(const struct cairn_catalog *catalog, struct cairn_buffer *out)
{
    heading(out, "Read models, processes, reactors, consumers", "| | name | service | |");
    for (size_t i = 0; i < catalog->handler_count; i++) {
        const struct cairn_catalog_handler *at = &catalog->handlers[i];
        cell(out, at->kind);
        code_cell(out, at->name);
        cell(out, at->service->name);
        cell(out, at->help);
        cairn_buffer_text(out, "|\n");
    }
}

void cairn_catalog_markdown(const struct cairn_catalog *catalog, struct cairn_buffer *out)
{
    cairn_buffer_text(out, "# Catalogue\n");
    add_picture(catalog, out);
    add_events(catalog, out);
    add_routes(catalog, out);
    add_handlers(catalog, out);
}
