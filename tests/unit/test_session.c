/* test_session.c - what browsers keep for a service: sealed texts, cookies, and which requests are
 * of the pages. */
#include "../support/support.h"

#include "identity/session/web_session.h"
#include "identity/token/compact.h"

#include <stdio.h>
#include <string.h>

static struct cairn_arena arena;

static int tear_down(void **state)
{
    (void)state;
    cairn_arena_close(&arena);
    return 0;
}

static const uint8_t key[CAIRN_SEAL_KEY_BYTES] = {1, 2, 3};
static const uint8_t other_key[CAIRN_SEAL_KEY_BYTES] = {1, 2, 4};

static void what_is_sealed_opens_for_its_key_and_purpose_alone(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "a", "a token and another one 1700000000"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const char *sealed = cairn_seal(key, "session", texts[i], &arena);
        assert_string_equal(cairn_unseal(key, "session", sealed, &arena), texts[i]);
        assert_null(cairn_unseal(key, "sign-in", sealed, &arena));
        assert_null(cairn_unseal(other_key, "session", sealed, &arena));
        assert_string_not_equal(sealed, cairn_seal(key, "session", texts[i], &arena));
    }
}

static void no_neighbour_of_a_sealed_text_opens(void **state)
{
    (void)state;
    char changed[200];
    const char *sealed = cairn_seal(key, "session", "token refresh 17", &arena);
    size_t length = strlen(sealed);
    for (size_t i = 0; i < length; i++) {
        (void)snprintf(changed, sizeof changed, "%s", sealed);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        assert_null(cairn_unseal(key, "session", changed, &arena));
        changed[i] = '\0'; /* cut there */
        assert_null(cairn_unseal(key, "session", changed, &arena));
    }
    (void)snprintf(changed, sizeof changed, "%sA", sealed);
    assert_null(cairn_unseal(key, "session", changed, &arena));
    assert_null(cairn_unseal(key, "session", "not base64url!", &arena));
}

static void base64url_is_read_as_it_was_written(void **state)
{
    (void)state;
    uint8_t bytes[64] = {0};
    for (size_t count = 0; count <= sizeof bytes; count++) {
        size_t read = 0;
        for (size_t i = 0; i < count; i++)
            bytes[i] = (uint8_t)(i * 37 + count * 101);
        const char *text = cairn_base64url_write(bytes, count, &arena);
        const char *back = cairn_base64url_read(text, strlen(text), &arena, &read);
        assert_int_equal(read, count);
        if (count)
            assert_memory_equal(back, bytes, count);
    }
    assert_string_equal(cairn_base64url_write("\xfb\xff", 2, &arena), "-_8");
}

static struct cairn_sessions sessions_at(const char *origin)
{
    struct cairn_error error = {0};
    struct cairn_sessions sessions = {.origin = origin, .page = "/shop"};
    assert_int_equal(cairn_sessions_init(&sessions, "0123456789abcdef0123456789abcdef", &error), 0);
    return sessions;
}

/* Returns a Cookie header of what Set-Cookie says. */
static const char *cookie_of(const char *set_cookie)
{
    return cairn_print(&arena, "first=1; %.*s; last=2", (int)strcspn(set_cookie, ";"), set_cookie);
}

static void a_session_is_read_from_the_cookie_that_was_written(void **state)
{
    (void)state;
    const struct cairn_sessions sessions = sessions_at("https://shop.example.com");
    const struct cairn_session session = {"eyJ.a.b", "refresh", 1700000000};
    struct cairn_session read = {0};
    const char *set = cairn_session_write(&sessions, &session, &arena);
    assert_int_equal(strncmp(set, "__Host-cairn-session=", 21), 0);
    assert_non_null(strstr(set, "; Path=/; HttpOnly; SameSite=Strict; Secure"));
    assert_null(strstr(set, "eyJ"));
    assert_true(cairn_session_read(&sessions, cookie_of(set), &arena, &read));
    assert_string_equal(read.token, session.token);
    assert_string_equal(read.refresh, session.refresh);
    assert_int_equal(read.until_s, session.until_s);
    assert_false(cairn_session_read(&sessions, NULL, &arena, &read));
    assert_false(cairn_session_read(&sessions, "__Host-cairn-session=x", &arena, &read));
    assert_non_null(strstr(cairn_session_write(&sessions, NULL, &arena), "Max-Age=0"));
    const char *twice = cairn_print(&arena, "%s; %s", cookie_of(set), cookie_of(set));
    assert_false(cairn_session_read(&sessions, twice, &arena, &read));
}

static void a_cookie_is_found_by_its_whole_name(void **state)
{
    (void)state;
    static const char cookies[] = "ab=1; b=2;c=3; d=; cc=4";
    assert_string_equal(cairn_cookie_find(cookies, "b", &arena), "2");
    assert_string_equal(cairn_cookie_find(cookies, "c", &arena), "3");
    assert_string_equal(cairn_cookie_find(cookies, "d", &arena), "");
    assert_string_equal(cairn_cookie_find(cookies, "cc", &arena), "4");
    assert_null(cairn_cookie_find(cookies, "a", &arena));
    assert_null(cairn_cookie_find("b=1; b=2", "b", &arena));
    assert_null(cairn_cookie_find("", "b", &arena));
}

static void a_write_is_of_the_pages_by_its_origin(void **state)
{
    (void)state;
    const struct cairn_sessions sessions = sessions_at("http://localhost:8062");
    assert_false(sessions.is_secure);
    assert_true(cairn_session_may_act(&sessions, "GET", NULL));
    assert_true(cairn_session_may_act(&sessions, "HEAD", "https://example.com"));
    assert_true(cairn_session_may_act(&sessions, "POST", "http://localhost:8062"));
    static const char *const others[] = {NULL,
                                         "",
                                         "null",
                                         "http://localhost:80620",
                                         "http://localhost",
                                         "https://localhost:8062",
                                         "http://LOCALHOST:8062",
                                         "http://localhost:8062/"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(cairn_session_may_act(&sessions, "POST", others[i]));
}

static void an_origin_that_others_could_read_stops_the_start(void **state)
{
    (void)state;
    static const char *const wrong[] = {"http://shop.example.com", "https://shop.example.com/",
                                        "https://shop.example.com/shop", "shop.example.com",
                                        "ftp://localhost"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct cairn_error error = {0};
        struct cairn_sessions sessions = {.origin = wrong[i]};
        assert_int_equal(cairn_sessions_init(&sessions, "", &error), -CAIRN_CONFIG);
        assert_non_null(strstr(error.message, wrong[i]));
    }
    struct cairn_error error = {0};
    struct cairn_sessions sessions = {.origin = "https://shop.example.com"};
    assert_int_equal(cairn_sessions_init(&sessions, "too short", &error), -CAIRN_CONFIG);
    assert_null(strstr(error.message, "too short,"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(what_is_sealed_opens_for_its_key_and_purpose_alone, tear_down),
        cmocka_unit_test_teardown(no_neighbour_of_a_sealed_text_opens, tear_down),
        cmocka_unit_test_teardown(base64url_is_read_as_it_was_written, tear_down),
        cmocka_unit_test_teardown(a_session_is_read_from_the_cookie_that_was_written, tear_down),
        cmocka_unit_test_teardown(a_cookie_is_found_by_its_whole_name, tear_down),
        cmocka_unit_test_teardown(a_write_is_of_the_pages_by_its_origin, tear_down),
        cmocka_unit_test_teardown(an_origin_that_others_could_read_stops_the_start, tear_down),
    };
    return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
