/* test_identity.c - keys that are fetched, rotate, are withdrawn, cannot be had; with a stand-in
 * for the issuer, over HTTP on the loopback. */
#include "../support/issuer.h"
#include "../support/support.h"

#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "identity/identity.h"
#include "identity/keys/discovery.h"
#include "identity/keys/key_fetch.h"

#include <cairn/value.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEADLINE_US CAIRN_SECONDS(20)

static struct {
    struct signer *first, *second, *third, *stranger;
} keys;

static int make_keys(void **state)
{
    (void)state;
    keys.first = signer_ec("first", "P-256");
    keys.second = signer_ec("second", "P-256");
    keys.third = signer_rsa("third", 2048);
    keys.stranger = signer_ec("stranger", "P-256");
    return 0;
}

static int free_keys(void **state)
{
    (void)state;
    signer_free(keys.first);
    signer_free(keys.second);
    signer_free(keys.third);
    signer_free(keys.stranger);
    return 0;
}

/* ---- calls that wait ---- */

struct call {
    struct cairn_identity_wait wait;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool done;
};

static void on_done(struct cairn_identity_wait *wait)
{
    struct call *call = wait->context;
    cairn_lock(&call->lock);
    call->done = true;
    cairn_cond_signal(&call->changed);
    cairn_unlock(&call->lock);
}

static void open_call(struct call *call)
{
    *call = (struct call){.wait = {.done = on_done, .context = call}};
    cairn_lock_init(&call->lock);
    cairn_cond_init(&call->changed);
}

static void await(struct call *call)
{
    int64_t until_us = cairn_monotonic_us() + DEADLINE_US;
    cairn_lock(&call->lock);
    while (!call->done)
        assert_true(cairn_cond_wait_until(&call->changed, &call->lock, until_us));
    call->done = false;
    cairn_unlock(&call->lock);
}

static void close_call(struct call *call)
{
    cairn_cond_destroy(&call->changed);
    cairn_lock_destroy(&call->lock);
}

/* Finds the caller as a request does: waits for keys as often as it is told to. */
static int find(struct cairn_identity *identity, const char *token, struct cairn_error *error)
{
    struct cairn_arena arena = {0};
    struct cairn_actor actor = {0};
    struct call call;
    int outcome;
    open_call(&call);
    while ((outcome = cairn_identity_find(identity, token, strlen(token), &arena, &call.wait,
                                          &actor, error)) == CAIRN_IDENTITY_WAITS)
        await(&call);
    if (outcome == 0)
        assert_string_equal(actor.sub, "ada");
    close_call(&call);
    cairn_arena_close(&arena);
    return outcome;
}

static void assert_found(struct cairn_identity *identity, const char *token)
{
    struct cairn_error error = {0};
    if (find(identity, token, &error) != 0)
        fail_msg("%s", error.message);
}

static void assert_refused(struct cairn_identity *identity, const char *token, int code,
                           const char *reason)
{
    struct cairn_error error = {0};
    assert_int_equal(find(identity, token, &error), -code);
    if (!strstr(error.message, reason))
        fail_msg("\"%s\" does not say \"%s\"", error.message, reason);
}

/* ---- the issuer and what follows it ---- */

struct scene {
    struct issuer issuer;
    struct cairn_identity *identity;
    char *old, *new, *strange; /* tokens by the first, the second, and a strange key */
};

static void open_scene(struct scene *scene, struct cairn_identity_options options)
{
    struct cairn_error error = {0};
    *scene = (struct scene){0};
    issuer_start(&scene->issuer);
    issuer_publish(&scene->issuer, (struct signer *[]){keys.first, NULL});
    options.rules = (struct cairn_bearer_rules){
        .issuer = scene->issuer.url, .audience = "shop", .roles_claim = "/roles"};
    assert_int_equal(cairn_identity_open(&options, &scene->identity, &error), 0);
    scene->old = issuer_token(&scene->issuer, keys.first, "ada", "clerk");
    scene->new = issuer_token(&scene->issuer, keys.second, "ada", "");
    scene->strange = issuer_token(&scene->issuer, keys.stranger, "ada", "");
}

static void close_scene(struct scene *scene)
{
    cairn_identity_close(scene->identity);
    issuer_stop(&scene->issuer);
    free(scene->old);
    free(scene->new);
    free(scene->strange);
}

static void the_first_token_waits_for_the_keys_of_the_issuer(void **state)
{
    (void)state;
    struct scene scene;
    struct cairn_error error = {0};
    open_scene(&scene, (struct cairn_identity_options){0});
    assert_found(scene.identity, scene.old);
    assert_found(scene.identity, scene.old);
    assert_int_equal(cairn_identity_ready(scene.identity, &error), 0);
    assert_int_equal(scene.issuer.asked, 1);
    close_scene(&scene);
}

static void a_new_key_is_found_and_no_token_of_either_key_fails(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, (struct cairn_identity_options){.ask_again_us = CAIRN_MILLISECONDS(50)});
    for (int i = 0; i < 20; i++) {
        assert_found(scene.identity, scene.old);
        issuer_publish(&scene.issuer,
                       (struct signer *[]){keys.first, keys.second, keys.third, NULL});
        assert_found(scene.identity, scene.new);
        issuer_publish(&scene.issuer, (struct signer *[]){keys.first, NULL});
        assert_refused(scene.identity, scene.strange, CAIRN_UNAUTHENTICATED, "stranger");
    }
    close_scene(&scene);
}

static void tokens_with_unknown_keys_ask_the_issuer_once_in_ten_seconds(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, (struct cairn_identity_options){0});
    assert_found(scene.identity, scene.old);
    struct cairn_error error = {0};
    struct cairn_arena arena = {0};
    struct cairn_actor actor;
    struct call call;
    int asked = scene.issuer.asked;
    open_call(&call);
    /* The first one waits until the issuer may be asked again; it would be asked in ten seconds. */
    assert_int_equal(cairn_identity_find(scene.identity, scene.strange, strlen(scene.strange),
                                         &arena, &call.wait, &actor, &error),
                     CAIRN_IDENTITY_WAITS);
    for (int i = 0; i < 200; i++) {
        cairn_error_reset(&error);
        assert_int_equal(cairn_identity_find(scene.identity, scene.new, strlen(scene.new), &arena,
                                             NULL, &actor, &error),
                         CAIRN_IDENTITY_WAITS);
        assert_found(scene.identity, scene.old);
    }
    assert_int_equal(scene.issuer.asked, asked);
    cairn_identity_stop(scene.identity);
    await(&call);
    close_call(&call);
    cairn_arena_close(&arena);
    close_scene(&scene);
}

/* Invariant (2): a token that names no key of the issuer waits once, then it is refused at once. */
static void a_token_with_an_unknown_key_waits_once_and_is_then_refused_at_once(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, (struct cairn_identity_options){.ask_again_us = CAIRN_SECONDS(2)});
    assert_refused(scene.identity, scene.strange, CAIRN_UNAUTHENTICATED,
                   "the token's key, stranger, is none of the issuer's");
    int asked = scene.issuer.asked;
    struct cairn_error error = {0};
    struct cairn_arena arena = {0};
    struct cairn_actor actor;
    for (int i = 0; i < 100; i++) {
        cairn_error_reset(&error);
        assert_int_equal(cairn_identity_find(scene.identity, scene.strange, strlen(scene.strange),
                                             &arena, NULL, &actor, &error),
                         -CAIRN_UNAUTHENTICATED);
    }
    assert_int_equal(scene.issuer.asked, asked);
    cairn_arena_close(&arena);
    close_scene(&scene);
}

static void an_issuer_that_is_away_does_not_matter_while_its_keys_are_known(void **state)
{
    (void)state;
    struct scene scene;
    struct cairn_error error = {0};
    open_scene(&scene, (struct cairn_identity_options){.ask_again_us = CAIRN_MILLISECONDS(50),
                                                       .refresh_us = CAIRN_MILLISECONDS(50)});
    assert_found(scene.identity, scene.old);
    scene.issuer.away = true;
    assert_refused(scene.identity, scene.new, CAIRN_UNAVAILABLE, "cannot be read");
    for (int i = 0; i < 100; i++)
        assert_found(scene.identity, scene.old);
    assert_int_equal(cairn_identity_ready(scene.identity, &error), 0);
    issuer_publish(&scene.issuer, (struct signer *[]){keys.first, keys.second, NULL});
    scene.issuer.away = false;
    cairn_error_reset(&error);
    int64_t until_us = cairn_monotonic_us() + DEADLINE_US;
    while (find(scene.identity, scene.new, &error) == -CAIRN_UNAVAILABLE) {
        assert_true(cairn_monotonic_us() < until_us);
        cairn_error_reset(&error);
    }
    assert_int_equal(error.code, CAIRN_OK);
    close_scene(&scene);
}

static void a_service_without_keys_is_not_ready_and_says_why(void **state)
{
    (void)state;
    struct scene scene;
    struct cairn_error error = {0};
    open_scene(&scene, (struct cairn_identity_options){0});
    assert_found(scene.identity, scene.old);
    cairn_identity_close(scene.identity);
    scene.issuer.away = true;
    const struct cairn_identity_options options = {
        .rules = {.issuer = scene.issuer.url, .audience = "shop"}};
    assert_int_equal(cairn_identity_open(&options, &scene.identity, &error), 0);
    assert_refused(scene.identity, scene.old, CAIRN_UNAVAILABLE, "cannot be read");
    assert_int_equal(cairn_identity_ready(scene.identity, &error), -CAIRN_UNAVAILABLE);
    assert_non_null(strstr(error.message, "the issuer's keys are not known"));
    close_scene(&scene);
}

/* Waits until the token gets this outcome. */
static void await_outcome(struct cairn_identity *identity, const char *token, int outcome)
{
    int64_t until_us = cairn_monotonic_us() + DEADLINE_US;
    struct cairn_error error = {0};
    while (find(identity, token, &error) != outcome) {
        assert_true(cairn_monotonic_us() < until_us);
        cairn_error_reset(&error);
    }
}

static void a_key_that_was_withdrawn_is_not_used_also_for_tokens_that_were_verified(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, (struct cairn_identity_options){.ask_again_us = CAIRN_MILLISECONDS(50),
                                                       .refresh_us = CAIRN_MILLISECONDS(50)});
    assert_found(scene.identity, scene.old);
    issuer_publish(&scene.issuer, (struct signer *[]){keys.second, NULL});
    await_outcome(scene.identity, scene.old, -CAIRN_UNAUTHENTICATED);
    assert_found(scene.identity, scene.new);
    close_scene(&scene);
}

static void documents_that_do_not_fit_are_named_and_change_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *configuration, *reason;
    } all[] = {
        {"{\"issuer\":\"https://evil.example\",\"jwks_uri\":\"https://evil.example/keys\"}",
         "is of the issuer https://evil.example"},
        {"{\"jwks_uri\":\"https://evil.example/keys\"}", "is of the issuer (none)"},
        {"<html>", "is of the issuer (none)"},
        {"{\"issuer\":\"%s\",\"jwks_uri\":\"http://keys.example/\"}", "https, or http on this"},
        {"{\"issuer\":\"%s\",\"jwks_uri\":\"http://127.0.0.1@keys.example/\"}", "https, or http"},
        {"{\"issuer\":\"%s\",\"jwks_uri\":\"file:///etc/passwd\"}", "https, or http on this"},
        {"{\"issuer\":\"%s\"}", "the jwks_uri (none)"},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct scene scene;
        struct cairn_error error = {0};
        char json[400];
        open_scene(&scene, (struct cairn_identity_options){0});
        cairn_identity_close(scene.identity);
        const char *at = strstr(all[i].configuration, "%s");
        (void)snprintf(json, sizeof json, "%.*s%s%s",
                       at ? (int)(at - all[i].configuration) : (int)strlen(all[i].configuration),
                       all[i].configuration, at ? scene.issuer.url : "", at ? at + 2 : "");
        issuer_configure(&scene.issuer, json);
        const struct cairn_identity_options options = {
            .rules = {.issuer = scene.issuer.url, .audience = "shop"}};
        assert_int_equal(cairn_identity_open(&options, &scene.identity, &error), 0);
        assert_refused(scene.identity, scene.old, CAIRN_UNAVAILABLE, all[i].reason);
        close_scene(&scene);
    }
}

static void more_calls_than_may_wait_are_told_so(void **state)
{
    (void)state;
    struct scene scene;
    struct cairn_arena arena = {0};
    struct cairn_error error = {0};
    struct cairn_actor actor;
    struct call calls[3];
    open_scene(&scene, (struct cairn_identity_options){.waiting_max = 2});
    assert_found(scene.identity, scene.old);
    for (int i = 0; i < 3; i++) {
        open_call(&calls[i]);
        assert_int_equal(cairn_identity_find(scene.identity, scene.new, strlen(scene.new), &arena,
                                             &calls[i].wait, &actor, &error),
                         i < 2 ? CAIRN_IDENTITY_WAITS : -CAIRN_UNAVAILABLE);
    }
    assert_string_equal(error.message, "2 requests wait already for keys of the issuer");
    cairn_identity_stop(scene.identity);
    for (int i = 0; i < 3; i++) {
        if (i < 2)
            await(&calls[i]);
        close_call(&calls[i]);
    }
    assert_refused(scene.identity, scene.new, CAIRN_UNAVAILABLE, "stopping");
    cairn_arena_close(&arena);
    close_scene(&scene);
}

/* ---- many threads ---- */

struct caller {
    struct scene *scene;
    pthread_t thread;
    _Atomic bool *stop;
    int calls, failures;
};

static void *call_on(void *context)
{
    struct caller *caller = context;
    while (!*caller->stop) {
        struct cairn_error error = {0};
        const char *token = caller->calls++ % 2 ? caller->scene->old : caller->scene->new;
        caller->failures += find(caller->scene->identity, token, &error) != 0;
    }
    return NULL;
}

static void keys_rotate_under_load_without_a_failed_call(void **state)
{
    (void)state;
    struct scene scene;
    struct caller callers[4];
    _Atomic bool stop = false;
    open_scene(&scene, (struct cairn_identity_options){.refresh_us = CAIRN_MILLISECONDS(20)});
    issuer_publish(&scene.issuer, (struct signer *[]){keys.first, keys.second, NULL});
    await_outcome(scene.identity, scene.new, 0);
    for (size_t i = 0; i < 4; i++) {
        callers[i] = (struct caller){.scene = &scene, .stop = &stop};
        assert_int_equal(pthread_create(&callers[i].thread, NULL, call_on, &callers[i]), 0);
    }
    int64_t until_us = cairn_monotonic_us() + DEADLINE_US;
    for (int i = 0; i < 20; i++) { /* each set is fetched, before the next one is published */
        int asked = scene.issuer.asked;
        issuer_publish(&scene.issuer,
                       i % 2 ? (struct signer *[]){keys.first, keys.second, NULL}
                             : (struct signer *[]){keys.second, keys.third, keys.first, NULL});
        while (scene.issuer.asked < asked + 2)
            assert_true(cairn_monotonic_us() < until_us);
    }
    stop = true;
    int calls = 0;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(callers[i].thread, NULL), 0);
        assert_int_equal(callers[i].failures, 0);
        calls += callers[i].calls;
    }
    assert_true(calls > 100);
    close_scene(&scene);
}

/* ---- a file of keys ---- */

#define NAME "https://id.example.com"

static void write_keys(const char *path, const char *text)
{
    char other[200];
    (void)snprintf(other, sizeof other, "%s.new", path);
    FILE *file = fopen(other, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(other, path), 0);
}

static void
a_file_of_keys_is_read_again_when_it_changes_and_a_broken_one_changes_nothing(void **state)
{
    (void)state;
    char path[] = "/tmp/cairn-keys-XXXXXX";
    int made = mkstemp(path);
    assert_true(made >= 0);
    (void)close(made);
    struct cairn_identity *identity = NULL;
    struct cairn_error error = {0};
    const struct cairn_identity_options options = {.rules = {.issuer = NAME, .audience = "shop"},
                                                   .keys_file = path};
    assert_int_equal(cairn_identity_open(&options, &identity, &error), -CAIRN_CONFIG);
    assert_non_null(strstr(error.message, path));

    char *one = issuer_key_set((struct signer *[]){keys.first, NULL});
    char *two = issuer_key_set((struct signer *[]){keys.second, NULL});
    char *old = issuer_token_as(NAME, keys.first, "ada", "");
    char *new = issuer_token_as(NAME, keys.second, "ada", "");
    write_keys(path, one);
    cairn_error_reset(&error);
    assert_int_equal(cairn_identity_open(&options, &identity, &error), 0);
    assert_found(identity, old);
    assert_refused(identity, new, CAIRN_UNAUTHENTICATED, "none of the issuer's");
    write_keys(path, "{\"keys\":[");
    await_outcome(identity, new, -CAIRN_UNAVAILABLE);
    assert_found(identity, old);
    write_keys(path, two);
    await_outcome(identity, new, 0);
    assert_refused(identity, old, CAIRN_UNAUTHENTICATED, "none of the issuer's");
    cairn_identity_close(identity);
    (void)unlink(path);
    free(one);
    free(two);
    free(old);
    free(new);
}

static void keys_are_fetched_by_https_or_from_this_machine_only(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        bool safe;
    } all[] = {
        {"https://id.example.com", true},
        {"https://id.example.com:8443/realms/a", true},
        {"http://127.0.0.1", true},
        {"http://127.0.0.1:5556/dex", true},
        {"http://LOCALHOST:1/", true},
        {"http://[::1]:5556", true},
        {"http://id.example.com", false},
        {"http://127.0.0.1.example.com", false},
        {"http://localhost.example.com/", false},
        {"http://127.0.0.1@example.com/", false},
        {"https://user:secret@example.com/", false},
        {"https://", false},
        {"https:///path", false},
        {"ftp://127.0.0.1/", false},
        {"file:///etc/passwd", false},
        {"127.0.0.1", false},
        {"", false},
        {"http://127.0.0.1\\@example.com/", false},
        {"https://id.example.com/ x", false},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (cairn_issuer_url_is_safe(all[i].url) != all[i].safe)
            fail_msg("%s", all[i].url);
    }
    struct cairn_identity *identity = NULL;
    struct cairn_error error = {0};
    const struct cairn_identity_options options = {
        .rules = {.issuer = "http://id.example.com", .audience = "shop"}};
    assert_int_equal(cairn_identity_open(&options, &identity, &error), -CAIRN_CONFIG);
    assert_non_null(strstr(error.message, "http://id.example.com: https, or http on this machine"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_token_waits_for_the_keys_of_the_issuer),
        cmocka_unit_test(a_new_key_is_found_and_no_token_of_either_key_fails),
        cmocka_unit_test(tokens_with_unknown_keys_ask_the_issuer_once_in_ten_seconds),
        cmocka_unit_test(a_token_with_an_unknown_key_waits_once_and_is_then_refused_at_once),
        cmocka_unit_test(an_issuer_that_is_away_does_not_matter_while_its_keys_are_known),
        cmocka_unit_test(a_service_without_keys_is_not_ready_and_says_why),
        cmocka_unit_test(a_key_that_was_withdrawn_is_not_used_also_for_tokens_that_were_verified),
        cmocka_unit_test(documents_that_do_not_fit_are_named_and_change_nothing),
        cmocka_unit_test(more_calls_than_may_wait_are_told_so),
        cmocka_unit_test(keys_rotate_under_load_without_a_failed_call),
        cmocka_unit_test(
            a_file_of_keys_is_read_again_when_it_changes_and_a_broken_one_changes_nothing),
        cmocka_unit_test(keys_are_fetched_by_https_or_from_this_machine_only),
    };
    return cmocka_run_group_tests_name("identity", tests, make_keys, free_keys);
}
