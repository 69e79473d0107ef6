#include "app/lapwing/http.h"

#include <curl/curl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/lapwing/progress.h"

#define BODY_MAX (64u << 20)

/* Somebody at a terminal is told how far a transfer is, or else that it goes on. */
#define TRANSFER_PATIENCE_MS 500
#define PATIENCE_MS          2000
#define LOOK_MS              100

struct http {
    const cli *cli;
    CURL *curl;
    CURLM *multi; /* NULL: nobody looks */
    int64_t started_ms;
    char device[3 * 255 + 1]; /* whose transfers are shown, with %-escapes; "": none */
    progress progress;        /* of what the device does */
    int64_t heard_ms;         /* the last octets of a stream */
    int64_t silence_ms;       /* after which it counts as broken; 0: never */
    char error[CURL_ERROR_SIZE];
};

static int64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

http *http_new(const cli *c)
{
    http *h = calloc(1, sizeof *h);
    if (h != NULL) {
        h->cli = c;
        h->started_ms = now_ms();
        h->curl = curl_easy_init();
        h->multi = c->progress ? curl_multi_init() : NULL;
    }
    if (h != NULL && (h->curl == NULL || (c->progress && h->multi == NULL))) {
        http_free(h);
        h = NULL;
    }
    return h;
}

void http_free(http *h)
{
    if (h != NULL) {
        curl_multi_cleanup(h->multi);
        curl_easy_cleanup(h->curl);
        free(h);
    }
}

void answer_fini(answer *a)
{
    json_decref(a->json);
    free(a->text);
    free(a->location);
    *a = (answer){0};
}

/* ---- Receiving --------------------------------------------------------------------------------
 */

/* A transfer under way: its octets go to the answer, or line by line to fn. */
typedef struct transfer {
    http *http;
    CURL *curl;
    answer *answer;
    http_line_fn *fn; /* NULL: no stream */
    void *ctx;
    bool is_stopped;
} transfer;

static bool append(answer *a, const char *data, size_t len)
{
    char *grown = len <= BODY_MAX - a->len ? realloc(a->text, a->len + len + 1) : NULL;
    if (grown == NULL) {
        return false;
    }
    memcpy(grown + a->len, data, len);
    a->len += len;
    grown[a->len] = '\0';
    a->text = grown;
    return true;
}

/* Hands over whole lines; what is left of the last one stays. */
static bool give_lines(transfer *t)
{
    answer *a = t->answer;
    char *from = a->text, *end;
    while ((end = memchr(from, '\n', a->len - (size_t)(from - a->text))) != NULL) {
        bool has_return = end > from && end[-1] == '\r';
        *(has_return ? end - 1 : end) = '\0';
        if (!t->fn(t->ctx, from)) {
            t->is_stopped = true;
            return false;
        }
        from = end + 1;
    }
    a->len -= (size_t)(from - a->text);
    memmove(a->text, from, a->len + 1);
    return true;
}

static size_t on_data(char *data, size_t size, size_t count, void *ctx)
{
    transfer *t = ctx;
    long code = 0;
    t->http->heard_ms = now_ms();
    if (!append(t->answer, data, size * count)) {
        return 0;
    }
    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &code);
    if (t->fn != NULL && code == 200 && !give_lines(t)) {
        return 0;
    }
    return size * count;
}

/* Called once a second, whether something comes or not. */
static int on_second(void *ctx, curl_off_t down_all, curl_off_t down, curl_off_t up_all,
                     curl_off_t up)
{
    const http *h = ctx;
    (void)down_all, (void)down, (void)up_all, (void)up;
    return h->silence_ms != 0 && now_ms() - h->heard_ms >= h->silence_ms;
}

static size_t on_header(char *data, size_t size, size_t count, void *ctx)
{
    static const char name[] = "location:";
    answer *a = ((transfer *)ctx)->answer;
    size_t len = size * count, from = sizeof name - 1;
    if (len > from && strncasecmp(data, name, from) == 0) {
        while (from < len && data[from] == ' ') {
            from++;
        }
        while (len > from && (data[len - 1] == '\n' || data[len - 1] == '\r')) {
            len--;
        }
        free(a->location);
        a->location = strndup(data + from, len - from);
    }
    return size * count;
}

/* ---- Calling ----------------------------------------------------------------------------------
 */

static struct curl_slist *add_header(struct curl_slist *list, const char *name, const char *value)
{
    size_t len = strlen(name) + strlen(value) + 3;
    char *line = malloc(len);
    struct curl_slist *grown = NULL;
    if (line != NULL) {
        snprintf(line, len, "%s: %s", name, value);
        grown = curl_slist_append(list, line);
    }
    free(line);
    return grown != NULL ? grown : list;
}

static void set_up(const call *what, transfer *t, char *url)
{
    CURL *curl = t->curl;
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L); /* devices may be named "." and ".." */
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, what->method);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 10L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "lapwing/" LAPWING_VERSION);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, t);
    if (t->fn != NULL) {
        curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_second);
        curl_easy_setopt(curl, CURLOPT_XFERINFODATA, t->http);
    }
    if (what->body != NULL) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)what->body_len);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, what->body);
    } else if (strcmp(what->method, "POST") == 0 || strcmp(what->method, "PUT") == 0) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, 0L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
    }
}

/* Sets t->curl up for a call. The headers are to be freed when it is over; NULL: the address is too
 * long. */
static struct curl_slist *prepare(http *h, const call *what, const char *last_event_id, transfer *t)
{
    struct curl_slist *headers = NULL;
    char url[HTTP_PATH_MAX + 512];
    char bearer[512];
    if ((size_t)snprintf(url, sizeof url, "%s%s", h->cli->url, what->path) >= sizeof url) {
        return NULL;
    }
    set_up(what, t, url);
    headers =
        add_header(headers, "Accept", t->fn != NULL ? "text/event-stream" : "application/json");
    if (h->cli->token != NULL) {
        snprintf(bearer, sizeof bearer, "Bearer %s", h->cli->token);
        headers = add_header(headers, "Authorization", bearer);
    }
    if (what->body != NULL) {
        headers = add_header(headers, "Content-Type",
                             what->type != NULL ? what->type : "application/json");
    }
    headers = add_header(headers, "Expect", "");
    if (last_event_id != NULL) {
        headers = add_header(headers, "Last-Event-ID", last_event_id);
    }
    curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, headers);
    return headers;
}

/* ---- While somebody looks ---------------------------------------------------------------------
 */

/* A second call beside the first: what the device has taken or given so far. */
typedef struct ticker {
    transfer t; /* curl NULL: not begun, or not possible */
    answer answer;
    struct curl_slist *headers;
    char shown[PROGRESS_TEXT_MAX];
} ticker;

static bool take_progress(void *ctx, const char *line)
{
    http *h = ctx;
    if (strncmp(line, "data: ", 6) == 0) {
        json_t *event = json_loads(line + 6, 0, NULL);
        progress_take(&h->progress, json_object_get(event, "request"), now_ms());
        json_decref(event);
    }
    return true;
}

static void ticker_start(ticker *k, http *h)
{
    char path[HTTP_PATH_MAX];
    call what = {.method = "GET", .path = path};
    snprintf(path, sizeof path, "/v1/events?type=progress&device=%s", h->device);
    k->t = (transfer){
        .http = h, .curl = curl_easy_init(), .answer = &k->answer, .fn = take_progress, .ctx = h};
    k->headers = k->t.curl != NULL ? prepare(h, &what, NULL, &k->t) : NULL;
    if (k->headers != NULL) {
        curl_multi_add_handle(h->multi, k->t.curl);
    }
}

static void ticker_stop(ticker *k, http *h)
{
    if (k->headers != NULL) {
        curl_multi_remove_handle(h->multi, k->t.curl);
    }
    curl_slist_free_all(k->headers);
    curl_easy_cleanup(k->t.curl);
    answer_fini(&k->answer);
    if (k->shown[0] != '\0') {
        fputs("\r\033[K", stderr);
    }
}

static void ticker_show(ticker *k, const http *h, const call *what)
{
    char text[PROGRESS_TEXT_MAX];
    int64_t waited = now_ms() - h->started_ms;
    curl_off_t up = 0;
    curl_easy_getinfo(h->curl, CURLINFO_SIZE_UPLOAD_T, &up);
    progress_text(&h->progress, text);
    if (text[0] == '\0' && waited >= PATIENCE_MS) {
        if ((size_t)up < what->body_len) {
            snprintf(text, sizeof text, "%d %% sent to the server",
                     (int)((double)up * 100 / (double)what->body_len));
        } else {
            snprintf(text, sizeof text, "waiting for the answer: %lld s", (long long)waited / 1000);
        }
    }
    if (strcmp(text, k->shown) != 0) {
        memcpy(k->shown, text, sizeof text);
        fprintf(stderr, "\r%s\033[K", text);
    }
}

/* False: it goes on. */
static bool is_over(http *h, CURLcode *out_result)
{
    CURLMsg *msg;
    int left;
    while ((msg = curl_multi_info_read(h->multi, &left)) != NULL) {
        if (msg->msg == CURLMSG_DONE && msg->easy_handle == h->curl) {
            *out_result = msg->data.result;
            return true;
        }
    }
    return false;
}

/* As curl_easy_perform, with a line that tells how it goes. */
static CURLcode perform_visibly(http *h, const call *what)
{
    ticker k = {.shown = ""};
    CURLcode result = CURLE_FAILED_INIT;
    int running;
    if (curl_multi_add_handle(h->multi, h->curl) != CURLM_OK) {
        return result;
    }
    while (curl_multi_perform(h->multi, &running) == CURLM_OK && !is_over(h, &result)) {
        bool is_long = now_ms() - h->started_ms >= TRANSFER_PATIENCE_MS;
        if (is_long && h->device[0] != '\0' && k.t.http == NULL) {
            ticker_start(&k, h);
        }
        if (is_long) {
            ticker_show(&k, h, what);
        }
        curl_multi_poll(h->multi, NULL, 0, LOOK_MS, NULL);
    }
    ticker_stop(&k, h);
    curl_multi_remove_handle(h->multi, h->curl);
    return result;
}

void http_follow(http *h, const char *endpoint)
{
    url_path u = {.len = 0};
    url_put_escaped(&u, endpoint);
    if (u.len < sizeof h->device) {
        memcpy(h->device, u.text, u.len + 1);
    }
}

/* ---- Two kinds of calls -----------------------------------------------------------------------
 */

static const char *why_of(const http *h, CURLcode result)
{
    if (result == CURLE_ABORTED_BY_CALLBACK) {
        return "the server has fallen silent";
    }
    return h->error[0] != '\0' ? h->error : curl_easy_strerror(result);
}

static status perform(http *h, const call *what, const char *last_event_id, transfer *t)
{
    struct curl_slist *headers = prepare(h, what, last_event_id, t);
    if (headers == NULL) {
        return fail(STATUS_USAGE, "the address is too long");
    }
    h->error[0] = '\0';
    curl_easy_setopt(h->curl, CURLOPT_ERRORBUFFER, h->error);
    CURLcode result =
        h->multi != NULL && t->fn == NULL ? perform_visibly(h, what) : curl_easy_perform(h->curl);
    curl_slist_free_all(headers);
    curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &t->answer->code);
    if (result != CURLE_OK && !t->is_stopped) {
        return h->cli->quiet ? STATUS_CONNECT
                             : fail(STATUS_CONNECT, "%s: %s", h->cli->url, why_of(h, result));
    }
    return STATUS_OK;
}

status http_call(http *h, const call *what, answer *out_answer)
{
    transfer t = {.http = h, .curl = h->curl, .answer = out_answer};
    *out_answer = (answer){0};
    status s = perform(h, what, NULL, &t);
    if (s == STATUS_OK && out_answer->text != NULL) {
        out_answer->json = json_loadb(out_answer->text, out_answer->len, JSON_DECODE_ANY, NULL);
    }
    return s;
}

void http_expect(http *h, int64_t silence_ms)
{
    h->silence_ms = silence_ms;
}

status http_stream(http *h, const char *path, const char *last_event_id, http_line_fn *fn,
                   void *ctx, answer *out_answer)
{
    transfer t = {.http = h, .curl = h->curl, .answer = out_answer, .fn = fn, .ctx = ctx};
    call what = {.method = "GET", .path = path};
    *out_answer = (answer){0};
    h->silence_ms = 0;
    status s = perform(h, &what, last_event_id, &t);
    if (s == STATUS_OK && out_answer->code != 200 && out_answer->text != NULL) {
        out_answer->json = json_loadb(out_answer->text, out_answer->len, JSON_DECODE_ANY, NULL);
    }
    return s;
}

/* ---- Paths ------------------------------------------------------------------------------------
 */

void url_put(url_path *u, const char *text)
{
    size_t len = strlen(text);
    if (len >= sizeof u->text - u->len) {
        u->is_full = true;
        return;
    }
    memcpy(u->text + u->len, text, len + 1);
    u->len += len;
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~", c) != NULL);
}

void url_put_escaped(url_path *u, const char *text)
{
    for (; *text != '\0'; text++) {
        char one[4] = {*text, '\0'};
        if (!is_unreserved(*text)) {
            snprintf(one, sizeof one, "%%%02X", (unsigned char)*text);
        }
        url_put(u, one);
    }
}

void url_put_query(url_path *u, const char *name, const char *value)
{
    if (value == NULL) {
        return;
    }
    url_put(u, u->has_query ? "&" : "?");
    u->has_query = true;
    url_put(u, name);
    url_put(u, "=");
    url_put_escaped(u, value);
}
