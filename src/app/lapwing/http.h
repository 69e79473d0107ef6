/* Calls of the REST API over libcurl, one connection for all of them. */
#ifndef LW_APP_LAPWING_HTTP_H
#define LW_APP_LAPWING_HTTP_H

#include <jansson.h>

#include "app/lapwing/cli.h"

#define HTTP_PATH_MAX 2048

typedef struct http http;

typedef struct answer {
    long code;  /* HTTP status */
    char *text; /* the body, NUL-terminated; owned */
    size_t len;
    json_t *json;   /* of the body, or NULL when it is none; owned */
    char *location; /* or NULL; owned */
} answer;

/* NULL: out of memory. */
http *http_new(const cli *c);
void http_free(http *h);

typedef struct call {
    const char *method; /* "GET" … */
    const char *path;   /* "/v1/…", with its query */
    const char *body;   /* or NULL */
    size_t body_len;
    const char *type; /* of the body; NULL: application/json */
} call;

/* From now on calls are about this device (copied): how far its transfers are is shown, where
 * somebody looks. */
void http_follow(http *h, const char *endpoint);

/* STATUS_OK whatever the server answered: out_answer has it, for answer_fini. Else STATUS_CONNECT,
 * told. */
status http_call(http *h, const call *what, answer *out_answer);
void answer_fini(answer *a);

/* One line of a stream, without its end. Returning false ends the stream. */
typedef bool http_line_fn(void *ctx, const char *line);

/* From within http_line_fn: a stream that says nothing for so long is broken. */
void http_expect(http *h, int64_t silence_ms);

/* GET of a stream of lines, until fn or the server ends it. Its status is in *out_code; an answer
 * that is no stream is given to out_answer. */
status http_stream(http *h, const char *path, const char *last_event_id, http_line_fn *fn,
                   void *ctx, answer *out_answer);

/* Appends to a path: text as it is, or one segment or value with %-escapes. */
typedef struct url_path {
    char text[HTTP_PATH_MAX];
    size_t len;
    bool has_query;
    bool is_full;       /* did not fit */
    const char *device; /* that it is about, or NULL; borrowed */
} url_path;

void url_put(url_path *u, const char *text);
void url_put_escaped(url_path *u, const char *text);
/* "?name=value" or "&name=value"; nothing when value is NULL. */
void url_put_query(url_path *u, const char *name, const char *value);

#endif
