#include "http/http.h"

#include <ctype.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/list.h"
#include "host/addr.h"

/* How a call waits. A resume that comes before the wait is remembered (WOKEN), so that it is not
 * lost between "nothing is there" and "then I wait". */
typedef enum wait_state { RUNNING, WOKEN, WAITING, SUSPENDED } wait_state;

typedef struct header {
    char *name, *value;
} header;

typedef struct call {
    lw_http_call face; /* first: what the callee sees */
    lw_http *http;
    struct MHD_Connection *connection;
    char *text, *decoded; /* the target: as it came, decoded */
    char *body;
    size_t body_cap;
    lw_err target_err;
    bool head_done, body_too_large, close_after;
    int64_t started_us;

    struct MHD_Response *response; /* made, not yet queued */
    header headers[LW_HTTP_HEADERS_MAX];
    size_t header_count;
    size_t (*read)(lw_http_call *call, char *out, size_t cap);

    /* Under http->lock: */
    wait_state state;
    bool stop_told;
    int64_t deadline_us; /* 0: none */
    lw_link link;        /* in http->calls */
} call;

struct lw_http {
    lw_http_cfg cfg;
    struct MHD_Daemon *daemon;
    int listening; /* closed when no thread of the daemon is left that could wait for it */
    lw_addr bound;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a deadline was added, or the last call ended, or it stops */
    lw_link calls;          /* all of them */
    atomic_bool stopping;
    bool closing;
    pthread_t clock;
    bool has_clock;
};

static int64_t now_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* ---- Waiting and resuming ------------------------------------------------------------------- */

/* Needs the lock. */
static void wake(call *c)
{
    if (c->state == SUSPENDED) {
        c->state = RUNNING;
        MHD_resume_connection(c->connection);
    } else {
        c->state = WOKEN;
    }
    c->deadline_us = 0;
}

void lw_http_resume(lw_http_call *face)
{
    call *c = (call *)face;
    pthread_mutex_lock(&c->http->lock);
    wake(c);
    pthread_mutex_unlock(&c->http->lock);
}

void lw_http_wait(lw_http_call *face, unsigned seconds)
{
    call *c = (call *)face;
    pthread_mutex_lock(&c->http->lock);
    face->timed_out = false;
    if (c->state != WOKEN) {
        c->state = WAITING;
        c->deadline_us = seconds > 0 ? now_us() + (int64_t)seconds * 1000000 : 0;
        pthread_cond_broadcast(&c->http->changed);
    }
    pthread_mutex_unlock(&c->http->lock);
}

/* Suspends the connection, unless somebody resumed it meanwhile or the server stops: then false. */
static bool suspend(call *c)
{
    pthread_mutex_lock(&c->http->lock);
    bool must_wait = c->state != WOKEN && (!c->http->stopping || c->stop_told);
    if (must_wait) {
        c->state = SUSPENDED;
        MHD_suspend_connection(c->connection);
    } else {
        c->state = RUNNING;
        c->deadline_us = 0;
    }
    pthread_mutex_unlock(&c->http->lock);
    return must_wait;
}

/* The thread that ends waits whose deadline has passed. There are at most as many as connections,
 * and it looks at them ten times a second while one has a deadline. */
static void *run_clock(void *ctx)
{
    lw_http *http = ctx;
    pthread_mutex_lock(&http->lock);
    while (!http->closing) {
        int64_t now = now_us();
        bool has_deadline = false;
        for (lw_link *l = http->calls.next; l != &http->calls; l = l->next) {
            call *c = LW_CONTAINER(l, call, link);
            if (c->deadline_us == 0) {
                continue;
            }
            has_deadline = true;
            if (now >= c->deadline_us && c->state == SUSPENDED) {
                c->face.timed_out = true;
                wake(c);
            }
        }
        if (!has_deadline) {
            pthread_cond_wait(&http->changed, &http->lock);
            continue;
        }
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += 100 * 1000 * 1000;
        if (until.tv_nsec >= 1000000000) {
            until.tv_sec++;
            until.tv_nsec -= 1000000000;
        }
        pthread_cond_timedwait(&http->changed, &http->lock, &until);
    }
    pthread_mutex_unlock(&http->lock);
    return NULL;
}

/* ---- Answers -------------------------------------------------------------------------------- */

const char *lw_http_header(const lw_http_call *face, const char *name)
{
    const call *c = (const call *)face;
    return MHD_lookup_connection_value(c->connection, MHD_HEADER_KIND, name);
}

void lw_http_add_header(lw_http_call *face, const char *name, const char *value)
{
    call *c = (call *)face;
    if (c->header_count < LW_HTTP_HEADERS_MAX) {
        c->headers[c->header_count++] = (header){strdup(name), strdup(value)};
    }
}

void lw_http_close_after(lw_http_call *face)
{
    ((call *)face)->close_after = true;
}

static void set_response(call *c, unsigned status, const char *type, struct MHD_Response *response)
{
    if (c->response != NULL || response == NULL) {
        if (response != NULL) {
            MHD_destroy_response(response);
        }
        return;
    }
    c->response = response;
    c->face.status = status;
    if (type != NULL) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    for (size_t i = 0; i < c->header_count; i++) {
        if (c->headers[i].name != NULL && c->headers[i].value != NULL) {
            MHD_add_response_header(response, c->headers[i].name, c->headers[i].value);
        }
    }
    if (c->close_after) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    }
}

void lw_http_answer(lw_http_call *face, unsigned status, const char *type, lw_bytes body)
{
    /* The library takes a pointer to mutable octets, and copies them. */
    union {
        const void *in;
        void *out;
    } octets = {.in = body.ptr};
    face->octets = body.len;
    set_response((call *)face, status, type,
                 MHD_create_response_from_buffer(
                     body.len, body.len > 0 ? octets.out : (void *)&octets,
                     body.len > 0 ? MHD_RESPMEM_MUST_COPY : MHD_RESPMEM_PERSISTENT));
}

void lw_http_answer_take(lw_http_call *face, unsigned status, const char *type, char *body,
                         size_t len)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, body, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        free(body);
    }
    face->octets = len;
    set_response((call *)face, status, type, response);
}

static ssize_t read_stream(void *ctx, uint64_t pos, char *out, size_t cap)
{
    call *c = ctx;
    (void)pos;
    for (;;) {
        c->face.stopping = c->http->stopping;
        size_t len = c->read(&c->face, out, cap);
        if (len == LW_HTTP_STREAM_END || (len == 0 && c->face.stopping)) {
            return MHD_CONTENT_READER_END_OF_STREAM;
        }
        if (len > 0) {
            c->face.octets += len;
            return (ssize_t)len;
        }
        if (suspend(c)) {
            return 0;
        }
    }
}

void lw_http_answer_stream(lw_http_call *face, const char *type,
                           size_t (*read)(lw_http_call *call, char *out, size_t cap))
{
    call *c = (call *)face;
    c->read = read;
    set_response(c, 200, type,
                 MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16384, read_stream, c, NULL));
}

/* ---- A call from its first octet to its end ------------------------------------------------- */

static lw_http_method method_of(const char *name)
{
    static const struct {
        const char *name;
        lw_http_method method;
    } methods[] = {
        {"GET", LW_HTTP_GET},   {"HEAD", LW_HTTP_GET},    {"PUT", LW_HTTP_PUT},
        {"POST", LW_HTTP_POST}, {"PATCH", LW_HTTP_PATCH}, {"DELETE", LW_HTTP_DELETE},
    };
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (strcmp(name, methods[i].name) == 0) {
            return methods[i].method;
        }
    }
    return LW_HTTP_OTHER;
}

static void free_call(call *c)
{
    for (size_t i = 0; i < c->header_count; i++) {
        free(c->headers[i].name);
        free(c->headers[i].value);
    }
    free(c->text);
    free(c->decoded);
    free(c->body);
    free(c);
}

/* The request line is there: its target in full. NULL ends the connection. */
static void *on_target(void *ctx, const char *text, struct MHD_Connection *connection)
{
    lw_http *http = ctx;
    call *c = calloc(1, sizeof *c);
    if (c == NULL) {
        return NULL;
    }
    c->http = http;
    c->connection = connection;
    c->started_us = now_us();
    c->text = strdup(text);
    c->decoded = malloc(strlen(text) + 1);
    if (c->text == NULL || c->decoded == NULL) {
        free_call(c);
        return NULL;
    }
    c->face.text = lw_bytes_str(c->text);
    c->target_err = lw_target_parse(c->face.text, c->decoded, &c->face.target);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info == NULL || !lw_addr_from_sockaddr(info->client_addr, &c->face.peer)) {
        c->face.peer = (lw_addr){.port = 0};
    }
    pthread_mutex_lock(&http->lock);
    lw_list_add_last(&http->calls, &c->link);
    pthread_mutex_unlock(&http->lock);
    return c;
}

typedef struct framing {
    unsigned hosts, lengths, encodings;
    bool is_chunked, has_number, has_bad_name, is_folded;
    uint64_t length;
} framing;

/* RFC 9110 section 5.6.2: a token. */
static bool is_token(const char *name)
{
    const char *c = name;
    while (isalnum((unsigned char)*c) || (*c != '\0' && strchr("!#$%&'*+-.^_`|~", *c) != NULL)) {
        c++;
    }
    return c > name && *c == '\0';
}

/* `name` itself, or (*out_is_folded) what the library makes of one whose value stands in the next
 * line, behind a blank: it appends that value to the name. */
static bool is_header(const char *given, const char *name, bool *out_is_folded)
{
    size_t len = strlen(name);
    bool begins = strncasecmp(given, name, len) == 0;
    *out_is_folded = *out_is_folded || (begins && given[len] != '\0');
    return begins && given[len] == '\0';
}

static enum MHD_Result look_at_header(void *ctx, enum MHD_ValueKind kind, const char *name,
                                      const char *value)
{
    framing *f = ctx;
    (void)kind;
    f->has_bad_name = f->has_bad_name || !is_token(name);
    f->hosts += strcasecmp(name, MHD_HTTP_HEADER_HOST) == 0;
    if (is_header(name, MHD_HTTP_HEADER_CONTENT_LENGTH, &f->is_folded)) {
        char *end = NULL;
        f->lengths++;
        errno = 0;
        f->length = strtoull(value, &end, 10);
        f->has_number = value[0] >= '0' && value[0] <= '9' && *end == '\0' && errno == 0;
    } else if (is_header(name, MHD_HTTP_HEADER_TRANSFER_ENCODING, &f->is_folded)) {
        f->encodings++;
        f->is_chunked = strcasecmp(value, "chunked") == 0;
    }
    return MHD_YES;
}

/* How long the body is, and for whom, must be beyond doubt: what a proxy in front reads in another
 * way can smuggle requests (RFC 9112 sections 3.2, 5.1, 6.3 and 11.2). */
static const char *framing_fault(const framing *f, bool needs_host)
{
    if (f->has_bad_name || f->is_folded) {
        return "a header is no name, colon and value in one line";
    }
    if (f->hosts > 1 || (f->hosts == 0 && needs_host)) {
        return "there must be one Host header";
    }
    if (f->lengths > 0 && f->encodings > 0) {
        return "both Content-Length and Transfer-Encoding are given";
    }
    if (f->lengths > 1 || f->encodings > 1) {
        return "Content-Length or Transfer-Encoding is given twice";
    }
    if (f->lengths == 1 && !f->has_number) {
        return "Content-Length is not a number";
    }
    if (f->encodings == 1 && !f->is_chunked) {
        return "the only Transfer-Encoding that is understood is chunked";
    }
    return NULL;
}

static void refuse(call *c, unsigned status, const char *why)
{
    lw_http_close_after(&c->face);
    c->http->cfg.on_refuse(c->http->cfg.ctx, &c->face, status, why);
}

static void refuse_body(call *c)
{
    if (c->face.body_max == 0) {
        refuse(c, 400, "this call takes no body");
    } else {
        char why[80];
        snprintf(why, sizeof why, "the body is larger than the %zu octets that this call takes",
                 c->face.body_max);
        refuse(c, 413, why);
    }
}

static void take_head(call *c, const char *method, const char *version)
{
    lw_http *http = c->http;
    framing f = {0};
    c->face.method = method_of(method);
    c->face.method_name = method;
    MHD_get_connection_values(c->connection, MHD_HEADER_KIND, look_at_header, &f);
    const char *fault = framing_fault(&f, strcmp(version, MHD_HTTP_VERSION_1_0) != 0);
    if (fault != NULL) {
        refuse(c, 400, fault);
        return;
    }
    if (c->target_err != LW_OK) {
        refuse(c, 400,
               c->target_err == LW_ETOOBIG ? "the URL has too many parts"
                                           : "the URL cannot be decoded");
        return;
    }
    http->cfg.on_head(http->cfg.ctx, &c->face);
    if (c->response == NULL && f.length > c->face.body_max) {
        refuse_body(c);
    }
}

/* False: the connection is not worth going on with. */
static bool take_body(call *c, const char *data, size_t len)
{
    if (now_us() - c->started_us > (int64_t)LW_HTTP_UPLOAD_MS * 1000) {
        return false;
    }
    if (c->body_too_large || len > c->face.body_max - c->face.body.len) {
        /* Chunked: the library answers only after the end. What follows is read and forgotten, up
         * to as much again. */
        c->face.body.len += len;
        c->body_too_large = true;
        return c->face.body.len <= 2 * c->face.body_max + LW_HTTP_HEAD_MAX;
    }
    size_t needed = c->face.body.len + len;
    if (needed > c->body_cap) {
        size_t cap = needed < 4096 ? 4096 : needed * 2;
        char *grown = realloc(c->body, cap);
        if (grown == NULL) {
            return false;
        }
        c->body = grown;
        c->body_cap = cap;
    }
    memcpy(c->body + c->face.body.len, data, len);
    c->face.body = lw_bytes_of(c->body, needed);
    return true;
}

/* Calls the callee until there is an answer or it waits. */
static void serve(call *c)
{
    do {
        c->face.stopping = c->http->stopping;
        if (c->face.stopping) {
            pthread_mutex_lock(&c->http->lock);
            c->stop_told = true;
            pthread_mutex_unlock(&c->http->lock);
        }
        c->http->cfg.on_call(c->http->cfg.ctx, &c->face);
    } while (c->response == NULL && !suspend(c));
}

static enum MHD_Result on_access(void *ctx, struct MHD_Connection *connection, const char *url,
                                 const char *method, const char *version, const char *data,
                                 size_t *len, void **state)
{
    call *c = *state;
    (void)ctx, (void)url;
    if (c == NULL) {
        return MHD_NO;
    }
    if (!c->head_done) {
        c->head_done = true;
        take_head(c, method, version);
    } else if (*len > 0) {
        size_t got = *len;
        *len = 0;
        return take_body(c, data, got) ? MHD_YES : MHD_NO;
    } else if (c->body_too_large) {
        refuse_body(c);
    } else {
        serve(c);
    }
    if (c->response == NULL) {
        return MHD_YES;
    }
    return MHD_queue_response(connection, c->face.status, c->response);
}

static void on_completed(void *ctx, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    lw_http *http = ctx;
    call *c = *state;
    (void)connection, (void)code;
    *state = NULL;
    if (c == NULL) {
        return;
    }
    c->face.microseconds = now_us() - c->started_us;
    if (c->head_done) {
        http->cfg.on_end(http->cfg.ctx, &c->face);
    }
    pthread_mutex_lock(&http->lock);
    lw_list_remove(&c->link);
    pthread_cond_broadcast(&http->changed);
    pthread_mutex_unlock(&http->lock);
    if (c->response != NULL) {
        MHD_destroy_response(c->response);
    }
    free_call(c);
}

/* We decode the target ourselves. */
static size_t leave_as_it_is(void *ctx, struct MHD_Connection *connection, char *text)
{
    (void)ctx, (void)connection;
    return strlen(text);
}

__attribute__((format(printf, 2, 0))) static void on_log(void *ctx, const char *format,
                                                         va_list args)
{
    lw_http *http = ctx;
    char text[256];
    if (http->cfg.log != NULL) {
        vsnprintf(text, sizeof text, format, args);
        text[strcspn(text, "\n")] = '\0';
        http->cfg.log(http->cfg.ctx, text);
    }
}

/* ---- The server ----------------------------------------------------------------------------- */

/* A socket that listens, or -1 with errno. */
static int listen_at(const lw_addr *addr, lw_addr *out_bound)
{
    struct sockaddr_storage at;
    socklen_t len;
    int family = lw_addr_is_v4(addr) ? AF_INET : AF_INET6;
    int on = 1;
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    len = lw_addr_to_sockaddr(addr, family, &at);
    if (bind(fd, (struct sockaddr *)&at, len) == 0 && listen(fd, SOMAXCONN) == 0) {
        len = sizeof at;
        getsockname(fd, (struct sockaddr *)&at, &len);
        if (lw_addr_from_sockaddr((struct sockaddr *)&at, out_bound)) {
            return fd;
        }
    }
    int err = errno;
    close(fd);
    errno = err;
    return -1;
}

static struct MHD_Daemon *start_daemon(lw_http *http)
{
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)on_log, http},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)on_target, http},
        {MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)leave_as_it_is, NULL},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, http},
        {MHD_OPTION_LISTEN_SOCKET, http->listening, NULL},
        {MHD_OPTION_THREAD_POOL_SIZE, http->cfg.threads, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, LW_HTTP_CONNECTIONS_MAX, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, LW_HTTP_IDLE_S, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, LW_HTTP_HEAD_MAX, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    unsigned flags =
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | MHD_USE_ITC;
    return MHD_start_daemon(flags, 0, NULL, NULL, on_access, http, MHD_OPTION_ARRAY, options,
                            MHD_OPTION_END);
}

lw_http *lw_http_open(const lw_http_cfg *cfg, char *why, size_t why_len)
{
    char text[LW_ADDR_TEXT_MAX];
    lw_http *http = calloc(1, sizeof *http);
    if (http == NULL) {
        snprintf(why, why_len, "out of memory");
        return NULL;
    }
    http->cfg = *cfg;
    http->cfg.threads = cfg->threads > 0 ? cfg->threads : 4;
    lw_list_init(&http->calls);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&http->changed, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&http->lock, NULL);

    http->listening = listen_at(&cfg->bind, &http->bound);
    if (http->listening < 0) {
        snprintf(why, why_len, "cannot listen on %s: %s", lw_addr_format(&cfg->bind, text),
                 strerror(errno));
        lw_http_close(http);
        return NULL;
    }
    http->daemon = start_daemon(http);
    if (http->daemon == NULL) {
        snprintf(why, why_len, "cannot serve HTTP on %s", lw_addr_format(&http->bound, text));
        close(http->listening);
        lw_http_close(http);
        return NULL;
    }
    http->has_clock = pthread_create(&http->clock, NULL, run_clock, http) == 0;
    if (!http->has_clock) {
        snprintf(why, why_len, "cannot start a thread");
        lw_http_close(http);
        return NULL;
    }
    return http;
}

lw_addr lw_http_bound(const lw_http *http)
{
    return http->bound;
}

void lw_http_stop(lw_http *http)
{
    if (!http->stopping && MHD_quiesce_daemon(http->daemon) == http->listening) {
        shutdown(http->listening, SHUT_RDWR); /* refuses connections from now on */
    }
    pthread_mutex_lock(&http->lock);
    http->stopping = true;
    for (lw_link *l = http->calls.next; l != &http->calls; l = l->next) {
        wake(LW_CONTAINER(l, call, link));
    }
    pthread_mutex_unlock(&http->lock);
}

/* Waits until no call is left. */
static void wait_for_calls(lw_http *http)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += LW_HTTP_STOP_MS / 1000;
    pthread_mutex_lock(&http->lock);
    while (!lw_list_is_empty(&http->calls) &&
           pthread_cond_timedwait(&http->changed, &http->lock, &until) == 0) {
    }
    pthread_mutex_unlock(&http->lock);
}

void lw_http_close(lw_http *http)
{
    if (http == NULL) {
        return;
    }
    if (http->daemon != NULL) {
        lw_http_stop(http);
        wait_for_calls(http);
        lw_http_stop(http); /* what still waits must not be suspended when the daemon ends */
        MHD_stop_daemon(http->daemon);
        close(http->listening);
    }
    if (http->has_clock) {
        pthread_mutex_lock(&http->lock);
        http->closing = true;
        pthread_cond_broadcast(&http->changed);
        pthread_mutex_unlock(&http->lock);
        pthread_join(http->clock, NULL);
    }
    pthread_cond_destroy(&http->changed);
    pthread_mutex_destroy(&http->lock);
    free(http);
}
