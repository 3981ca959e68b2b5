/* test_authentication.c - a service that authenticates: which caller gets which answer, and what is
 * kept of a caller; with a stand-in for the issuer. */
#include "../support/fixture.h"
#include "../support/issuer.h"
#include "../support/kit.h"

#include "core/threads/clock.h"
#include "runtime/check/policy_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a domain: notes, each with an owner; clerks file them, anyone may send a hint ---- */

CAIRN_STRUCT(note_written, UUID(owner_id), TEXT(text), TEXT(asker));
CAIRN_STRUCT(note_filed, TEXT(asker));
CAIRN_EVENTS(note, EVENT(note_written, "NoteWritten", 1), EVENT(note_filed, "NoteFiled", 1));
CAIRN_STRUCT(write_note, UUID(owner_id), TEXT(text));
CAIRN_STRUCT(file_note);
CAIRN_STRUCT(sign_note);
CAIRN_STRUCT(hint_note, TEXT(text));
CAIRN_COMMANDS(note, COMMAND(write_note, "POST /notes", .allow = CAIRN_OWNER(write_note, owner_id)),
               COMMAND(file_note, "POST /notes/{id}/file", .allow = CAIRN_ROLE("clerk", "chief")),
               COMMAND(sign_note, "POST /notes/{id}/sign",
                       .allow = CAIRN_OWNER(note, owner_id, "chief")),
               COMMAND(hint_note, "POST /hints", .allow = CAIRN_ANYONE));

CAIRN_STRUCT(note, UUID(owner_id));
CAIRN_EVOLVE(note, note_written)
{
    self->owner_id = event->owner_id;
}
CAIRN_EVOLVE(note, note_filed)
{
}
CAIRN_DECIDE(note, write_note)
{
    CAIRN_EMIT(ret, note_written, .owner_id = command->owner_id, .text = command->text,
               .asker = given->actor.sub ? given->actor.sub : "nobody");
    return 0;
}
CAIRN_DECIDE(note, file_note)
{
    CAIRN_EMIT(ret, note_filed, .asker = given->actor.sub);
    return 0;
}
CAIRN_DECIDE(note, sign_note)
{
    CAIRN_EMIT(ret, note_filed,
               .asker = cairn_actor_has(&given->actor, "chief") ? "the chief" : given->actor.sub);
    return 0;
}
CAIRN_DECIDE(note, hint_note)
{
    CAIRN_EMIT(ret, note_written, .owner_id = CAIRN_UUID("01890000-0000-7000-8000-00000000aaaa"),
               .text = command->text, .asker = given->actor.sub ? given->actor.sub : "nobody");
    return 0;
}
CAIRN_DECIDER(note, .state_version = 1);

static void on_whoami(struct cairn_request *request, struct cairn_reply *reply)
{
    reply->status = 200;
    cairn_reply_print(reply, "{\"sub\":");
    cairn_reply_json(reply, request->actor.sub);
    cairn_reply_print(reply, "}");
}

static const struct cairn_route routes[] = {
    {.route = "GET /whoami", .handle = on_whoami, .allow = CAIRN_SIGNED_IN},
    {.route = "GET /open", .handle = on_whoami, .allow = CAIRN_ANYONE},
    {0},
};
static const struct cairn_service note_service = {
    .name = "note", .port = 8033, .deciders = {&note_decider}, .routes = routes};

#define ADA "01890000-0000-7000-8000-00000000000a"
#define BOB "01890000-0000-7000-8000-00000000000b"

/* ---- the issuer ---- */

static struct issuer issuer;
static struct signer *first, *second, *stranger;
static char *ada, *bob, *clerk, *chief;

static int set_up(void **state)
{
    (void)setenv("DATABASE_URL", getenv("CAIRN_TEST_ADMIN_URL"), 1);
    first = signer_ec("first", "P-256");
    second = signer_ec("second", "P-256");
    stranger = signer_ec("first", "P-256");
    issuer_start(&issuer);
    issuer_publish(&issuer, (struct signer *[]){first, NULL});
    ada = issuer_token(&issuer, first, ADA, "");
    bob = issuer_token(&issuer, first, BOB, "reader");
    clerk = issuer_token(&issuer, first, "01890000-0000-7000-8000-00000000000c", "reader clerk");
    chief = issuer_token(&issuer, first, "chief@example.com", "chief");
    (void)setenv("CAIRN_AUTH_ISSUER", issuer.url, 1);
    (void)setenv("CAIRN_AUTH_AUDIENCE", "shop", 1);
    return kit_setup(state);
}

static int tear_down(void **state)
{
    (void)state;
    (void)unsetenv("CAIRN_AUTH_ISSUER");
    (void)unsetenv("CAIRN_AUTH_AUDIENCE");
    (void)unsetenv("DATABASE_URL");
    issuer_stop(&issuer);
    signer_free(first);
    signer_free(second);
    signer_free(stranger);
    free(ada);
    free(bob);
    free(clerk);
    free(chief);
    return 0;
}

/* Sends the next request as the caller of this token. */
#define BEARER(token) HEADER("Authorization", PATH("Bearer %s", token))
#define NOTE(owner) "{\"owner_id\":\"" owner "\",\"text\":\"tea\"}"

/* ---- who is asked for a token ---- */

static void a_request_without_a_good_token_is_answered_with_a_challenge(void **state)
{
    (void)state;
    CAIRN_SERVING(note_service, NULL);
    WHEN_POST("/notes", NOTE(ADA));
    THEN_STATUS(401);
    THEN_HEADER("WWW-Authenticate", "Bearer realm=\"cairn\"");
    THEN_HEADER("Content-Type", "application/problem+json");
    THEN_BODY_HAS("/code", "unauthenticated");
    HEADER("Authorization", "Basic YWRhOnNlY3JldA==");
    WHEN_GET("/whoami");
    THEN_STATUS(401);
    THEN_BODY_HAS("/detail", "the Authorization is of another scheme: send Bearer, a space and the "
                             "token");
    char *forged = issuer_token(&issuer, stranger, ADA, "chief");
    BEARER(forged);
    WHEN_GET("/whoami");
    THEN_STATUS(401);
    THEN_HEADER("WWW-Authenticate", "Bearer realm=\"cairn\", error=\"invalid_token\", "
                                    "error_description=\"the token's signature is wrong\"");
    BEARER(forged);
    WHEN_GET("/open"); /* a token that is sent has to be good */
    THEN_STATUS(401);
    free(forged);
    BEARER(ada);
    HEADER("authorization", PATH("Bearer %s", bob));
    WHEN_GET("/whoami");
    THEN_STATUS(400);
    BEARER(ada);
    WHEN_GET("/whoami");
    THEN_BODY_HAS("/sub", ADA);
    HEADER("Authorization", PATH("bEARER %s", ada));
    WHEN_GET("/whoami");
    THEN_STATUS(200);
    WHEN_GET("/open");
    THEN_BODY_HAS("/sub", "null");
    BEARER(ada);
    WHEN_GET("/open");
    THEN_BODY_HAS("/sub", ADA);
}

static void what_says_how_a_process_is_stays_open_and_the_document_names_the_scheme(void **state)
{
    (void)state;
    CAIRN_SERVING(note_service, NULL);
    static const char *const paths[] = {"/healthz", "/readyz", "/metrics"};
    for (size_t i = 0; i < 3; i++) {
        WHEN_GET(paths[i]);
        THEN_STATUS(200);
    }
    WHEN_GET("/openapi.json");
    THEN_BODY_HAS("/components/securitySchemes/bearer/scheme", "bearer");
    THEN_BODY_HAS("/paths/~1notes/post/security/0/bearer", "[]");
    THEN_BODY_HAS("/paths/~1notes~1{id}~1file/post/description", "Allowed to clerk, or chief.");
    THEN_BODY_HAS("/paths/~1open/get/security/0", "{}");
    THEN_BODY_HAS("/paths/~1notes/post/responses/401/$ref", "#/components/responses/Problem401");
    WHEN_REQUEST("OPTIONS", "/notes", NULL);
    THEN_STATUS(204);
    WHEN_GET("/nothing");
    THEN_STATUS(404);
}

/* ---- policies of commands ---- */

static void a_role_is_asked_for_before_anything_is_read(void **state)
{
    (void)state;
    CAIRN_SERVING(note_service, NULL);
    BEARER(ada);
    WHEN_POST("/notes", NOTE(ADA));
    THEN_STATUS(201);
    const char *file = PATH("%s/file", LOCATION());
    BEARER(ada);
    WHEN_POST(file, "{}");
    THEN_STATUS(403);
    THEN_BODY_HAS("/code", "forbidden");
    THEN_BODY_HAS("/detail", "this takes the role clerk, chief, which the caller lacks");
    BEARER(bob);
    WHEN_POST(file, "{\"nonsense\":true}");
    THEN_STATUS(403);
    BEARER(clerk);
    WHEN_POST(file, "{}");
    THEN_STATUS(200);
    BEARER(chief);
    WHEN_POST(file, "{}");
    THEN_STATUS(200);
}

static void another_owners_stream_is_as_one_that_does_not_exist(void **state)
{
    (void)state;
    CAIRN_SERVING(note_service, NULL);
    BEARER(ada);
    WHEN_POST("/notes", NOTE(BOB));
    THEN_STATUS(403);
    THEN_BODY_HAS("/detail", "the caller may do this for itself only: owner_id has to be its "
                             "subject");
    BEARER(ada);
    WHEN_POST("/notes", NOTE(ADA));
    THEN_STATUS(201);
    const char *sign = PATH("%s/sign", LOCATION());
    const char *id = ANSWER("/stream");
    BEARER(bob);
    WHEN_POST(sign, "{}");
    THEN_STATUS(404);
    THEN_BODY_HAS("/detail", PATH("there is no %s", id));
    BEARER(bob);
    HEADER("If-Match", "\"7\""); /* no version is told either */
    WHEN_POST(sign, "{}");
    THEN_STATUS(404);
    BEARER(bob);
    HEADER("Idempotency-Key", "bobs-own");
    WHEN_POST(sign, "{}");
    THEN_STATUS(404);
    BEARER(clerk);
    WHEN_POST(sign, "{}");
    THEN_STATUS(404);
    BEARER(ada);
    WHEN_POST(sign, "{}");
    THEN_STATUS(200);
    BEARER(chief);
    WHEN_POST(sign, "{}");
    THEN_STATUS(200);
}

static void the_caller_is_in_the_decision_and_in_the_meta_of_each_event(void **state)
{
    (void)state;
    char url[512];
    char text[400];
    fixture_database(url, sizeof url);
    {
        CAIRN_SERVING(note_service, url);
        BEARER(ada);
        WHEN_POST("/notes", NOTE(ADA));
        THEN_STATUS(201);
        WHEN_POST("/hints", "{\"text\":\"no token\"}");
        THEN_STATUS(201);
        BEARER(bob);
        WHEN_POST("/hints", "{\"text\":\"a token\"}");
        THEN_STATUS(201);
        fixture_sql_text(url, "select (meta->'actor')::text from cairn.events where position = 1",
                         text, sizeof text);
        char wanted[400];
        (void)snprintf(wanted, sizeof wanted, "{\"sub\":\"" ADA "\",\"iss\":\"%s\"}", issuer.url);
        assert_string_equal(text, wanted);
        fixture_sql_text(url,
                         "select string_agg(coalesce(meta->'actor'->>'sub', '-') || ' ' || "
                         "(data->>'asker'), ',' order by position) from cairn.events",
                         text, sizeof text);
        assert_string_equal(text, ADA " " ADA ",- nobody," BOB " " BOB);
    }
    fixture_drop(url);
}

static void an_idempotency_key_belongs_to_its_caller(void **state)
{
    (void)state;
    CAIRN_SERVING(note_service, NULL);
    HEADER("Idempotency-Key", "\"the-same\"");
    BEARER(ada);
    WHEN_POST("/hints", "{\"text\":\"ada\"}");
    THEN_STATUS(201);
    const char *first_note = LOCATION();
    HEADER("Idempotency-Key", "\"the-same\"");
    BEARER(bob);
    WHEN_POST("/hints", "{\"text\":\"bob\"}"); /* with one key for all this would be 422 */
    THEN_STATUS(201);
    assert_string_not_equal(LOCATION(), first_note);
    HEADER("Idempotency-Key", "\"the-same\"");
    WHEN_POST("/hints", "{\"text\":\"ada\"}"); /* without a token the key is another one, too */
    THEN_STATUS(201);
    assert_string_not_equal(LOCATION(), first_note);
    HEADER("Idempotency-Key", "\"the-same\"");
    BEARER(ada);
    WHEN_POST("/hints", "{\"text\":\"ada\"}");
    THEN_STATUS(201);
    THEN_HEADER("Idempotency-Replayed", "true");
    assert_string_equal(LOCATION(), first_note);
    HEADER("Idempotency-Key", "\"the-same\"");
    BEARER(ada);
    WHEN_POST("/hints", "{\"text\":\"other\"}");
    THEN_STATUS(422);
    THEN_BODY_HAS("/code", "idempotency-key-reused");
}

/* ---- keys ---- */

/* Of either kind of route, on the polling thread and on a worker. */
static void a_request_with_a_new_key_waits_for_it_while_others_are_answered(void **state)
{
    (void)state;
    (void)setenv("CAIRN_AUTH_LEEWAY_S", "60", 1);
    issuer_publish(&issuer, (struct signer *[]){first, NULL});
    {
        CAIRN_SERVING(note_service, NULL);
        BEARER(ada);
        WHEN_GET("/whoami");
        THEN_STATUS(200);
        issuer_publish(&issuer, (struct signer *[]){first, second, NULL});
        char *rotated = issuer_token(&issuer, second, ADA, "");
        int64_t began_us = cairn_monotonic_us();
        BEARER(rotated);
        WHEN_GET("/whoami");
        THEN_BODY_HAS("/sub", ADA);
        assert_true(cairn_monotonic_us() - began_us < CAIRN_SECONDS(15));
        BEARER(rotated);
        WHEN_POST("/notes", NOTE(ADA));
        THEN_STATUS(201);
        BEARER(ada);
        WHEN_POST("/notes", NOTE(ADA));
        THEN_STATUS(201);
        free(rotated);
    }
    (void)unsetenv("CAIRN_AUTH_LEEWAY_S");
}

/* ---- what does not start ---- */

CAIRN_STRUCT(bare_done);
CAIRN_EVENTS(bare, EVENT(bare_done, "BareDone", 1));
CAIRN_STRUCT(open_bare);
CAIRN_STRUCT(shut_bare);
CAIRN_STRUCT(burn_bare);
CAIRN_COMMANDS(bare, COMMAND(open_bare, "POST /bares"),
               COMMAND(shut_bare, "POST /bares/{id}/shut", .allow = CAIRN_OWNER(bare, who)),
               COMMAND(burn_bare, "POST /bares/{id}/burn", .allow = CAIRN_OWNER(note, owner_id)));
CAIRN_STRUCT(bare, BOOL(shut));
CAIRN_EVOLVE(bare, bare_done)
{
}
CAIRN_DECIDE(bare, open_bare)
{
    return 0;
}
CAIRN_DECIDE(bare, shut_bare)
{
    return 0;
}
CAIRN_DECIDE(bare, burn_bare)
{
    return 0;
}
CAIRN_DECIDER(bare, .state_version = 1);
static const struct cairn_route bare_routes[] = {
    {.route = "GET /unsaid", .handle = on_whoami},
    {.route = "GET /mine", .handle = on_whoami, .allow = CAIRN_OWNER(bare, shut)},
    {0},
};

static void a_row_without_a_policy_stops_the_start_and_is_named(void **state)
{
    (void)state;
    static const struct {
        struct cairn_service service;
        bool required;
        const char *reason;
    } all[] = {
        {{.name = "a", .deciders = {&bare_decider}},
         true,
         "the command open_bare does not say who may use it, and CAIRN_AUTH is on: add .allow ="},
        {{.name = "b", .deciders = {&bare_decider}},
         false,
         "shut_bare: CAIRN_OWNER(bare, who): bare has no such member"},
        {{.name = "c", .routes = bare_routes}, true, "the route GET /unsaid does not say who"},
        {{.name = "d", .routes = bare_routes + 1},
         false,
         "the route GET /mine has CAIRN_OWNER(bare, shut): its function knows the owner"},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct cairn_error error = {0};
        const struct cairn_service *const services[] = {&all[i].service, NULL};
        assert_int_equal(cairn_policies_check(services, all[i].required, &error), -CAIRN_BUG);
        if (!strstr(error.message, all[i].reason))
            fail_msg("\"%s\" does not say \"%s\"", error.message, all[i].reason);
    }
    struct cairn_error error = {0};
    const struct cairn_service *const good[] = {&note_service, NULL};
    assert_int_equal(cairn_policies_check(good, true, &error), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_without_a_good_token_is_answered_with_a_challenge),
        cmocka_unit_test(what_says_how_a_process_is_stays_open_and_the_document_names_the_scheme),
        cmocka_unit_test(a_role_is_asked_for_before_anything_is_read),
        cmocka_unit_test(another_owners_stream_is_as_one_that_does_not_exist),
        cmocka_unit_test(the_caller_is_in_the_decision_and_in_the_meta_of_each_event),
        cmocka_unit_test(an_idempotency_key_belongs_to_its_caller),
        cmocka_unit_test(a_request_with_a_new_key_waits_for_it_while_others_are_answered),
        cmocka_unit_test(a_row_without_a_policy_stops_the_start_and_is_named),
    };
    return cmocka_run_group_tests_name("authentication", tests, set_up, tear_down);
}
