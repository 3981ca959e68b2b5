/* test_text.c - typing errors, UTF-8 and percent-encoding. */
#include "../support/support.h"

#include "core/text/text.h"

#include <string.h>

static void typing_errors_are_one_character_away_or_two_in_a_long_word(void **state)
{
    (void)state;
    static const struct {
        const char *text, *word;
        bool mistyped;
    } cases[] = {
        {"status", "status", false}, /* is the word */
        {"statu", "status", true},
        {"statuss", "status", true},
        {"stetus", "status", true},
        {"stauts", "status", true}, /* neighbours that changed places count once */
        {"sttaus", "status", true},
        {"tsauts", "status", false},
        {"stat", "status", false},
        {"HTTP_WOKRER", "HTTP_WORKERS", true}, /* two errors in a long word */
        {"HTTP_WOKRE", "HTTP_WORKERS", false},
        {"BUILD", "BIND", false},
        {"sta", "status", false}, /* too short to tell */
        {"read", "tail", false},
        {"reed", "read", true},
        {"CAIRN_HTTP_WOKRERS", "CAIRN_HTTP_WORKERS", true},
        {"CAIRN_STREAMS_MAX", "CAIRN_CACHE_MAX", false},
        {"", "status", false},
        {"status", "", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (cairn_is_mistyped(cases[i].text, cases[i].word) != cases[i].mistyped ||
            cairn_is_mistyped(cases[i].word, cases[i].text) != cases[i].mistyped)
            fail_msg("%s, %s: not %d", cases[i].text, cases[i].word, cases[i].mistyped);
    }
}

static void words_of_any_length_are_compared(void **state)
{
    (void)state;
    char word[80];
    char text[80];
    for (size_t bytes = 4; bytes < sizeof word; bytes++) {
        memset(word, 'w', bytes);
        word[bytes] = '\0';
        memcpy(text, word, bytes + 1);
        text[bytes / 2] = 'x';
        assert_int_equal(cairn_is_mistyped(text, word), bytes <= 63);
    }
}

static void a_character_is_read_as_unicode_defines_it(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t bytes;
        bool valid;
    } cases[] = {
        {"a", 1, true},
        {"\xC3\xA9", 2, true},
        {"\xE2\x82\xAC", 3, true},
        {"\xF0\x9F\x98\x80", 4, true},
        {"\xC0\x80", 1, false},         /* overlong */
        {"\xED\xA0\x80", 1, false},     /* a surrogate */
        {"\xF4\x90\x80\x80", 1, false}, /* above U+10FFFF */
        {"\xE2\x82", 2, false},         /* ends early */
        {"\x80", 1, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool valid = !cases[i].valid;
        assert_int_equal(cairn_utf8_read(cases[i].text, &valid), cases[i].bytes);
        assert_int_equal(valid, cases[i].valid);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(typing_errors_are_one_character_away_or_two_in_a_long_word),
        cmocka_unit_test(words_of_any_length_are_compared),
        cmocka_unit_test(a_character_is_read_as_unicode_defines_it),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
