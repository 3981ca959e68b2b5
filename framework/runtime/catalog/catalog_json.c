/* catalog_json.c - writes a catalogue as JSON. */
#include "runtime/catalog/catalog.h"

static void begin(struct cairn_buffer *out, bool first, const char *name, const char *text)
{
    cairn_buffer_text(out, first ? "{\"" : ",{\"");
    cairn_buffer_text(out, name);
    cairn_buffer_text(out, "\":");
    cairn_buffer_json(out, text);
}

static void add_services(const struct cairn_catalog *catalog, struct cairn_buffer *out)
{
    cairn_buffer_text(out, "{\"services\":[");
    for (size_t i = 0; catalog->services[i]; i++) {
        begin(out, i == 0, "name", catalog->services[i]->name);
        cairn_buffer_member(out, "help", catalog->services[i]->help);
        cairn_buffer_char(out, '}');
    }
}

static void add_handled_by(const struct cairn_catalog *catalog,
                           const struct cairn_catalog_event *event, struct cairn_buffer *out)
{
    bool first = true;
    cairn_buffer_text(out, ",\"handled_by\":[");
    for (size_t i = 0; i < catalog->handler_count; i++) {
        if (!cairn_catalog_handles(&catalog->handlers[i], event))
            continue;
        begin(out, first, "kind", catalog->handlers[i].kind);
        cairn_buffer_member(out, "name", catalog->handlers[i].name);
        cairn_buffer_char(out, '}');
        first = false;
    }
    cairn_buffer_char(out, ']');
}

static void add_events(const struct cairn_catalog *catalog, struct cairn_buffer *out)
{
    cairn_buffer_text(out, "],\"events\":[");
    for (size_t i = 0; i < catalog->event_count; i++) {
        const struct cairn_catalog_event *at = &catalog->events[i];
        begin(out, i == 0, "type", at->type->name);
        cairn_buffer_member(out, "category", at->events->category);
        cairn_buffer_print(out, ",\"version\":%d", at->type->schema_version);
        cairn_buffer_member(out, "service", at->service ? at->service->name : NULL);
        cairn_buffer_text(out, ",\"fields\":[");
        for (uint32_t k = 0; k < at->type->record->count; k++) {
            cairn_buffer_text(out, k ? "," : "");
            cairn_buffer_json(out, at->type->record->fields[k].name);
        }
        cairn_buffer_char(out, ']');
        add_handled_by(catalog, at, out);
        cairn_buffer_char(out, '}');
    }
}

static void add_routes(const struct cairn_catalog *catalog, struct cairn_buffer *out)
{
    cairn_buffer_text(out, "],\"routes\":[");
    for (size_t i = 0; i < catalog->route_count; i++) {
        const struct cairn_catalog_route *at = &catalog->routes[i];
        begin(out, i == 0, "kind", at->kind);
        cairn_buffer_member(out, "name", at->name);
        cairn_buffer_member(out, "service", at->service->name);
        cairn_buffer_member(out, "category", at->category);
        cairn_buffer_member(out, "route", at->route);
        cairn_buffer_member(out, "policy", cairn_catalog_policy(at->allow, out->arena));
        cairn_buffer_member(out, "help", at->help);
        cairn_buffer_char(out, '}');
    }
}

static void add_handlers(const struct cairn_catalog *catalog, struct cairn_buffer *out)
{
    cairn_buffer_text(out, "],\"handlers\":[");
    for (size_t i = 0; i < catalog->handler_count; i++) {
        const struct cairn_catalog_handler *at = &catalog->handlers[i];
        begin(out, i == 0, "kind", at->kind);
        cairn_buffer_member(out, "name", at->name);
        cairn_buffer_member(out, "service", at->service->name);
        if (at->version)
            cairn_buffer_print(out, ",\"version\":%d", at->version);
        cairn_buffer_member(out, "help", at->help);
        cairn_buffer_text(out, ",\"sends\":[");
        for (size_t k = 0; at->sends && at->sends[k]; k++) {
            cairn_buffer_text(out, k ? "," : "");
            cairn_buffer_json(out, at->sends[k]->category);
        }
        cairn_buffer_text(out, "]}");
    }
}

static void add_publications(const struct cairn_catalog *catalog, struct cairn_buffer *out)
{
    static const char *const styles[] = {"event", "thin", "state"};
    bool first = true;
    cairn_buffer_text(out, "],\"publications\":[");
    for (size_t i = 0; catalog->services[i]; i++) {
        for (const struct cairn_publication *at = catalog->services[i]->publishes; at && at->events;
             at++) {
            begin(out, first, "category", at->events->category);
            cairn_buffer_member(out, "style", styles[at->style]);
            cairn_buffer_member(out, "service", catalog->services[i]->name);
            cairn_buffer_char(out, '}');
            first = false;
        }
    }
    cairn_buffer_text(out, "]}");
}

void cairn_catalog_json(const struct cairn_catalog *catalog, struct cairn_buffer *out)
{
    add_services(catalog, out);
    add_events(catalog, out);
    add_routes(catalog, out);
    add_handlers(catalog, out);
    add_publications(catalog, out);
}
