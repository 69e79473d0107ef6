#include "api/route.h"

#include <stdio.h>

#include "testing/lw_test.h"

static api_router *router;
static char buffer[8192];
static lw_target target;
static api_arg args[API_ARGS_MAX];
static char why[400];

static int begin(void **state)
{
    (void)state;
    router = api_router_new();
    return router != NULL ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    api_router_free(router);
    return 0;
}

static const api_route *find(lw_http_method method, const char *text, unsigned *allowed)
{
    assert_ok(lw_target_parse(lw_bytes_str(text), buffer, &target));
    return api_route_find(method, &target, allowed);
}

static const char *no_header(const void *ctx, const char *name)
{
    (void)ctx, (void)name;
    return NULL;
}

static const char *that_header(const void *ctx, const char *name)
{
    (void)name;
    return ctx;
}

/* NULL, or what is wrong with the parameters of that GET. */
static const char *fault(const char *text)
{
    unsigned allowed;
    const api_route *route = find(LW_HTTP_GET, text, &allowed);
    assert_non_null(route);
    return api_route_args(router, route, &target, no_header, NULL, args, why, sizeof why);
}

#define assert_no_fault(text) assert_null(fault(text))
#define assert_fault(text, part)               \
    do {                                       \
        const char *told = fault(text);        \
        assert_non_null(told);                 \
        assert_non_null(strstr(told, (part))); \
    } while (0)

LW_TEST(a_route_is_found_by_method_and_path)
{
    unsigned allowed;
    assert_string_equal(find(LW_HTTP_GET, "/v1/devices", &allowed)->path, "/v1/devices");
    assert_string_equal(find(LW_HTTP_DELETE, "/v1/devices/x", &allowed)->path,
                        "/v1/devices/{endpoint}");
    assert_string_equal(find(LW_HTTP_PATCH, "/v1/devices/x/resources/3/0", &allowed)->path,
                        "/v1/devices/{endpoint}/resources/{path}");
}

LW_TEST(a_path_without_the_method_tells_which_it_has)
{
    unsigned allowed;
    assert_null(find(LW_HTTP_PUT, "/v1/devices", &allowed));
    assert_int_equal(allowed, 1u << LW_HTTP_GET);
    assert_null(find(LW_HTTP_OTHER, "/v1/tokens", &allowed));
    assert_int_equal(allowed, 1u << LW_HTTP_GET | 1u << LW_HTTP_POST);
}

LW_TEST(what_is_no_path_has_no_methods)
{
    unsigned allowed = 1;
    assert_null(find(LW_HTTP_GET, "/v2/devices", &allowed));
    assert_int_equal(allowed, 0);
    assert_null(find(LW_HTTP_GET, "/", &allowed));
    assert_null(find(LW_HTTP_GET, "/v1/devices/x/resources", &allowed));
    assert_null(find(LW_HTTP_GET, "/v1/server/more", &allowed));
}

LW_TEST(path_parameters_are_taken_with_their_slashes)
{
    assert_no_fault("/v1/devices/a%2Fb/resources/3/0/9");
    assert_bytes(args[0].text, "a/b");
    assert_bytes(args[1].text, "3/0/9");
    assert_no_fault("/v1/devices/x/resources/3%2F0");
    assert_bytes(args[1].text, "3/0");
}

LW_TEST(paths_are_ids)
{
    assert_fault("/v1/devices/x/resources/", "path must be");
    assert_fault("/v1/devices/x/resources/3/0/9/0/1", "path must be");
    assert_fault("/v1/devices/x/resources/device", "path must be");
    assert_fault("/v1/devices/x/resources/3//9", "path must be");
}

LW_TEST(query_parameters_have_their_type_and_range)
{
    assert_no_fault("/v1/devices?limit=1000&state=online,asleep&object=3");
    assert_int_equal(args[0].number, 1000);
    assert_false(args[1].is_given);
    assert_fault("/v1/devices?limit=1001", "limit must be a whole number from 1 to 1000");
    assert_fault("/v1/devices?limit=0", "limit");
    assert_fault("/v1/devices?limit=ten", "limit");
    assert_fault("/v1/devices?limit=", "limit");
    assert_fault("/v1/devices?state=awake", "state must be a text of the form");
    assert_fault("/v1/devices?q=", "q must be a text of 1 to 255 characters");
}

LW_TEST(flags_may_stand_alone)
{
    assert_no_fault("/v1/devices/x/resources/3?async&force=false");
    assert_true(args[5].is_given);
    assert_int_equal(args[5].number, 1);
    assert_int_equal(args[7].number, 0);
    assert_fault("/v1/devices/x/resources/3?async=yes", "async must be true or false");
}

LW_TEST(times_are_read)
{
    assert_no_fault("/v1/devices/x/history/3?from=2026-01-31T08:00:00Z");
    assert_true(args[2].number == 1769846400000);
    /* As the interface writes them: who goes on behind the last value gets no value twice. */
    assert_no_fault("/v1/devices/x/history/3?from=2026-01-31T08:00:00.250Z");
    assert_true(args[2].number == 1769846400250);
    assert_no_fault("/v1/devices/x/history/3?from=2026-01-31T09:00:00.0019%2B01:00");
    assert_true(args[2].number == 1769846400001);
    assert_fault("/v1/devices/x/history/3?from=yesterday", "from must be a time");
}

LW_TEST(a_length_counts_characters)
{
    char text[1100] = "/v1/devices/";
    for (int i = 0; i < 255; i++) {
        strcat(text, "\xc3\xa4");
    }
    assert_no_fault(text);
    strcat(text, "x");
    assert_fault(text, "endpoint must be a text of 1 to 255 characters");
}

LW_TEST(parameters_that_are_unknown_or_come_twice_are_refused)
{
    assert_fault("/v1/devices?lmit=1", "there is no parameter lmit here");
    assert_fault("/v1/devices?limit=1&limit=2", "the parameter limit is given twice");
    assert_fault("/v1/server?x", "there is no parameter x here");
    /* What is a header elsewhere is no parameter. */
    assert_fault("/v1/events?Last-Event-ID=1", "there is no parameter");
}

LW_TEST(headers_are_parameters)
{
    unsigned allowed;
    const api_route *route = find(LW_HTTP_GET, "/v1/events", &allowed);
    assert_null(api_route_args(router, route, &target, that_header, "17", args, why, sizeof why));
    assert_true(args[3].is_given);
    assert_bytes(args[3].text, "17");
    assert_non_null(
        api_route_args(router, route, &target, that_header, "x", args, why, sizeof why));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        CASE(a_route_is_found_by_method_and_path),
        CASE(a_path_without_the_method_tells_which_it_has),
        CASE(what_is_no_path_has_no_methods),
        CASE(path_parameters_are_taken_with_their_slashes),
        CASE(paths_are_ids),
        CASE(query_parameters_have_their_type_and_range),
        CASE(flags_may_stand_alone),
        CASE(times_are_read),
        CASE(a_length_counts_characters),
        CASE(parameters_that_are_unknown_or_come_twice_are_refused),
        CASE(headers_are_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
