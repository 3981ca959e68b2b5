/* tail_reader.c - what a stream of the tail is given, and what was not sent yet. */
#include "operations/tail/tail_reader.h"

#include "core/threads/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void compact(struct cairn_tail_reader *reader)
{
    memmove(reader->buffer, reader->buffer + reader->begin, reader->end - reader->begin);
    reader->end -= reader->begin;
    reader->begin = 0;
}

bool cairn_tail_reader_add(struct cairn_tail_reader *reader, const char *text)
{
    size_t bytes = strlen(text);
    if (reader->begin == reader->end)
        reader->taken_us = cairn_monotonic_us();
    if (bytes > CAIRN_TAIL_BUFFER - reader->end)
        compact(reader);
    if (bytes > CAIRN_TAIL_BUFFER - reader->end)
        return false;
    memcpy(reader->buffer + reader->end, text, bytes);
    reader->end += bytes;
    return true;
}

static bool fits(const struct cairn_tail_reader *reader, const struct cairn_tail_event *event)
{
    const char *category = reader->category;
    size_t bytes = category ? strlen(category) : 0;
    return (!reader->type || strcmp(reader->type, event->type) == 0) &&
           (!category ||
            (strncmp(event->stream, category, bytes) == 0 && event->stream[bytes] == '-'));
}

bool cairn_tail_reader_offer(struct cairn_tail_reader *reader, const struct cairn_tail_event *event)
{
    char id[40];
    size_t end = reader->end - reader->begin;
    if (event->position <= reader->position)
        return true;
    (void)snprintf(id, sizeof id, "id: %" PRId64 "\ndata: ", event->position);
    if (fits(reader, event) &&
        !(cairn_tail_reader_add(reader, id) && cairn_tail_reader_add(reader, event->json) &&
          cairn_tail_reader_add(reader, "\n\n"))) {
        reader->end = reader->begin + end; /* without the part of it */
        return false;
    }
    reader->position = event->position;
    return true;
}

void cairn_tail_reader_catch_up(struct cairn_tail_reader *reader, int64_t head)
{
    char missed[120];
    int64_t floor = head > CAIRN_TAIL_BACK ? head - CAIRN_TAIL_BACK : 0;
    if (reader->position > head) { /* of another history, or a wish */
        reader->position = head;
        return;
    }
    if (reader->position >= floor)
        return;
    (void)snprintf(missed, sizeof missed,
                   "event: missed\ndata: {\"from\":%" PRId64 ",\"to\":%" PRId64 "}\n\n",
                   reader->position + 1, floor);
    if (cairn_tail_reader_add(reader, missed))
        reader->position = floor;
}

int64_t cairn_tail_reader_take(struct cairn_tail_reader *reader, char *ret, size_t room)
{
    size_t left = reader->end - reader->begin;
    size_t bytes = left < room ? left : room;
    if (!left)
        return reader->over ? -1 : 0;
    memcpy(ret, reader->buffer + reader->begin, bytes);
    reader->begin += bytes;
    reader->taken_us = cairn_monotonic_us();
    return (int64_t)bytes;
}

void cairn_tail_reader_free(struct cairn_tail_reader *reader)
{
    free(reader->type);
    free(reader->category);
    free(reader);
}
