/* An HTTP server: calls come in whole, are answered at once or later, or with a stream.
 *
 *   on_head   the head is there: answer now and the body is never read; or say how large it may be
 *   on_call   the body is there: answer, or wait for something that lw_http_resume or the deadline
 *             ends; then it is called again
 *   on_end    it is over; the last call with it
 *
 * A few threads serve all connections (epoll); a call stays with its thread, and no two of the
 * three run at once for one call. They may block for milliseconds, not longer. What waits costs no
 * thread.
 *
 * Knows no routes, roles or JSON. libmicrohttpd is named in http.c alone.
 */
#ifndef LW_HTTP_HTTP_H
#define LW_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/target.h"
#include "lw/addr.h"
#include "lw/bytes.h"
#include "lw/err.h"

/* ---- Limits -----------------------------------------------------------------------------------
 */

#define LW_HTTP_HEAD_MAX        32768u /* octets of request line and header: 414 or 431 */
#define LW_HTTP_CONNECTIONS_MAX 2048u
#define LW_HTTP_IDLE_S          30u   /* without an octet, a connection is closed */
#define LW_HTTP_UPLOAD_MS       60000 /* a body takes at most */
#define LW_HTTP_STOP_MS         3000  /* for the answers that are on their way when it stops */
#define LW_HTTP_HEADERS_MAX     8u    /* headers that one answer adds */

/* ---- A call -----------------------------------------------------------------------------------
 */

typedef enum lw_http_method {
    LW_HTTP_GET, /* HEAD is told as GET */
    LW_HTTP_PUT,
    LW_HTTP_POST,
    LW_HTTP_PATCH,
    LW_HTTP_DELETE,
    LW_HTTP_OTHER
} lw_http_method;

typedef struct lw_http_call {
    lw_http_method method;
    const char *method_name;
    lw_bytes text;    /* the target as it came */
    lw_target target; /* taken apart */
    lw_addr peer;
    lw_bytes body;   /* in on_call */
    size_t body_max; /* set in on_head: octets of a body that are taken; 0: there must be none */
    bool timed_out;  /* the deadline of lw_http_wait passed */
    bool stopping;   /* the server stops: answer what there is */
    void *user;      /* the callee's */

    unsigned status;      /* of the answer; 0: none was given */
    uint64_t octets;      /* of the answer's body, as far as it was produced */
    int64_t microseconds; /* on_end: since its head came */
} lw_http_call;

/* A header of the request, or NULL. `name` in any case. */
const char *lw_http_header(const lw_http_call *call, const char *name);

/* ---- Answers: one for each call ---------------------------------------------------------------
 */

/* For the answer that follows. Both are copied. */
void lw_http_add_header(lw_http_call *call, const char *name, const char *value);

/* `type` NULL: there is no body. The body is copied. */
void lw_http_answer(lw_http_call *call, unsigned status, const char *type, lw_bytes body);
/* The same with a body from malloc, which is taken over. */
void lw_http_answer_take(lw_http_call *call, unsigned status, const char *type, char *body,
                         size_t len);

#define LW_HTTP_STREAM_END SIZE_MAX

/* A 200 whose body is what `read` gives: octets written to out (at most cap); 0: nothing now, it is
 * asked again after lw_http_resume; LW_HTTP_STREAM_END. */
void lw_http_answer_stream(lw_http_call *call, const char *type,
                           size_t (*read)(lw_http_call *call, char *out, size_t cap));

/* Closes the connection after the answer. */
void lw_http_close_after(lw_http_call *call);

/* In on_call, instead of an answer: it is called again after lw_http_resume, or after `seconds`
 * (0: no deadline). */
void lw_http_wait(lw_http_call *call, unsigned seconds);

/* From any thread, while the call exists (until on_end). Harmless when it does not wait: then the
 * next wait ends at once. */
void lw_http_resume(lw_http_call *call);

/* ---- The server -------------------------------------------------------------------------------
 */

typedef struct lw_http_cfg {
    lw_addr bind;     /* port 0 takes a free one */
    unsigned threads; /* 0: 4 */
    void *ctx;
    void (*on_head)(void *ctx, lw_http_call *call);
    void (*on_call)(void *ctx, lw_http_call *call);
    void (*on_end)(void *ctx, lw_http_call *call);
    /* The message is wrong as HTTP: answer with that status. */
    void (*on_refuse)(void *ctx, lw_http_call *call, unsigned status, const char *why);
    /* Optional: one line for people. */
    void (*log)(void *ctx, const char *text);
} lw_http_cfg;

typedef struct lw_http lw_http;

/* Binds and serves. NULL, and one sentence in why, when that fails. */
lw_http *lw_http_open(const lw_http_cfg *cfg, char *why, size_t why_len);

/* Where it listens, with the port that was taken. */
lw_addr lw_http_bound(const lw_http *http);

/* Takes no more connections, and has what waits called with `stopping`. */
void lw_http_stop(lw_http *http);
/* Stops, waits up to LW_HTTP_STOP_MS for answers to be sent, closes the rest. NULL is ignored. */
void lw_http_close(lw_http *http);

#endif
