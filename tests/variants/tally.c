/* tally.c - a service that is built with two versions of its read model, for
 * tests/e2e/test_generations: `tally-1 query` answers, `tally-1` projects; tally-2 has another
 * column and counts in tenths.
 *
 * The n-th addition to a tally adds n, so the sum that a row must have follows from its count. */
#include <cairn/service.h>

#include <string.h>

struct tally_added {
    int64_t amount;
    const char *shelf;
};
struct tally_event {
    enum tally_event_type { TALLY_ADDED = 1 } type;
    union {
        struct tally_added tally_added;
    } as;
};
CAIRN_RECORD(tally_added, CAIRN_FIELD(tally_added, amount), CAIRN_FIELD(tally_added, shelf));
extern const struct cairn_events tally_events;
CAIRN_EVENTS(tally, CAIRN_EVENT(tally, TALLY_ADDED, tally_added, "TallyAdded", 1));

#if TALLY_VERSION > 1
#define FACTOR 10
#define TENTHS bool tenths;
#define TENTHS_FIELD , CAIRN_FIELD(tallies, tenths)
#define SET_TENTHS row->tenths = true
#else
#define FACTOR 1
#define TENTHS
#define TENTHS_FIELD
#define SET_TENTHS (void)0
#endif

struct tallies {
    struct cairn_uuid tally_id;
    const char *shelf;
    int64_t count;
    int64_t sum;
    TENTHS
};
CAIRN_RECORD(tallies, CAIRN_FIELD(tallies, tally_id), CAIRN_FIELD(tallies, shelf),
             CAIRN_FIELD(tallies, count), CAIRN_FIELD(tallies, sum) TENTHS_FIELD);

static enum cairn_row added(struct tallies *row, const struct tally_added *event,
                            const struct cairn_meta *meta)
{
    row->tally_id = meta->id;
    row->shelf = event->shelf;
    row->count++;
    SET_TENTHS;
    row->sum += FACTOR * event->amount;
    return CAIRN_KEEP;
}
CAIRN_ON(tallies, tally, tally_added, added);
CAIRN_PROJECTION(tallies, .version = TALLY_VERSION,
                 .indexes = (const char *const[]){"shelf, tally_id", "count", "sum", NULL},
                 CAIRN_ON_LIST(&tallies_on_tally_added));

static const struct cairn_resource resources[] = {
    {.path = "/tallies/{id}", .projection = &tallies_projection},
    {.path = "/shelves/{id}/tallies",
     .projection = &tallies_projection,
     .list = true,
     .filters = {{"id", "shelf", CAIRN_EQUAL}},
     .order = "tally_id"},
    {0},
};

static const struct cairn_service projector = {
    .name = "tally-projector", .port = 8098, .projections = {&tallies_projection}};
static const struct cairn_service query = {
    .name = "tally-query", .port = 8099, .resources = resources};

int main(int argc, char **argv)
{
    bool asks = argc > 1 && strcmp(argv[1], "query") == 0;
    return cairn_main(argc - asks, argv + asks,
                      (const struct cairn_service *const[]){asks ? &query : &projector, NULL});
}
