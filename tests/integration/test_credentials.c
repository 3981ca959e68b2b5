/* test_credentials.c - the token that a service acts by: asked for once, renewed in time, read from
 * a file; with a stand-in for the issuer. */
#include "../support/fixture.h"
#include "../support/issuer.h"
#include "../support/support.h"

#include "core/threads/clock.h"
#include "identity/credentials/own_token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct issuer issuer;
static struct signer *signer;

static int set_up(void **state)
{
    (void)state;
    signer = signer_ec("first", "P-256");
    issuer_start(&issuer);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    issuer_stop(&issuer);
    signer_free(signer);
    return 0;
}

static struct cairn_own_token_options options(void)
{
    return (struct cairn_own_token_options){.request = {.issuer = issuer.url,
                                                        .grant_type = "client_credentials",
                                                        .client_id = "bells",
                                                        .client_secret = "s%cret:"}};
}

static struct cairn_own_token *open_with(const struct cairn_own_token_options *options)
{
    struct cairn_own_token *ret = NULL;
    struct cairn_error error = {0};
    if (cairn_own_token_open(options, &ret, &error) < 0)
        fail_msg("%s", error.message);
    return ret;
}

/* Copies the token to `ret`. */
static int ask(struct cairn_own_token *credentials, int64_t wait_us, char ret[static 4096],
               struct cairn_error *error)
{
    struct cairn_arena arena = {0};
    const char *token = "";
    int failed =
        cairn_own_token_get(credentials, cairn_monotonic_us() + wait_us, &arena, &token, error);
    (void)snprintf(ret, 4096, "%s", token);
    cairn_arena_close(&arena);
    return failed;
}

static void get(struct cairn_own_token *credentials, char ret[static 4096])
{
    struct cairn_error error = {0};
    if (ask(credentials, CAIRN_SECONDS(20), ret, &error) < 0)
        fail_msg("%s", error.message);
}

struct change {
    struct cairn_own_token *credentials;
    const char *from;
    bool was_without;
};

/* Each look also checks that there is a token at once. */
static bool has_changed(void *context)
{
    struct change *change = context;
    char token[4096];
    change->was_without = change->was_without || ask(change->credentials, 0, token, NULL) < 0;
    return strcmp(token, change->from) != 0;
}

static void a_token_is_asked_for_once_and_renewed_before_it_expires(void **state)
{
    (void)state;
    char first[4096], second[4096];
    issuer_serve(&issuer, signer, "", 6);
    const struct cairn_own_token_options with = options();
    struct cairn_own_token *credentials = open_with(&with);
    get(credentials, first);
    for (int i = 0; i < 100; i++) {
        get(credentials, second);
        assert_string_equal(first, second);
    }
    assert_int_equal(atomic_load(&issuer.given), 1);
    struct change change = {credentials, first, false};
    fixture_wait(has_changed, &change, 6000, "the token to be renewed");
    assert_false(change.was_without);
    assert_int_equal(atomic_load(&issuer.given), 2);
    cairn_own_token_close(credentials);
}

static bool was_asked_in_vain(void *context)
{
    return atomic_load(&issuer.server.connections) > *(const int *)context + 2;
}

static bool has_none(void *context)
{
    char token[4096];
    return ask(context, 0, token, NULL) < 0;
}

static void an_issuer_that_is_away_does_not_matter_while_the_token_is_good(void **state)
{
    (void)state;
    char first[4096], token[4096];
    struct cairn_error error = {0};
    issuer_serve(&issuer, signer, "", 10);
    const struct cairn_own_token_options with = options();
    struct cairn_own_token *credentials = open_with(&with);
    get(credentials, first);
    issuer.away = true;
    int before = atomic_load(&issuer.server.connections);
    fixture_wait(was_asked_in_vain, &before, 10000, "the issuer to be asked in vain");
    get(credentials, token);
    assert_string_equal(first, token);
    fixture_wait(has_none, credentials, 10000, "the token to expire");
    assert_int_equal(ask(credentials, 0, token, &error), -CAIRN_UNAVAILABLE);
    assert_non_null(strstr(error.message, "this service has no token for its calls: "));
    assert_in_range(atomic_load(&issuer.server.connections) - before, 1, 40); /* not in a loop */
    issuer.away = false;
    get(credentials, token);
    assert_string_not_equal(first, token);
    cairn_own_token_close(credentials);
}

static bool is_refused(void *context)
{
    char token[4096];
    struct cairn_error error = {0};
    assert_int_equal(ask(context, 0, token, &error), -CAIRN_UNAVAILABLE);
    return strstr(error.message,
                  "/token gives the client bells no token: invalid_client, a ?[31mstranger");
}

static void a_client_that_is_refused_is_told_why(void **state)
{
    (void)state;
    issuer_serve(&issuer, signer, "", 10);
    struct cairn_own_token_options with = options();
    with.request.client_secret = "guessed";
    struct cairn_own_token *credentials = open_with(&with);
    fixture_wait(is_refused, credentials, 10000, "the issuer's reason");
    cairn_own_token_close(credentials);
}

static void a_token_that_a_service_refused_is_replaced_but_not_each_time(void **state)
{
    (void)state;
    char first[4096];
    issuer_serve(&issuer, signer, "", 3600);
    struct cairn_own_token_options with = options();
    with.replace_us = CAIRN_SECONDS(1);
    struct cairn_own_token *credentials = open_with(&with);
    get(credentials, first);
    for (int i = 0; i < 50; i++)
        cairn_own_token_refused(credentials, first);
    struct change change = {credentials, first, false};
    fixture_wait(has_changed, &change, 10000, "the token to be replaced");
    assert_false(change.was_without);
    cairn_own_token_refused(credentials, first); /* that is another one now */
    assert_int_equal(atomic_load(&issuer.given), 2);
    cairn_own_token_close(credentials);
}

/* ---- a file ---- */

static void write_file(const char *path, const char *text)
{
    char beside[100];
    (void)snprintf(beside, sizeof beside, "%s.new", path);
    FILE *file = fopen(beside, "w");
    assert_non_null(file);
    (void)fputs(text, file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(beside, path), 0);
}

static void a_token_in_a_file_is_read_again_when_it_is_replaced(void **state)
{
    (void)state;
    char path[] = "/tmp/cairn-token-XXXXXX";
    char token[4096];
    struct cairn_error error = {0};
    int file = mkstemp(path);
    assert_true(file >= 0);
    (void)close(file);
    const struct cairn_own_token_options with = {.token_file = path};
    struct cairn_own_token *credentials = NULL;
    assert_int_equal(cairn_own_token_open(&with, &credentials, &error), -CAIRN_CONFIG);
    assert_non_null(strstr(error.message, "has no bearer token in its first line"));
    write_file(path, "first.token\n");
    credentials = open_with(&with);
    get(credentials, token);
    assert_string_equal(token, "first.token");
    struct change change = {credentials, "first.token", false};
    write_file(path, "no token at all");
    write_file(path, "second.token");
    fixture_wait(has_changed, &change, 10000, "the file to be read again");
    get(credentials, token);
    assert_string_equal(token, "second.token");
    assert_int_equal(unlink(path), 0);
    cairn_own_token_refused(credentials, token);
    get(credentials, token); /* a file that is gone takes nothing away */
    assert_string_equal(token, "second.token");
    cairn_own_token_close(credentials);
}

/* The issuer refuses the secret that the file has at first, as after a rotation at its side. */
static void a_secret_in_a_file_is_read_again_when_it_is_replaced(void **state)
{
    (void)state;
    char path[] = "/tmp/cairn-secret-XXXXXX";
    char token[4096];
    int file = mkstemp(path);
    assert_true(file >= 0);
    (void)close(file);
    issuer_serve(&issuer, signer, "", 10);
    struct cairn_own_token_options with = options();
    with.request.client_secret = "guessed";
    with.request.client_secret_file = path;
    write_file(path, "guessed\n");
    struct cairn_own_token *credentials = open_with(&with);
    fixture_wait(is_refused, credentials, 10000, "the issuer's reason");
    write_file(path, "");
    write_file(path, "s%cret:\n");
    get(credentials, token);
    assert_int_equal(unlink(path), 0);
    cairn_own_token_close(credentials);
}

static void a_token_is_asked_for_over_https_or_on_this_machine_only(void **state)
{
    (void)state;
    struct cairn_error error = {0};
    struct cairn_own_token *credentials = NULL;
    struct cairn_own_token_options with = options();
    with.request.issuer = "http://id.example.com";
    assert_int_equal(cairn_own_token_open(&with, &credentials, &error), -CAIRN_CONFIG);
    assert_non_null(strstr(error.message, "no token can be asked for at http://id.example.com"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_token_is_asked_for_once_and_renewed_before_it_expires),
        TEST(an_issuer_that_is_away_does_not_matter_while_the_token_is_good),
        TEST(a_client_that_is_refused_is_told_why),
        TEST(a_token_that_a_service_refused_is_replaced_but_not_each_time),
        TEST(a_token_in_a_file_is_read_again_when_it_is_replaced),
        TEST(a_secret_in_a_file_is_read_again_when_it_is_replaced),
        TEST(a_token_is_asked_for_over_https_or_on_this_machine_only),
    };
    return cmocka_run_group_tests_name("a service's own token", tests, NULL, NULL);
}
