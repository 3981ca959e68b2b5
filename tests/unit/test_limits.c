/* test_limits.c - token buckets, whom they count, hosts and origins. */
#include "../support/support.h"

#include "http/limits/buckets.h"
#include "http/limits/client_key.h"
#include "http/limits/hosts.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define SECOND INT64_C(1000000)
#define BEGIN (1000 * SECOND)

static struct cairn_client_key client(unsigned number)
{
    struct cairn_client_key key = {{0}};
    memcpy(key.bytes, &number, sizeof number);
    return key;
}

/* ---- buckets ---- */

static void a_bucket_gives_its_burst_then_its_rate(void **state)
{
    (void)state;
    struct cairn_buckets *buckets = cairn_buckets_open(10, 5);
    struct cairn_client_key ada = client(1);
    for (int i = 4; i >= 0; i--) {
        struct cairn_quota quota = cairn_buckets_take(buckets, &ada, BEGIN);
        assert_true(quota.taken);
        assert_int_equal(quota.remaining, i);
        assert_int_equal(quota.burst, 5);
        assert_int_equal(quota.window_s, 1);
    }
    struct cairn_quota empty = cairn_buckets_take(buckets, &ada, BEGIN);
    assert_false(empty.taken);
    assert_int_equal(empty.remaining, 0);
    assert_int_equal(empty.retry_in_s, 1);
    assert_false(cairn_buckets_take(buckets, &ada, BEGIN + SECOND / 10 - 1).taken);
    assert_true(cairn_buckets_take(buckets, &ada, BEGIN + SECOND / 10).taken);
    assert_false(cairn_buckets_take(buckets, &ada, BEGIN + SECOND / 10).taken);
    for (int i = 0; i < 5; i++) /* and is never fuller than full */
        assert_true(cairn_buckets_take(buckets, &ada, BEGIN + 3600 * SECOND).taken);
    assert_false(cairn_buckets_take(buckets, &ada, BEGIN + 3600 * SECOND).taken);
    cairn_buckets_close(buckets);
}

static void over_a_long_time_a_client_gets_its_rate_and_no_more(void **state)
{
    (void)state;
    static const int64_t rates[] = {1, 3, 7, 1000, 333333, 1000000};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct cairn_buckets *buckets = cairn_buckets_open(rates[i], 1);
        struct cairn_client_key ada = client(1);
        int64_t seconds = rates[i] < 100 ? 100 : 1;
        int64_t taken = 0, step = SECOND / rates[i] / 4 + 1;
        for (int64_t at = 0; at < seconds * SECOND; at += step)
            taken += cairn_buckets_take(buckets, &ada, BEGIN + at).taken;
        assert_true(taken <= seconds * rates[i] + 1);
        assert_true(taken >= seconds * rates[i] / 3); /* the steps do not meet each token's time */
        cairn_buckets_close(buckets);
    }
}

static void a_long_wait_is_told_in_seconds(void **state)
{
    (void)state;
    struct cairn_buckets *buckets = cairn_buckets_open(1, 60);
    struct cairn_client_key ada = client(1);
    struct cairn_quota quota = {0};
    for (int i = 0; i < 60; i++)
        quota = cairn_buckets_take(buckets, &ada, BEGIN);
    assert_true(quota.taken);
    assert_int_equal(quota.window_s, 60);
    assert_int_equal(quota.full_in_s, 60);
    assert_int_equal(cairn_buckets_take(buckets, &ada, BEGIN).retry_in_s, 1);
    cairn_buckets_close(buckets);
}

static void no_limit_has_no_table(void **state)
{
    (void)state;
    assert_null(cairn_buckets_open(0, 10));
    cairn_buckets_close(NULL);
}

static void a_client_does_not_take_from_another(void **state)
{
    (void)state;
    struct cairn_buckets *buckets = cairn_buckets_open(1, 1);
    for (unsigned i = 0; i < 1000; i++) {
        struct cairn_client_key one = client(i);
        assert_true(cairn_buckets_take(buckets, &one, BEGIN).taken);
    }
    for (unsigned i = 0; i < 1000; i++) {
        struct cairn_client_key one = client(i);
        assert_false(cairn_buckets_take(buckets, &one, BEGIN).taken);
    }
    cairn_buckets_close(buckets);
}

/* A client with an empty bucket keeps it while a million others come once each: those give way. */
static void clients_without_number_do_not_empty_the_table_of_those_that_are_limited(void **state)
{
    (void)state;
    struct cairn_buckets *buckets = cairn_buckets_open(10, 100);
    struct cairn_client_key ada = client(0);
    for (int i = 0; i < 100; i++)
        assert_true(cairn_buckets_take(buckets, &ada, BEGIN).taken);
    for (unsigned i = 1; i < 1000000; i++) {
        struct cairn_client_key other = client(i);
        assert_true(cairn_buckets_take(buckets, &other, BEGIN).taken);
    }
    assert_false(cairn_buckets_take(buckets, &ada, BEGIN).taken);
    cairn_buckets_close(buckets);
}

/* ---- addresses ---- */

static struct cairn_client_key key_of(const char *text, uint8_t address[static 16])
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return cairn_client_key_of((struct sockaddr *)&v4, address);
    assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    return cairn_client_key_of((struct sockaddr *)&v6, address);
}

static bool are_one(const char *first, const char *second)
{
    uint8_t address[16];
    struct cairn_client_key one = key_of(first, address);
    struct cairn_client_key other = key_of(second, address);
    return cairn_client_key_is(&one, &other);
}

static void an_address_of_ipv4_counts_alone_and_one_of_ipv6_by_its_network(void **state)
{
    (void)state;
    assert_true(are_one("10.0.0.1", "10.0.0.1"));
    assert_false(are_one("10.0.0.1", "10.0.0.2"));
    assert_true(are_one("10.0.0.1", "::ffff:10.0.0.1"));
    assert_true(are_one("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"));
    assert_false(are_one("2001:db8:1:2::1", "2001:db8:1:3::1"));
    assert_false(are_one("::1", "127.0.0.1"));
}

static void a_client_behind_proxies_is_the_one_that_the_last_trusted_one_saw(void **state)
{
    (void)state;
    static const struct {
        const char *proxies, *address, *forwarded, *client;
    } cases[] = {
        {"10.0.0.1", "10.0.0.1", "192.0.2.7", "192.0.2.7"},
        {"10.0.0.1", "10.0.0.1", NULL, "10.0.0.1"},
        {"10.0.0.1", "10.0.0.1", "", "10.0.0.1"},
        {"10.0.0.1", "10.0.0.2", "192.0.2.7", "10.0.0.2"}, /* not trusted */
        {"10.0.0.0/8", "10.9.9.9", "192.0.2.7", "192.0.2.7"},
        {"10.0.0.0/9", "10.200.0.1", "192.0.2.7", "10.200.0.1"},
        {"10.0.0.0/8", "10.0.0.1", "198.51.100.1, 192.0.2.7", "192.0.2.7"}, /* made up before */
        {"10.0.0.0/8", "10.0.0.1", "192.0.2.7, 10.0.0.2", "192.0.2.7"},     /* two proxies */
        {"10.0.0.0/8", "10.0.0.1", "192.0.2.7,\t10.0.0.2 ", "192.0.2.7"},
        {"10.0.0.0/8", "10.0.0.1", "evil, 10.0.0.2", "10.0.0.2"},
        {"10.0.0.0/8", "10.0.0.1", "192.0.2.7, unknown", "10.0.0.1"},
        {"10.0.0.0/8", "10.0.0.1", ",,,", "10.0.0.1"},
        {"fd00::/8, 10.0.0.1", "fd00::5", "2001:db8:1:2::9", "2001:db8:1:2::1"},
        {"0.0.0.0/0", "10.0.0.1", "192.0.2.7, 192.0.2.8", "192.0.2.7"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t address[16], wanted_address[16];
        (void)key_of(cases[i].address, address);
        struct cairn_client_key wanted = key_of(cases[i].client, wanted_address);
        struct cairn_proxies *proxies = cairn_proxies_open(cases[i].proxies);
        assert_non_null(proxies);
        struct cairn_client_key got = cairn_client_key_behind(proxies, address, cases[i].forwarded);
        cairn_proxies_close(proxies);
        if (!cairn_client_key_is(&wanted, &got))
            fail_msg("case %zu: not %s", i, cases[i].client);
    }
}

static bool is_list(const char *text)
{
    struct cairn_proxies *proxies = cairn_proxies_open(text);
    cairn_proxies_close(proxies);
    return proxies != NULL;
}

static void proxies_are_addresses_and_networks(void **state)
{
    (void)state;
    static const char *const right[] = {"", "10.0.0.1", "10.0.0.0/8,fd00::/8", " ::1 , 10.0.0.1/32",
                                        "::/0"};
    static const char *const wrong[] = {"proxy",      "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x",
                                        "fd00::/129", "10.0.0",      ",",         "10.0.0.1;::1"};
    for (size_t i = 0; i < sizeof right / sizeof *right; i++)
        assert_true(is_list(right[i]));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(is_list(wrong[i]));
}

static void callers_are_told_apart_by_issuer_and_subject(void **state)
{
    (void)state;
    const struct cairn_actor ada = {.sub = "ada", .iss = "https://id.example.com"};
    const struct cairn_actor bob = {.sub = "bob", .iss = "https://id.example.com"};
    const struct cairn_actor other = {.sub = "ada", .iss = "https://id.example.org"};
    const struct cairn_actor moved = {.sub = "maada", .iss = "https://id.example.co"};
    struct cairn_client_key keys[] = {
        cairn_client_key_of_actor(&ada), cairn_client_key_of_actor(&bob),
        cairn_client_key_of_actor(&other), cairn_client_key_of_actor(&moved)};
    for (size_t i = 1; i < sizeof keys / sizeof *keys; i++)
        assert_false(cairn_client_key_is(&keys[0], &keys[i]));
    struct cairn_client_key again = cairn_client_key_of_actor(&ada);
    assert_true(cairn_client_key_is(&keys[0], &again));
}

/* ---- hosts and origins ---- */

static void hosts_are_compared_with_their_ports_where_the_list_has_some(void **state)
{
    (void)state;
    static const char list[] = "shop.example.com, 10.0.0.5:8080,[::1]";
    static const char *const known[] = {
        "shop.example.com", "SHOP.example.com", "shop.example.com:80", "10.0.0.5:8080", "[::1]",
        "[::1]:8101"};
    static const char *const unknown[] = {"evil.example.com",
                                          "10.0.0.5",
                                          "10.0.0.5:8081",
                                          "shop.example.com.evil",
                                          "xshop.example.com",
                                          "",
                                          "shop.example.com@evil",
                                          "::1",
                                          "[::2]"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        assert_true(cairn_host_is_known(list, known[i]));
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        assert_false(cairn_host_is_known(list, unknown[i]));
    assert_false(cairn_host_is_known(list, NULL));
    assert_true(cairn_host_is_known("", "anything"));
    assert_true(cairn_host_is_known(NULL, NULL));
}

static void origins_are_whole(void **state)
{
    (void)state;
    static const char list[] = "https://shop.example.com,http://localhost:8060";
    assert_true(cairn_origin_is_allowed(list, "https://shop.example.com"));
    assert_true(cairn_origin_is_allowed(list, "http://localhost:8060"));
    assert_false(cairn_origin_is_allowed(list, "http://shop.example.com"));
    assert_false(cairn_origin_is_allowed(list, "https://shop.example.com.evil.org"));
    assert_false(cairn_origin_is_allowed(list, "https://shop.example.com:444"));
    assert_false(cairn_origin_is_allowed(list, "null"));
    assert_false(cairn_origin_is_allowed(list, NULL));
    assert_false(cairn_origin_is_allowed("", "https://shop.example.com"));
    assert_true(cairn_origin_is_allowed("*", "https://evil.example.com"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_gives_its_burst_then_its_rate),
        cmocka_unit_test(over_a_long_time_a_client_gets_its_rate_and_no_more),
        cmocka_unit_test(a_long_wait_is_told_in_seconds),
        cmocka_unit_test(no_limit_has_no_table),
        cmocka_unit_test(a_client_does_not_take_from_another),
        cmocka_unit_test(clients_without_number_do_not_empty_the_table_of_those_that_are_limited),
        cmocka_unit_test(an_address_of_ipv4_counts_alone_and_one_of_ipv6_by_its_network),
        cmocka_unit_test(a_client_behind_proxies_is_the_one_that_the_last_trusted_one_saw),
        cmocka_unit_test(proxies_are_addresses_and_networks),
        cmocka_unit_test(callers_are_told_apart_by_issuer_and_subject),
        cmocka_unit_test(hosts_are_compared_with_their_ports_where_the_list_has_some),
        cmocka_unit_test(origins_are_whole),
    };
    return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
