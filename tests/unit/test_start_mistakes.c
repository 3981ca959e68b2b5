/* test_start_mistakes.c - mistakes of authors that a compiler accepts: each is found before
 * anything is started, with its place and with what to write. */
#include "../support/support.h"

#include "runtime/check/peer_names.h"
#include "runtime/check/unlisted.h"
#include "runtime/host.h"

#include <cairn/service.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a right service, of which each test makes one thing wrong ---- */

CAIRN_ENUM(mood, (CALM, "calm"), (CROSS, "cross"));
CAIRN_STRUCT(cat_came, TEXT(name, .max_bytes = 40), ENUM(mood, mood));
CAIRN_STRUCT(cat_left);
CAIRN_STRUCT(let_in, TEXT(name, .max_bytes = 40));
CAIRN_STRUCT(let_out);
CAIRN_EVENTS(cat, EVENT(cat_came, "CatCame", 1), EVENT(cat_left, "CatLeft", 1));
CAIRN_COMMANDS(cat, COMMAND(let_in, "POST /cats"), COMMAND(let_out, "POST /cats/{id}/out"));

CAIRN_STRUCT(cat, BOOL(inside));
CAIRN_EVOLVE(cat, cat_came)
{
    self->inside = true;
}
CAIRN_EVOLVE(cat, cat_left)
{
    self->inside = false;
}
CAIRN_DECIDE(cat, let_in)
{
    CAIRN_EMIT(ret, cat_came, .name = command->name, .mood = CALM);
    return 0;
}
CAIRN_DECIDE(cat, let_out)
{
    CAIRN_EMIT(ret, cat_left);
    return 0;
}
CAIRN_DECIDER(cat);

CAIRN_STRUCT(cats, TEXT(name), INT(age), ENUM(mood, mood), LIST(friends, cat),
             TIME(came_at, .optional = true));
CAIRN_PROJECTION(cats, .version = 1, CAIRN_INDEXES("name"));
CAIRN_ON(cats, cat, cat_came)
{
    row->name = event->name;
    return CAIRN_KEEP;
}

CAIRN_STRUCT(warden, BOOL(seen));
CAIRN_PROCESS(warden, CAIRN_SENDS(cat));
CAIRN_WHEN(warden, cat, cat_came)
{
    self->seen = true;
}

CAIRN_REACTOR(bell_ringer);
CAIRN_HANDLE(bell_ringer, cat, cat_came)
{
    return CAIRN_DONE;
}

CAIRN_CONSUMER(neighbours);
CAIRN_CONSUME(neighbours, cat, cat_left)
{
    return CAIRN_DONE;
}

static const struct cairn_service right = {.name = "house",
                                           .port = 8080,
                                           .deciders = {&cat_decider},
                                           .projections = {&cats_projection},
                                           .processes = {&warden_process},
                                           .reactors = {&bell_ringer_reactor},
                                           .consumers = {&neighbours_consumer}};

static int check(const struct cairn_service *one, const struct cairn_service *other,
                 struct cairn_error *error)
{
    const struct cairn_service *const services[] = {one, other, NULL};
    return cairn_host_check(services, error);
}

/* Checks a service, and perhaps another beside it, and compares the first finding. */
static void both_say(const struct cairn_service *one, const struct cairn_service *other,
                     const char *words)
{
    struct cairn_error error = {0};
    if (!check(one, other, &error) || !strstr(error.message, words))
        fail_msg("wanted: %s\n   saw: %s", words, error.message);
}

static void says(const struct cairn_service *service, const char *words)
{
    both_say(service, NULL, words);
}

static void the_right_service_passes(void **state)
{
    (void)state;
    struct cairn_error error = {0};
    if (check(&right, NULL, &error) < 0)
        fail_msg("%s", error.message);
}

/* ---- structs ---- */

/* Checks a service with an event of this struct. */
static void event_says(const struct cairn_record *record, const char *words)
{
    const struct cairn_event_type type = {.name = "X", .schema_version = 1, .record = record};
    const struct cairn_events events = {.category = "cat", .types = &type, .count = 1};
    struct cairn_decider decider = cat_decider;
    struct cairn_service service = right;
    decider.events = &events;
    service.deciders[0] = &decider;
    says(&service, words);
}

CAIRN_ENUM(twins, (FIRST, "same"), (SECOND, "same"));
CAIRN_ENUM(unnamed, (NAMED, "named"), (UNNAMED, ""));
CAIRN_STRUCT(no_number, INT(n, .min = 5));
CAIRN_STRUCT(no_text, TEXT(name, .min_bytes = 9, .max_bytes = 8));
CAIRN_STRUCT(no_list, TEXTS(names, .min_count = 3, .max_count = 2));
CAIRN_STRUCT(long_number, INT(n, .max_bytes = 8));
CAIRN_STRUCT(wide_text, TEXT(name, .max = 8));
CAIRN_STRUCT(many_texts, TEXT(name, .max_count = 8));
CAIRN_STRUCT(formed_day, DAY(day, .format = CAIRN_FORMAT_EMAIL));
CAIRN_STRUCT(fallen_text, TEXT(name, .fallback = 1));
CAIRN_STRUCT(fallen_enum, ENUM(mood, mood, .fallback = 7));
CAIRN_STRUCT(same_names, ENUM(which, twins));
CAIRN_STRUCT(empty_name, ENUM(which, unnamed));
CAIRN_STRUCT(deep_scale, DECIMAL(price, 40));
CAIRN_STRUCT(bare_example, TEXT(name, .example = "Ada"));
CAIRN_STRUCT(wrong_example, INT(n, CAIRN_RANGE(1, 5), .example = "9"));

static void structs_with_bounds_that_make_no_sense(void **state)
{
    (void)state;
    event_says(&no_number_record, "struct no_number: the field n has a range that no value is in: "
                                  "its .min is above its .max");
    event_says(&no_text_record, "struct no_text: the field name has more .min_bytes than "
                                ".max_bytes");
    event_says(&no_list_record, "the field names has more .min_count than .max_count");
    event_says(&long_number_record, "the field n has .min_bytes or .max_bytes, and is no text");
    event_says(&wide_text_record, "the field name has a range, and is no number or duration");
    event_says(&many_texts_record, "has .min_count or .max_count, and is no list or map");
    event_says(&formed_day_record, "the field day has a .format, and is no text");
    event_says(&fallen_text_record, "the field name has a fallback that is none of its values");
    event_says(&fallen_enum_record, "the field mood has a fallback that is none of its values");
    event_says(&same_names_record, "the field which has two values of the same name");
    event_says(&empty_name_record, "the field which has a value without a name");
    event_says(&deep_scale_record, "the field price has a scale that is not 0 to ");
    event_says(&bare_example_record, "the field name has the .example Ada, which is no JSON: a "
                                     "text is written with its quotes");
    event_says(&wrong_example_record, "the field n has the .example 9, which must be from 1 to 5");
    event_says(&no_number_record, "test_start_mistakes.c:"); /* its place */
}

/* ---- events and commands ---- */

CAIRN_EVENTS(named, EVENT(cat_came, "cat came!", 1));
CAIRN_EVENTS(same, EVENT(cat_came, "Cat", 1), EVENT(cat_left, "Cat", 1));
CAIRN_EVENTS(late, EVENT(cat_came, "CatCame", 2));

static void events_say(const struct cairn_events *events, const char *words)
{
    struct cairn_decider decider = cat_decider;
    struct cairn_service service = right;
    decider.events = events;
    service.deciders[0] = &decider;
    says(&service, words);
}

static void events_with_wrong_names_or_versions(void **state)
{
    (void)state;
    events_say(&named_events, "the event of struct cat_came is called \"cat came!\": a name has "
                              "letters, digits and _.-");
    events_say(&same_events, "two events are called Cat");
    events_say(&late_events, "CatCame is at version 2, so its EVENT names 1 older structs, oldest "
                             "first; it names 0");
    events_say(&late_events, "test_start_mistakes.c:");
}

static void command_says(const struct cairn_command_type type, const char *words)
{
    const struct cairn_command_type types[] = {cat_commands.types[0], type};
    const struct cairn_commands commands = {.category = "cat", .types = types, .count = 2};
    struct cairn_decider decider = cat_decider;
    struct cairn_service service = right;
    decider.commands = &commands;
    service.deciders[0] = &decider;
    service.processes[0] = NULL;
    says(&service, words);
}
#define COMMAND_SAYS(words, ...)                                                                   \
    command_says(                                                                                  \
        (struct cairn_command_type){.name = "let_out", .record = &let_out_record, __VA_ARGS__},    \
        words)

CAIRN_STRUCT(let_many_in, INT(cat_id));

static void commands_with_wrong_routes(void **state)
{
    (void)state;
    COMMAND_SAYS(
        "let_out has the route \"/cats\", not \"METHOD /path\": a command is sent by POST, "
        "PUT, PATCH or DELETE",
        .route = "/cats");
    COMMAND_SAYS("let_out has the route \"GET /cats\", not", .route = "GET /cats");
    COMMAND_SAYS("let_out has the route \"POST cats\", not", .route = "POST cats");
    COMMAND_SAYS("paths below /internal/ are those of INTERNAL commands",
                 .route = "POST /internal/cats");
    COMMAND_SAYS("let_in and let_out have the same route, POST /cats", .route = "POST /cats");
    COMMAND_SAYS("let_out: the path /cats/{id}/to/{id} has {id} twice",
                 .route = "POST /cats/{id}/to/{id}");
    COMMAND_SAYS("let_out: the path /cats/{cat} has another parameter than {id}",
                 .route = "POST /cats/{cat}");
    COMMAND_SAYS("let_out: the path /cats/ has an empty segment", .route = "POST /cats/");
    COMMAND_SAYS("let_out has a route and .creates, which is for INTERNAL commands",
                 .route = "POST /cats/{id}", .creates = true);
    COMMAND_SAYS("let_out wants the header \"Accept Language\": that is no name",
                 .route = "POST /cats/{id}", .headers = {"Accept Language"});
    command_says((struct cairn_command_type){.name = "let_in", .record = &let_in_record},
                 "the command let_in is declared twice");
    command_says((struct cairn_command_type){.name = "let_many_in",
                                             .route = "POST /many",
                                             .record = &let_many_in_record},
                 "let_many_in creates a stream, and its member cat_id, which names the stream, is "
                 "not a uuid");
}

CAIRN_STRUCT(ignorant, BOOL(known));
CAIRN_FACT(ignorant, cat);
CAIRN_STRUCT(dog_came);
CAIRN_STRUCT(call_dog, UUID(cat_of));
CAIRN_EVENTS(dog, EVENT(dog_came, "DogCame", 1));
CAIRN_COMMANDS(dog, COMMAND(call_dog, "POST /dogs"));
CAIRN_STRUCT(dog);
CAIRN_EVOLVE(dog, dog_came)
{
}
CAIRN_DECIDE(dog, call_dog, NEED(ignorant, cat_of))
{
    if (CAIRN_KNOWN(given, ignorant)->known)
        CAIRN_EMIT(ret, dog_came);
    return 0;
}
CAIRN_DECIDER(dog, .state_version = -1);

static void deciders_and_facts_that_are_incomplete(void **state)
{
    (void)state;
    struct cairn_service service = right;
    struct cairn_decider dogs = dog_decider;
    service.deciders[0] = &dogs;
    service.processes[0] = NULL;
    says(&service, "decider dog has the .state_version -1: versions are 1, 2, 3…, or 0 for no "
                   "snapshots");
    dogs.state_version = 0;
    says(&service, "the fact ignorant has no CAIRN_LEARN: it would know nothing");
    service = right;
    service.deciders[1] = &cat_decider;
    says(&service, "two deciders or processes are called cat, at ");
    says(&service, ": the name is the category of their streams");
}

/* ---- boundaries ---- */

CAIRN_STRUCT(toy_given, UUID(owner, .tag = "owner"), TEXT(toy));
CAIRN_STRUCT(toy_lost, TEXT(toy));
CAIRN_STRUCT(toy_found, INT(owner, .tag = "owner"));
CAIRN_STRUCT(give_toy, UUID(owner), TEXT(toy));
CAIRN_STRUCT(lend_toy, UUID(owner, .optional = true), TEXT(toy));
CAIRN_EVENTS(toy, EVENT(toy_given, "ToyGiven", 1), EVENT(toy_lost, "ToyLost", 1),
             EVENT(toy_found, "ToyFound", 1));
CAIRN_COMMANDS(toy, COMMAND(give_toy, "POST /toys"));

CAIRN_STRUCT(box, INT(toys));
CAIRN_PART(box, "owner");
CAIRN_LEARN_FROM(box, toy, toy_given)
{
    self->toys++;
}
CAIRN_STRUCT(empty_box, INT(toys));
CAIRN_PART(empty_box, "owner");
CAIRN_STRUCT(lost_box, INT(toys));
CAIRN_PART(lost_box, "owner");
CAIRN_LEARN_FROM(lost_box, toy, toy_lost)
{
    self->toys--;
}
CAIRN_STRUCT(mixed_box, INT(toys));
CAIRN_PART(mixed_box, "owner");
CAIRN_LEARN_FROM(mixed_box, toy, toy_given)
{
    self->toys++;
}
CAIRN_LEARN_FROM(mixed_box, toy, toy_found)
{
    self->toys++;
}

CAIRN_BOUNDARY(toy, CAIRN_OVER(box, owner));
CAIRN_DECIDE(toy, give_toy)
{
    CAIRN_EMIT(ret, toy_given, .owner = command->owner, .toy = command->toy);
    return 0;
}

static void row_says(struct cairn_over over, const struct cairn_command_type *command,
                     const char *words)
{
    const struct cairn_over overs[] = {over, {.part = NULL}};
    const struct cairn_commands commands = {.category = "toy", .types = command, .count = 1};
    struct cairn_decider decider = toy_decider;
    struct cairn_service service = right;
    decider.overs = overs;
    if (command)
        decider.commands = &commands;
    service.deciders[1] = &decider;
    says(&service, words);
}

static void boundary_says(const struct cairn_part *part, const char *member,
                          const struct cairn_command_type *command, const char *words)
{
    row_says((struct cairn_over){.part = part, .member = member}, command, words);
}

CAIRN_STRUCT(give_toys, UUIDS(owners), UUIDS(some, .max_count = 64));

static void boundaries_over_lists_that_do_not_fit(void **state)
{
    (void)state;
    const struct cairn_command_type command = {
        .name = "give_toys", .route = "POST /toys", .record = &give_toys_record};
    boundary_says(&box_part, "owners", &command, "or CAIRN_OVER_EACH for a list");
    row_says((struct cairn_over){.part = &box_part, .member = "owner", .each = true}, NULL,
             "CAIRN_OVER_EACH(box, owner) of the boundary toy: give_toy has no such member that is "
             "required and a UUIDS: write UUIDS(owner) in its CAIRN_STRUCT");
    row_says((struct cairn_over){.part = &box_part, .member = "owners", .each = true}, &command,
             "give_toys can name 1000 parts of the boundary toy, of at most 64: write a smaller "
             ".max_count in its member owners, which may have 1000 items");
}

static void boundaries_that_do_not_fit_their_events_or_commands(void **state)
{
    (void)state;
    struct cairn_error error = {0};
    struct cairn_service service = right;
    service.deciders[1] = &toy_decider;
    if (check(&service, NULL, &error) < 0)
        fail_msg("%s", error.message);
    boundary_says(&empty_box_part, "owner", NULL,
                  "part empty_box has no CAIRN_LEARN_FROM after its declaration: it would do "
                  "nothing");
    boundary_says(&lost_box_part, "owner", NULL,
                  "no field of toy_lost has the tag of the part lost_box: write .tag = \"owner\" "
                  "in the field that has its value");
    boundary_says(&mixed_box_part, "owner", NULL,
                  "which has the tag \"owner\", is a INT, where other events have a UUID");
    boundary_says(
        &box_part, "holder", NULL,
        "CAIRN_OVER(box, holder) of the boundary toy: give_toy has no such member that is "
        "required and a UUID: write UUID(holder) in its CAIRN_STRUCT");
    boundary_says(&box_part, "toy", NULL, "write UUID(toy) in its CAIRN_STRUCT");
    boundary_says(&box_part, "owner",
                  &(const struct cairn_command_type){
                      .name = "lend_toy", .route = "POST /loans", .record = &lend_toy_record},
                  "lend_toy has no such member that is required");
    boundary_says(
        &box_part, "owner",
        &(const struct cairn_command_type){
            .name = "give_toy", .route = "POST /toys/{id}", .record = &give_toy_record},
        "give_toy has the route \"POST /toys/{id}\", and the boundary toy does not say how "
        "the events of a stream are folded: write CAIRN_OVER_STREAM(PART) in its "
        "CAIRN_BOUNDARY, or a route without {id}");
}

CAIRN_STRUCT(toy_stream, INT(events));
CAIRN_STREAM_PART(toy_stream);
CAIRN_LEARN_FROM(toy_stream, toy, toy_given)
{
    self->events++;
}
CAIRN_STRUCT(foreign_stream, INT(events));
CAIRN_STREAM_PART(foreign_stream);
CAIRN_LEARN_FROM(foreign_stream, cat, cat_came)
{
    self->events++;
}

static void boundaries_with_streams_that_do_not_fit(void **state)
{
    (void)state;
    const struct cairn_over twice[] = {
        {.part = &toy_stream_part}, {.part = &toy_stream_part}, {.part = NULL}};
    struct cairn_decider decider = toy_decider;
    struct cairn_service service = right;
    boundary_says(
        &box_part, NULL, NULL,
        "CAIRN_OVER_STREAM(box) of the boundary toy: the part has the tag \"owner\": write "
        "CAIRN_STREAM_PART(box), or CAIRN_OVER with the member that has the tag's value");
    boundary_says(
        &toy_stream_part, "owner", NULL,
        "CAIRN_OVER(toy_stream, owner): the part has no tag: write CAIRN_PART(toy_stream, "
        "\"TAG\"), or CAIRN_OVER_STREAM(toy_stream)");
    boundary_says(&foreign_stream_part, NULL, NULL,
                  "cat_came is an event of cat, and CAIRN_OVER_STREAM(foreign_stream) is folded "
                  "from events of toy: write a part with a tag for others");
    decider.overs = twice;
    service.deciders[1] = &decider;
    says(&service, "the boundary toy has two rows CAIRN_OVER_STREAM: a command has one stream");
}

CAIRN_STRUCT(tagged_day, DAY(day, .tag = "day"));
CAIRN_STRUCT(tagged_badly, UUID(id, .tag = "Course"));
CAIRN_STRUCT(tagged_long, TEXT(name, .tag = "name"));

static void tags_of_fields_that_cannot_have_one(void **state)
{
    (void)state;
    event_says(&tagged_day_record, "has a .tag, and is no UUID, INT or TEXT");
    event_says(&tagged_badly_record, "has the .tag \"Course\": a name has 1 to 40 of a-z");
    event_says(&tagged_long_record, "has a .tag and up to 1000 bytes: a tag has at most 200 with "
                                    "its name, so write .max_bytes = 195 or less");
}

/* ---- read models ---- */

CAIRN_STRUCT(idle, TEXT(name));
CAIRN_PROJECTION(idle, .version = 1);
CAIRN_STRUCT(unversioned, TEXT(name));
CAIRN_PROJECTION(unversioned);
CAIRN_ON(unversioned, cat, cat_came)
{
    return CAIRN_SKIP;
}
CAIRN_STRUCT(misindexed, TEXT(name));
CAIRN_PROJECTION(misindexed, .version = 1, CAIRN_INDEXES("nmae"));
CAIRN_ON(misindexed, cat, cat_came)
{
    return CAIRN_SKIP;
}
CAIRN_STRUCT(misplaced, TEXT(name));
CAIRN_PROJECTION(misplaced, .version = 1);
enum { LINE_OF_THE_HANDLER = __LINE__ + 1 };
CAIRN_ON(misplaced, cat, dog_came)
{
    return CAIRN_SKIP;
}
CAIRN_STRUCT(keyed_key, UUID(cat_id), TEXT(colour));
CAIRN_STRUCT(keyed, UUID(cat_id), INT(colour));
CAIRN_PROJECTION(keyed, .version = 1, .key = &keyed_key_record);
CAIRN_ON(keyed, cat, cat_came)
{
    return CAIRN_SKIP;
}

static void projection_says(const struct cairn_projection *projection, const char *words)
{
    struct cairn_service service = right;
    service.projections[1] = projection;
    says(&service, words);
}

static void projections_that_cannot_be_tables(void **state)
{
    (void)state;
    char place[100];
    (void)snprintf(place, sizeof place, "%s:%d: dog_came is not an event of cat", __FILE__,
                   (int)LINE_OF_THE_HANDLER);
    struct cairn_projection upper = cats_projection;
    upper.name = "Cats";
    projection_says(&idle_projection, "projection idle has no CAIRN_ON after its declaration: it "
                                      "would do nothing");
    projection_says(&unversioned_projection, ": projection unversioned: it has no .version: write "
                                             ".version = 1, and raise it when");
    projection_says(&misindexed_projection, "projection misindexed: index (nmae): \"nmae\" is not "
                                            "a column that can be indexed");
    projection_says(&misplaced_projection, place);
    projection_says(&keyed_projection, "the row has no column colour of the kind that its key "
                                       "keyed_key has");
    projection_says(&upper, "projection Cats: its name is not [a-z][a-z0-9_]*");
    projection_says(&cats_projection, "two projections are called cats, at ");
}

CAIRN_STRUCT(tags, TEXT(owner), INT(age));
CAIRN_PROJECTION(tags, .version = 1, CAIRN_INDEXES("age, owner"));
CAIRN_ON(tags, cat, cat_came)
{
    row->owner = event->name;
    return CAIRN_KEEP;
}

static void resource_says(const struct cairn_resource resource, const char *words)
{
    const struct cairn_resource all[] = {resource, {.path = NULL}};
    struct cairn_service service = right;
    service.resources = all;
    says(&service, words);
}
#define RESOURCE_SAYS(words, ...)                                                                  \
    resource_says((struct cairn_resource){.projection = &cats_projection, __VA_ARGS__}, words)

static void resources_that_do_not_fit_their_rows(void **state)
{
    (void)state;
    RESOURCE_SAYS("resource /cats: the path has no {id}, and it is not a list", .path = "/cats");
    RESOURCE_SAYS("resource /cats/{id}: filters and order are for lists", .path = "/cats/{id}",
                  .order = "name");
    RESOURCE_SAYS("resource /cats: cats has no field nmae", .path = "/cats", .list = true,
                  .order = "nmae");
    RESOURCE_SAYS("resource /cats: a list cannot be sorted by came_at", .path = "/cats",
                  .list = true, .order = "came_at");
    RESOURCE_SAYS("resource /cats: projection cats needs an index on \"age\"", .path = "/cats",
                  .list = true, .order = "age");
    RESOURCE_SAYS("resource /cats: filter mood does not say how to compare", .path = "/cats",
                  .list = true, .filters = {{"mood", "mood", (enum cairn_compare)0}});
    RESOURCE_SAYS("resource /cats: field friends cannot be compared as filter friends says",
                  .path = "/cats", .list = true, .filters = {{"friends", "friends", CAIRN_EQUAL}});
    RESOURCE_SAYS("resource /cats: two parameters are called limit", .path = "/cats", .list = true,
                  .filters = {{"limit", "name", CAIRN_EQUAL}});
    RESOURCE_SAYS("resource /homes/{id}/cats: no filter is named id, as the path's parameter is",
                  .path = "/homes/{id}/cats", .list = true);
    RESOURCE_SAYS("every process and cats have the same route, GET /healthz", .path = "/healthz",
                  .list = true);
    resource_says((struct cairn_resource){.path = "/cats"}, "resource /cats has no projection");
}

static void owners_that_rows_do_not_have(void **state)
{
    (void)state;
    RESOURCE_SAYS("CAIRN_OWNER(cat, name): a row of it is a cats: write CAIRN_OWNER(cats, …)",
                  .path = "/cats/{id}", .allow = CAIRN_OWNER(cat, name));
    RESOURCE_SAYS("CAIRN_OWNER(cats, owner): cats has no such member", .path = "/cats/{id}",
                  .allow = CAIRN_OWNER(cats, owner));
    RESOURCE_SAYS("CAIRN_OWNER(cats, age): the member is no uuid and no text, as subjects are",
                  .path = "/cats", .list = true, .allow = CAIRN_OWNER(cats, age));
    RESOURCE_SAYS("CAIRN_OWNER(cats, name): .caching.shared would let proxies answer one caller",
                  .path = "/cats/{id}", .caching = {.shared = true},
                  .allow = CAIRN_OWNER(cats, name));
    struct cairn_resource tags = {.path = "/tags",
                                  .projection = &tags_projection,
                                  .list = true,
                                  .order = "age",
                                  .allow = CAIRN_OWNER(tags, owner, "vet")};
    resource_says(tags, "resource /tags: projection tags needs an index on \"owner, age\"");
    tags.order = NULL;
    resource_says(tags, "resource /tags: projection tags needs an index on \"owner\"");
}

static const struct cairn_resource *const placed =
    CAIRN_RESOURCES({.path = "/cats", .projection = &cats_projection});

static void a_finding_about_a_resource_says_where_it_is(void **state)
{
    (void)state;
    struct cairn_service service = right;
    service.resources = placed;
    says(&service, "test_start_mistakes.c:");
    says(&service, ": resource /cats: the path has no {id}, and it is not a list");
    RESOURCE_SAYS("the projection at ", .path = "/cats"); /* a plain array */
    RESOURCE_SAYS("test_start_mistakes.c:", .path = "/cats");
    service.resources =
        CAIRN_RESOURCES({.path = "/cats/{name}/{id}", .projection = &cats_projection});
    says(&service, "test_start_mistakes.c:");
    says(&service, ": cats: the path /cats/{name}/{id} has another parameter than {id}");
}

/* ---- processes, reactors, consumers ---- */

CAIRN_STRUCT(sleeper, BOOL(seen));
CAIRN_PROCESS(sleeper);
CAIRN_STRUCT(hasty, BOOL(seen));
CAIRN_PROCESS(hasty);
CAIRN_WHEN_EVERY(hasty, moment, 1)
{
}
CAIRN_STRUCT(nameless, BOOL(seen));
CAIRN_PROCESS(nameless);
CAIRN_WHEN_TIMER(nameless, bell, "")
{
}
CAIRN_STRUCT(asker, BOOL(seen));
CAIRN_PROCESS(asker);
CAIRN_WHEN_REFUSED(asker, let_out)
{
}
CAIRN_STRUCT(shouter, BOOL(seen));
CAIRN_PROCESS(shouter, CAIRN_SENDS(dog));
CAIRN_WHEN(shouter, cat, cat_came)
{
}
CAIRN_STRUCT(loner, BOOL(seen));
CAIRN_PROCESS(loner);
CAIRN_WHEN_ALL(loner, cat, cat_came, "")
{
}
CAIRN_REACTOR(idler);
CAIRN_REACTOR(minus, .attempts = -1);
CAIRN_HANDLE(minus, cat, cat_came)
{
    return CAIRN_DONE;
}
CAIRN_CONSUMER(deaf);

static void process_says(const struct cairn_process *process, const char *words)
{
    struct cairn_service service = right;
    service.processes[1] = process;
    says(&service, words);
}

static void processes_that_could_never_work(void **state)
{
    (void)state;
    process_says(&sleeper_process, "process sleeper has no CAIRN_WHEN after its declaration");
    process_says(&hasty_process, "the period is 1 microseconds: it has to be at least "
                                 "CAIRN_SECONDS(1)");
    process_says(&nameless_process, "the timer has no name");
    process_says(&asker_process, "let_out is not a command of those that CAIRN_SENDS names");
    process_says(&loner_process, "the association has no name");
    process_says(&shouter_process, "process shouter: no URL is known for the service of dog: list "
                                   "&dog_decider in .deciders of a service of this program, name "
                                   "another program's in .peers (dog, its URL), or set "
                                   "CAIRN_DOG_URL");
    process_says(&warden_process, "two deciders or processes are called warden, at ");
}

CAIRN_STRUCT(collar, TEXT(text));
CAIRN_STRUCT(needs_text, TEXT(name));
CAIRN_STRUCT(needs_uuid, BOOL(seen), UUID(cat_id));
CAIRN_STRUCT(needs_time, TIME(at));
CAIRN_STRUCT(needs_day, DAY(on));
CAIRN_STRUCT(needs_money, MONEY(price));
CAIRN_STRUCT(needs_enum, ENUM(mood, mood));
CAIRN_STRUCT(needs_record, RECORD(collar, collar));
CAIRN_STRUCT(needs_number, INT(age, CAIRN_RANGE(1, 30)));
CAIRN_STRUCT(needs_decimal, DECIMAL(weight, 2, CAIRN_RANGE(100, 3000)));
CAIRN_STRUCT(needs_duration, DURATION(sleep, CAIRN_RANGE(1, 9)));
CAIRN_STRUCT(needs_item, TEXTS(names, .min_count = 1));
CAIRN_STRUCT(needs_nothing, BOOL(seen), INT(age), TEXT(name, .min_bytes = 3, .optional = true),
             DECIMAL(weight, 2), DURATION(sleep), TEXTS(names), TEXT_MAP(labels),
             MONEY(price, .optional = true), OPTIONAL_INT(lives, CAIRN_RANGE(1, 9)),
             OPTIONAL_RECORD(collar, collar), ENUM(mood, mood, .optional = true));

/* Checks a service whose process has this state. */
static int check_state(const struct cairn_record *state, struct cairn_error *error)
{
    struct cairn_process process = warden_process;
    struct cairn_service service = right;
    process.state = state;
    service.processes[0] = &process;
    return check(&service, NULL, error);
}

static void state_says(const struct cairn_record *state, const char *words)
{
    struct cairn_error error = {0};
    if (!check_state(state, &error) || !strstr(error.message, words))
        fail_msg("wanted: %s\n   saw: %s", words, error.message);
}

static void a_state_of_a_process_that_cannot_be_empty_is_refused_with_what_to_write(void **state)
{
    (void)state;
    struct cairn_error error = {0};
    state_says(&needs_text_record, "test_start_mistakes.c:");
    state_says(&needs_text_record,
               "struct needs_text: the field name has no empty value, and the state of process "
               "warden is empty when it begins, which any of its inputs may cause: write "
               "TEXT(name, .optional = true)");
    state_says(&needs_uuid_record, "write UUID(cat_id, .optional = true)");
    state_says(&needs_time_record, "write TIME(at, .optional = true)");
    state_says(&needs_day_record, "write DAY(on, .optional = true)");
    state_says(&needs_money_record, "write MONEY(price, .optional = true)");
    state_says(&needs_enum_record, "write ENUM(mood, …, .optional = true)");
    state_says(&needs_record_record, "write OPTIONAL_RECORD(collar, collar)");
    state_says(&needs_number_record, "write OPTIONAL_INT(age, …), or a range that 0 is in");
    state_says(&needs_decimal_record, "write OPTIONAL_DECIMAL(weight, 2, …), or a range");
    state_says(&needs_duration_record, "write OPTIONAL_DURATION(sleep, …), or a range");
    state_says(&needs_item_record, "the field names has no empty value");
    state_says(&needs_item_record, "write it without .min_count");
    if (check_state(&needs_nothing_record, &error))
        fail_msg("%s", error.message);
}

static void reactors_and_consumers_that_do_nothing(void **state)
{
    (void)state;
    struct cairn_service service = right;
    service.reactors[1] = &idler_reactor;
    says(&service, "reactor idler has no CAIRN_HANDLE after its declaration");
    service.reactors[1] = &minus_reactor;
    says(&service, "reactor minus has a .concurrency of 0 and -1 .attempts: neither can be less "
                   "than 0");
    service.reactors[1] = &bell_ringer_reactor;
    says(&service, "two reactors are called bell_ringer, at ");
    service = right;
    service.consumers[1] = &deaf_consumer;
    says(&service, "consumer deaf has no CAIRN_CONSUME after its declaration");
    struct cairn_consumer wrong = neighbours_consumer;
    wrong.name = "the neighbours";
    service.consumers[1] = &wrong;
    says(&service, "its name cannot be that of a group");
}

/* ---- services ---- */

static void services_and_their_lists(void **state)
{
    (void)state;
    static const char *text;
    static const char *texts;
    struct cairn_service service = right;
    service.port = 80800;
    says(&service, "service house has the .port 80800: ports are 1 to 65535");
    service = right;
    service.name = NULL;
    says(&service, "a service has no .name");
    const struct cairn_service empty = {.name = "empty", .port = 8080};
    says(&empty, "service empty has nothing to do: it lists no deciders");
    both_say(&right, &right, "two services are called house");
    service = right;
    service.peers[0] = (struct cairn_peer){"dog", "localhost:8080"};
    says(&service, "service house: the peer dog has the URL \"localhost:8080\", not "
                   "\"http://host:port\"");
    service.peers[0].url = "http://localhost:8080";
    service.peers[1] = service.peers[0];
    says(&service, "two peers of one service are called dog");
    service = right;
    const struct cairn_setting settings[] = {
        {.name = "CAIRN_A", .text = &text}, {.name = "CAIRN_A", .text = &texts}, {.name = NULL}};
    service.settings = settings;
    says(&service, "two settings are called CAIRN_A: one variable has one meaning");
    const struct cairn_setting small[] = {{.name = "doors", .text = &text}, {.name = NULL}};
    service.settings = small;
    says(&service, "the setting doors has to begin with CAIRN_");
    const struct cairn_setting nowhere[] = {{.name = "CAIRN_DOORS"}, {.name = NULL}};
    service.settings = nowhere;
    says(&service, "the setting CAIRN_DOORS has to have either .text or .number");
    service = right;
    const struct cairn_publication twice[] = {
        {.events = &cat_events}, {.events = &cat_events}, {.events = NULL}};
    service.publishes = twice;
    says(&service, "two publications are called cat: an event is published once");
    const struct cairn_publication stateless[] = {{.events = &cat_events, .style = CAIRN_BUS_STATE},
                                                  {.events = NULL}};
    service.publishes = stateless;
    says(&service, "cat is published with a state, but none is named");
}

static void the_first_is_told_with_the_number_of_the_others(void **state)
{
    (void)state;
    struct cairn_service service = right;
    service.projections[1] = &idle_projection;
    service.projections[2] = &unversioned_projection;
    service.reactors[1] = &idler_reactor;
    says(&service, "(and 2 more, logged before)");
}

/* ---- what no service lists ---- */

/* Returns the text of the finding for `what` of a program with this service, or NULL. */
static const char *find_unlisted(const struct cairn_service *service, const void *what,
                                 struct cairn_arena *arena)
{
    const struct cairn_service *const services[] = {service, NULL};
    const struct cairn_declared **all = NULL;
    size_t count = cairn_unlisted_find(services, arena, &all);
    for (size_t i = 0; i < count; i++) {
        if (all[i]->what == what)
            return cairn_unlisted_text(all[i], arena);
    }
    return NULL;
}

static void what_is_defined_and_not_listed_is_found_with_where_to_list_it(void **state)
{
    (void)state;
    struct cairn_arena arena = {0};
    const char *said = find_unlisted(&right, &sleeper_process, &arena);
    assert_non_null(said);
    assert_non_null(strstr(said, "test_start_mistakes.c:"));
    assert_non_null(strstr(said, ": process sleeper is linked with this program, none of its "
                                 "services lists it, and it has never run: write &sleeper_process "
                                 "in .processes of a service"));
    said = find_unlisted(&right, &idler_reactor, &arena);
    assert_non_null(strstr(said, "write &idler_reactor in .reactors"));
    said = find_unlisted(&right, &deaf_consumer, &arena);
    assert_non_null(strstr(said, "write &deaf_consumer in .consumers"));
    said = find_unlisted(&right, &idle_projection, &arena);
    assert_non_null(strstr(said, "write &idle_projection in .projections"));
    cairn_arena_close(&arena);
}

static void what_another_program_may_run_is_not_found(void **state)
{
    (void)state;
    struct cairn_arena arena = {0};
    struct cairn_service service = right;
    assert_null(find_unlisted(&right, &warden_process, &arena)); /* listed */
    const struct cairn_resource all[] = {{.path = "/idle/{id}", .projection = &idle_projection},
                                         {.path = NULL}};
    service.resources = all;
    assert_null(find_unlisted(&service, &idle_projection, &arena)); /* read by a resource */
    const struct cairn_publication publications[] = {
        {.events = &cat_events, .style = CAIRN_BUS_STATE, .state = &idle_projection},
        {.events = NULL}};
    service.resources = NULL;
    service.publishes = publications;
    assert_null(find_unlisted(&service, &idle_projection, &arena)); /* read by a publication */
    struct cairn_decider elsewhere = cat_decider;
    elsewhere.at = "services/cat/cat.c:10";
    const struct cairn_service other = {.name = "other", .deciders = {&elsewhere}};
    assert_null(find_unlisted(&other, &sleeper_process, &arena)); /* in another directory */
    cairn_arena_close(&arena);
}

/* Wrong configuration and wrong code have different exit statuses. */
static void a_peer_that_is_missing_is_an_error_of_the_configuration(void **state)
{
    (void)state;
    struct cairn_error error = {0};
    struct cairn_service service = right;
    service.processes[1] = &shouter_process;
    assert_int_equal(check(&service, NULL, &error), -CAIRN_CONFIG);
    service.reactors[1] = &idler_reactor;
    cairn_error_reset(&error);
    assert_int_equal(check(&service, NULL, &error), -CAIRN_BUG);
    (void)setenv("CAIRN_DOG_URL", "http://localhost:1", 1);
    service.reactors[1] = NULL;
    cairn_error_reset(&error);
    assert_int_equal(check(&service, NULL, &error), 0);
    (void)unsetenv("CAIRN_DOG_URL");
}

static void a_mistyped_url_of_a_peer_is_told(void **state)
{
    (void)state;
    struct cairn_arena arena = {0};
    struct cairn_service service = right;
    const struct cairn_service *const services[] = {&service, NULL};
    service.peers[0] = (struct cairn_peer){"payment", "http://localhost:1"};
    service.peers[1] = (struct cairn_peer){"payments", "http://localhost:2"};
    assert_string_equal(cairn_peer_meant(services, "CAIRN_PAYMNET_URL", &arena),
                        "CAIRN_PAYMENT_URL");
    assert_null(cairn_peer_meant(services, "CAIRN_PAYMENTS_URL", &arena));
    assert_null(cairn_peer_meant(services, "CAIRN_PAYMENT_URL", &arena));
    assert_null(cairn_peer_meant(services, "CAIRN_SHIPMENT_URL", &arena));
    assert_null(cairn_peer_meant(services, "CAIRN_URL", &arena));
    cairn_arena_close(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_right_service_passes),
        cmocka_unit_test(structs_with_bounds_that_make_no_sense),
        cmocka_unit_test(events_with_wrong_names_or_versions),
        cmocka_unit_test(commands_with_wrong_routes),
        cmocka_unit_test(deciders_and_facts_that_are_incomplete),
        cmocka_unit_test(boundaries_that_do_not_fit_their_events_or_commands),
        cmocka_unit_test(boundaries_with_streams_that_do_not_fit),
        cmocka_unit_test(boundaries_over_lists_that_do_not_fit),
        cmocka_unit_test(tags_of_fields_that_cannot_have_one),
        cmocka_unit_test(projections_that_cannot_be_tables),
        cmocka_unit_test(resources_that_do_not_fit_their_rows),
        cmocka_unit_test(owners_that_rows_do_not_have),
        cmocka_unit_test(a_finding_about_a_resource_says_where_it_is),
        cmocka_unit_test(processes_that_could_never_work),
        cmocka_unit_test(a_state_of_a_process_that_cannot_be_empty_is_refused_with_what_to_write),
        cmocka_unit_test(reactors_and_consumers_that_do_nothing),
        cmocka_unit_test(services_and_their_lists),
        cmocka_unit_test(the_first_is_told_with_the_number_of_the_others),
        cmocka_unit_test(what_is_defined_and_not_listed_is_found_with_where_to_list_it),
        cmocka_unit_test(what_another_program_may_run_is_not_found),
        cmocka_unit_test(a_mistyped_url_of_a_peer_is_told),
        cmocka_unit_test(a_peer_that_is_missing_is_an_error_of_the_configuration),
    };
    return cmocka_run_group_tests_name("start mistakes", tests, NULL, NULL);
}
