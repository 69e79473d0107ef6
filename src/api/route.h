/* Routes, as api/openapi.yaml describes them: which function serves a call, who may call it, and
 * what its parameters may be. The table is generated (api/gen/routes.h).
 */
#ifndef LW_API_ROUTE_H
#define LW_API_ROUTE_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/http.h"
#include "lw/bytes.h"

typedef struct api_call api_call;

/* Each may do what those before it may. */
typedef enum api_role { API_NONE, API_VIEWER, API_OPERATOR, API_ADMIN } api_role;

typedef enum api_place { API_IN_PATH, API_IN_QUERY, API_IN_HEADER } api_place;
typedef enum api_kind { API_TEXT, API_INTEGER, API_BOOLEAN, API_TIME } api_kind;

typedef struct api_param {
    const char *name;
    uint8_t place;    /* api_place */
    uint8_t segment;  /* IN_PATH: which */
    bool rest;        /* IN_PATH: up to the end of the path */
    uint8_t kind;     /* api_kind */
    int64_t min, max; /* of an integer; characters of a text */
    int pattern;      /* of a text: index in api_patterns; -1: any */
} api_param;

#define API_SEGMENTS_MAX 6
#define API_ARGS_MAX     9

typedef struct api_route {
    uint8_t method; /* lw_http_method */
    uint8_t role;   /* api_role */
    const char *path;
    const char *segments[API_SEGMENTS_MAX]; /* NULL: a parameter */
    uint8_t segment_count;
    bool rest; /* the last segment takes the rest of the path */
    const api_param *params;
    uint8_t param_count;
    uint32_t body_max;     /* 0: no body */
    const char *body_type; /* NULL: no body */
    bool needs_body;
    void (*serve)(api_call *call);
} api_route;

/* A parameter as it came, and what it means. */
typedef struct api_arg {
    bool is_given;
    lw_bytes text;
    int64_t number; /* INTEGER; BOOLEAN: 0 or 1; TIME: ms since 1970 */
} api_arg;

/* A time of RFC 3339, of whose fraction the milliseconds count. False: it is none. */
bool api_time_parse(lw_bytes text, int64_t *out_ms);

/* The patterns of the table, compiled. */
typedef struct api_router api_router;
api_router *api_router_new(void); /* NULL: out of memory */
void api_router_free(api_router *router);

/* The route, or NULL. Then *out_allowed has a bit (1 << lw_http_method) for each method that the
 * path has: none when there is no such path. */
const api_route *api_route_find(lw_http_method method, const lw_target *target,
                                unsigned *out_allowed);

/* Reads the parameters of a route into args, in the order of its table. NULL, or what is wrong, in
 * `why`. `header` gives a header by name. */
const char *api_route_args(const api_router *router, const api_route *route,
                           const lw_target *target,
                           const char *(*header)(const void *ctx, const char *name),
                           const void *ctx, api_arg args[API_ARGS_MAX], char *why, size_t why_len);

#endif
