/* What comes in over HTTP: the target with its parameters, and bodies as each operation reads them.
 * The first octet says which; the rest is the target, a line feed, the body. */
#include <stdlib.h>

#include "api/body.h"
#include "api/out.h"
#include "api/route.h"
#include "api/stream.h"
#include "fuzz.h"
#include "http/target.h"

static lw_type type_of(void *ctx, lw_path path)
{
    (void)ctx;
    return (lw_type)(lw_path_id(path, LW_LEVEL_RESOURCE) % (LW_TYPE_CORELNK + 1));
}

static const char *no_header(const void *ctx, const char *name)
{
    (void)ctx, (void)name;
    return NULL;
}

static void read_target(lw_bytes text)
{
    static api_router *router;
    lw_target target;
    api_arg args[API_ARGS_MAX];
    char why[400];
    char *decoded = malloc(text.len + 1);
    if (router == NULL) {
        router = api_router_new();
    }
    if (lw_target_parse(text, decoded, &target) == LW_OK) {
        for (int method = LW_HTTP_GET; method < LW_HTTP_OTHER; method++) {
            unsigned allowed;
            const api_route *route = api_route_find((lw_http_method)method, &target, &allowed);
            if (route != NULL) {
                (void)api_route_args(router, route, &target, no_header, NULL, args, why,
                                     sizeof why);
            }
        }
        for (size_t i = 0; i < target.item_count; i++) {
            uint32_t types;
            (void)stream_types(target.items[i].value, &types);
        }
    }
    free(decoded);
}

static bool read_as(body *b, const json_t *json, unsigned which)
{
    switch (which % 8) {
    case 0:
        return body_read_write(b, json, lw_path_instance(3, 0));
    case 1:
        return body_read_write(b, json, lw_path_resource(3, 0, 6));
    case 2:
        return body_read_create(b, json, lw_path_object(3));
    case 3:
        return body_read_values(b, json);
    case 4:
        return body_read_paths(b, json);
    case 5:
        return body_read_arguments(b, json);
    case 6:
        return body_read_attributes(b, json, true);
    default:
        return body_read_write(b, json, lw_path_resource_instance(3, 0, 7, 1));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lw_bytes text = lw_bytes_of(data, size);
    if (size == 0) {
        return 0;
    }
    unsigned which = data[0];
    text = lw_bytes_from(text, 1);
    lw_bytes target = lw_bytes_cut(&text, '\n');
    read_target(target);
    json_t *json =
        text.ptr == NULL
            ? NULL
            : json_loadb((const char *)text.ptr, text.len,
                         JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    if (json != NULL) {
        body b = {.type_of = type_of};
        if (read_as(&b, json, which)) {
            /* What was understood can be said. */
            json_out o = {.text = NULL};
            for (size_t i = 0; i < b.count; i++) {
                out_value(&o, NULL, b.entries[i].value);
            }
            FUZZ_CHECK(!o.failed);
            out_fini(&o);
        } else {
            FUZZ_CHECK(b.why[0] != '\0');
        }
        body_fini(&b);
        json_decref(json);
    }
    return 0;
}
