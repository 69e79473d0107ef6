#include "api/route.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/gen/routes.h"
#include "base/num.h"
#include "codec/date.h"

struct api_router {
    regex_t patterns[API_PATTERN_COUNT];
    size_t count; /* compiled */
};

api_router *api_router_new(void)
{
    api_router *router = calloc(1, sizeof *router);
    if (router == NULL) {
        return NULL;
    }
    for (; router->count < API_PATTERN_COUNT; router->count++) {
        if (regcomp(&router->patterns[router->count], api_patterns[router->count],
                    REG_EXTENDED | REG_NOSUB) != 0) {
            api_router_free(router);
            return NULL;
        }
    }
    return router;
}

void api_router_free(api_router *router)
{
    if (router == NULL) {
        return;
    }
    for (size_t i = 0; i < router->count; i++) {
        regfree(&router->patterns[i]);
    }
    free(router);
}

/* ---- Finding -------------------------------------------------------------------------------- */

static bool has_path(const api_route *route, const lw_target *target)
{
    if (target->segment_count < route->segment_count ||
        (!route->rest && target->segment_count > route->segment_count)) {
        return false;
    }
    for (size_t i = 0; i < route->segment_count; i++) {
        if (route->segments[i] != NULL && !lw_bytes_is(target->segments[i], route->segments[i])) {
            return false;
        }
    }
    return true;
}

const api_route *api_route_find(lw_http_method method, const lw_target *target,
                                unsigned *out_allowed)
{
    *out_allowed = 0;
    for (size_t i = 0; i < API_ROUTE_COUNT; i++) {
        const api_route *route = &api_routes[i];
        if (!has_path(route, target)) {
            continue;
        }
        if (route->method == method) {
            return route;
        }
        *out_allowed |= 1u << route->method;
    }
    return NULL;
}

/* ---- Parameters ----------------------------------------------------------------------------- */

static size_t count_characters(lw_bytes text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++) {
        count += (text.ptr[i] & 0xc0) != 0x80;
    }
    return count;
}

static bool is_legal_text(const api_router *router, const api_param *param, lw_bytes text)
{
    char copy[4097];
    size_t count = count_characters(text);
    if (count < (size_t)param->min || count > (size_t)param->max || text.len >= sizeof copy) {
        return false;
    }
    if (param->pattern < 0) {
        return true;
    }
    if (text.len > 0) {
        memcpy(copy, text.ptr, text.len);
    }
    copy[text.len] = '\0';
    return regexec(&router->patterns[param->pattern], copy, 0, NULL, 0) == 0;
}

bool api_time_parse(lw_bytes text, int64_t *out_ms)
{
    int64_t seconds;
    if (lw_date_parse(text, &seconds) != LW_OK) {
        return false;
    }
    int64_t ms = 0, weight = 100;
    const uint8_t *at = memchr(text.ptr, '.', text.len);
    for (at = at != NULL ? at + 1 : at; at != NULL && lw_num_is_digit(*at); at++, weight /= 10) {
        ms += (*at - '0') * weight;
    }
    *out_ms = seconds * 1000 + ms;
    return true;
}

static bool read_arg(const api_router *router, const api_param *param, api_arg *arg)
{
    switch (param->kind) {
    case API_INTEGER:
        return lw_num_parse_int64(arg->text, &arg->number) == LW_OK && arg->number >= param->min &&
               arg->number <= param->max;
    case API_BOOLEAN:
        arg->number = arg->text.len == 0 || lw_bytes_is(arg->text, "true");
        return arg->number != 0 || lw_bytes_is(arg->text, "false");
    case API_TIME:
        return api_time_parse(arg->text, &arg->number);
    default:
        return is_legal_text(router, param, arg->text);
    }
}

static void expect_text(const api_param *param, char *out, size_t len)
{
    switch (param->kind) {
    case API_INTEGER:
        snprintf(out, len, "a whole number from %lld to %lld", (long long)param->min,
                 (long long)param->max);
        break;
    case API_BOOLEAN:
        snprintf(out, len, "true or false");
        break;
    case API_TIME:
        snprintf(out, len, "a time such as 2026-01-31T08:00:00Z");
        break;
    default:
        if (param->pattern >= 0) {
            snprintf(out, len, "a text of the form %s", api_patterns[param->pattern]);
        } else {
            snprintf(out, len, "a text of %lld to %lld characters", (long long)param->min,
                     (long long)param->max);
        }
    }
}

/* Every item of the query must be a parameter, once. */
static const char *check_query(const api_route *route, const lw_target *target, char *why,
                               size_t why_len)
{
    for (size_t i = 0; i < target->item_count; i++) {
        lw_bytes name = target->items[i].name;
        bool is_known = false;
        for (size_t p = 0; p < route->param_count; p++) {
            is_known = is_known || (route->params[p].place == API_IN_QUERY &&
                                    lw_bytes_is(name, route->params[p].name));
        }
        bool is_first = true;
        for (size_t j = 0; j < i; j++) {
            is_first = is_first && !lw_bytes_equal(target->items[j].name, name);
        }
        if (!is_known || !is_first) {
            snprintf(why, why_len,
                     is_known ? "the parameter %.*s is given twice"
                              : "there is no parameter %.*s here",
                     (int)(name.len < 64 ? name.len : 64), (const char *)name.ptr);
            return why;
        }
    }
    return NULL;
}

const char *api_route_args(const api_router *router, const api_route *route,
                           const lw_target *target,
                           const char *(*header)(const void *ctx, const char *name),
                           const void *ctx, api_arg args[API_ARGS_MAX], char *why, size_t why_len)
{
    for (size_t i = 0; i < route->param_count; i++) {
        const api_param *param = &route->params[i];
        args[i] = (api_arg){.is_given = true};
        if (param->place == API_IN_PATH) {
            args[i].text = param->rest ? lw_target_rest(target, param->segment)
                                       : target->segments[param->segment];
        } else if (param->place == API_IN_QUERY) {
            const lw_bytes *text = lw_target_item_of(target, param->name);
            args[i].is_given = text != NULL;
            args[i].text = text != NULL ? *text : lw_bytes_of(NULL, 0);
        } else {
            const char *text = header(ctx, param->name);
            args[i].is_given = text != NULL;
            args[i].text = lw_bytes_str(text != NULL ? text : "");
        }
        if (args[i].is_given && !read_arg(router, param, &args[i])) {
            char expected[300];
            expect_text(param, expected, sizeof expected);
            snprintf(why, why_len, "%s must be %s", param->name, expected);
            return why;
        }
    }
    return check_query(route, target, why, why_len);
}
