/* topics.c - followed rows and pages, each with the message that shows its newest state. */
#include "query/stream/topics.h"

#include "core/report/metrics.h"
#include "core/text/hash.h"
#include "query/stream/event_id.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cairn_metric topics =
    CAIRN_GAUGE("cairn_query_topics", "Rows and pages that are followed by streams.", NULL);

static uint32_t hash_of(size_t place, const char *key)
{
    return (uint32_t)cairn_hash(key) + (uint32_t)place;
}

/* Returns the first topic with this name, from `at` on. */
static struct cairn_topic *seek(struct cairn_topic *at, uint32_t hash, size_t place,
                                const char *key)
{
    while (at && (at->hash != hash || at->place != place || strcmp(at->key, key) != 0))
        at = at->next;
    return at;
}

struct cairn_topic *cairn_topic_first(const struct cairn_query_live *live, size_t place,
                                      const char *key)
{
    uint32_t hash = hash_of(place, key);
    return seek(live->buckets[hash % CAIRN_BUCKETS], hash, place, key);
}

struct cairn_topic *cairn_topic_next(const struct cairn_topic *topic)
{
    return seek(topic->next, topic->hash, topic->place, topic->key);
}

struct cairn_topic *cairn_topic_find(const struct cairn_query_live *live, size_t place,
                                     const char *key, const struct cairn_query_owner *owner)
{
    struct cairn_topic *at = cairn_topic_first(live, place, key);
    while (at && !cairn_query_owner_same(&at->owner, owner))
        at = cairn_topic_next(at);
    return at;
}

void cairn_page_let_go(struct cairn_page *page)
{
    if (!page || --page->holders > 0)
        return;
    cairn_arena_close(&page->arena);
    free(page);
}

struct cairn_topic *cairn_topic_add(struct cairn_query_live *live, size_t place,
                                    struct cairn_page *page, const char *key,
                                    const struct cairn_query_owner *owner)
{
    size_t bytes = strlen(key) + 1;
    struct cairn_topic *topic = cairn_allocate(sizeof *topic + bytes);
    topic->place = place;
    topic->page = page;
    topic->owner = *owner;
    topic->subject = owner->field ? cairn_duplicate(owner->subject) : NULL;
    topic->owner.subject = topic->subject;
    topic->hash = hash_of(place, key);
    memcpy(topic->key, key, bytes);
    topic->next = live->buckets[topic->hash % CAIRN_BUCKETS];
    live->buckets[topic->hash % CAIRN_BUCKETS] = topic;
    live->followed[place].topics++;
    live->pages += page != NULL;
    cairn_metric_add(&topics, "", 1);
    return topic;
}

void cairn_topic_remove(struct cairn_query_live *live, struct cairn_topic *topic)
{
    struct cairn_topic **at = &live->buckets[topic->hash % CAIRN_BUCKETS];
    while (*at != topic)
        at = &(*at)->next;
    *at = topic->next;
    live->followed[topic->place].topics--;
    live->followed[topic->place].dirty -= topic->dirty;
    live->pages -= topic->page != NULL;
    cairn_metric_add(&topics, "", -1);
    cairn_page_let_go(topic->page);
    free(topic->message);
    free(topic->subject);
    free(topic);
}

void cairn_topic_mark_dirty(struct cairn_query_live *live, struct cairn_topic *topic)
{
    live->followed[topic->place].dirty += !topic->dirty;
    topic->dirty = true;
}

/* Formats "id: …", "event: deleted" if so, "data: …", an empty line. The JSON has no line break. */
static char *make_message(const struct cairn_query_state *state, size_t *ret_bytes)
{
    char id[CAIRN_EVENT_ID_SIZE];
    char *text = NULL;
    cairn_event_id_format(state->timeline, state->position, state->generation, state->print, id);
    int bytes = asprintf(&text, "id: %s\n%sdata: %s\n\n", id, state->json ? "" : "event: deleted\n",
                         state->json ? state->json : "{}");
    if (bytes < 0)
        abort();
    *ret_bytes = (size_t)bytes;
    return text;
}

/* Returns whether both messages are the same apart from their id. */
static bool is_same_message(const struct cairn_topic *topic, const char *message, size_t bytes)
{
    if (!topic->message)
        return false;
    size_t old_id = strcspn(topic->message, "\n");
    size_t now_id = strcspn(message, "\n");
    return topic->bytes - old_id == bytes - now_id &&
           memcmp(topic->message + old_id, message + now_id, bytes - now_id) == 0;
}

void cairn_topic_show(struct cairn_query_live *live, struct cairn_topic *topic,
                      const struct cairn_query_state *state)
{
    const struct cairn_followed *followed = &live->followed[topic->place];
    size_t bytes = 0;
    if (state->generation == topic->generation && state->position < topic->position)
        return;
    if (topic->message && state->generation != followed->generation &&
        topic->generation == followed->generation) {
        cairn_topic_mark_dirty(live, topic);
        return;
    }
    char *message = make_message(state, &bytes);
    live->followed[topic->place].dirty -= topic->dirty;
    topic->dirty = false;
    topic->generation = state->generation;
    topic->position = state->position;
    topic->changed = state->changed;
    if (state->position > live->followed[topic->place].shown)
        live->followed[topic->place].shown = state->position;
    cairn_query_models_shown(live->models, topic->place % live->model_count, state->position);
    bool same = is_same_message(topic, message, bytes);
    free(same ? message : topic->message);
    if (same)
        return;
    topic->message = message;
    topic->bytes = bytes;
    topic->number++;
    for (struct cairn_reader *at = topic->readers; at; at = at->after)
        cairn_http_wake(at->request);
}
