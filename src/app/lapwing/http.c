#include "app/lapwing/http.h"

#include <curl/curl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BODY_MAX (64u << 20)

/* Somebody at a terminal is told from then on that it goes on. */
#define PATIENCE_S 2

struct http {
    const cli *cli;
    CURL *curl;
    time_t started;
    char error[CURL_ERROR_SIZE];
};

http *http_new(const cli *c)
{
    http *h = calloc(1, sizeof *h);
    if (h != NULL) {
        h->cli = c;
        h->started = time(NULL);
        h->curl = curl_easy_init();
    }
    if (h != NULL && h->curl == NULL) {
        free(h);
        h = NULL;
    }
    return h;
}

void http_free(http *h)
{
    if (h != NULL) {
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
    answer *answer;
    http_line_fn *fn; /* NULL: no stream */
    void *ctx;
    bool is_stopped;
    long shown; /* seconds that were told last */
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
    if (!append(t->answer, data, size * count)) {
        return 0;
    }
    curl_easy_getinfo(t->http->curl, CURLINFO_RESPONSE_CODE, &code);
    if (t->fn != NULL && code == 200 && !give_lines(t)) {
        return 0;
    }
    return size * count;
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

/* Called by curl now and then, and at least once a second. */
static int on_progress(void *ctx, curl_off_t down, curl_off_t down_now, curl_off_t up,
                       curl_off_t up_now)
{
    transfer *t = ctx;
    long waited = (long)(time(NULL) - t->http->started);
    (void)down;
    (void)down_now;
    if (waited < PATIENCE_S || waited == t->shown) {
        return 0;
    }
    t->shown = waited;
    if (up_now < up) {
        fprintf(stderr, "\r%3d %% sent\033[K", (int)(up_now * 100 / up));
    } else {
        fprintf(stderr, "\rwaiting for the answer: %ld s\033[K", waited);
    }
    return 0;
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

static void set_up(http *h, const call *what, transfer *t, char *url)
{
    CURL *curl = h->curl;
    curl_easy_reset(curl);
    h->error[0] = '\0';
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, what->method);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, h->error);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 10L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "lapwing/" LAPWING_VERSION);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, t);
    if (h->cli->progress && t->fn == NULL) {
        curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
        curl_easy_setopt(curl, CURLOPT_XFERINFODATA, t);
    }
    if (what->body != NULL) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)what->body_len);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, what->body);
    } else if (strcmp(what->method, "POST") == 0 || strcmp(what->method, "PUT") == 0) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, 0L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
    }
}

static status perform(http *h, const call *what, const char *last_event_id, transfer *t)
{
    struct curl_slist *headers = NULL;
    char url[HTTP_PATH_MAX + 512];
    char bearer[512];
    if ((size_t)snprintf(url, sizeof url, "%s%s", h->cli->url, what->path) >= sizeof url) {
        return fail(STATUS_USAGE, "the address is too long");
    }
    set_up(h, what, t, url);
    if (h->cli->token != NULL) {
        snprintf(bearer, sizeof bearer, "Bearer %s", h->cli->token);
        headers = add_header(headers, "Authorization", bearer);
    }
    headers =
        add_header(headers, "Accept", t->fn != NULL ? "text/event-stream" : "application/json");
    if (what->body != NULL) {
        headers = add_header(headers, "Content-Type",
                             what->type != NULL ? what->type : "application/json");
    }
    headers = add_header(headers, "Expect", "");
    if (last_event_id != NULL) {
        headers = add_header(headers, "Last-Event-ID", last_event_id);
    }
    curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, headers);
    CURLcode result = curl_easy_perform(h->curl);
    curl_slist_free_all(headers);
    if (t->shown > 0) {
        fputs("\r\033[K", stderr);
    }
    curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &t->answer->code);
    if (result != CURLE_OK && !t->is_stopped) {
        return h->cli->quiet ? STATUS_CONNECT
                             : fail(STATUS_CONNECT, "%s: %s", h->cli->url,
                                    h->error[0] != '\0' ? h->error : curl_easy_strerror(result));
    }
    return STATUS_OK;
}

status http_call(http *h, const call *what, answer *out_answer)
{
    transfer t = {.http = h, .answer = out_answer};
    *out_answer = (answer){0};
    status s = perform(h, what, NULL, &t);
    if (s == STATUS_OK && out_answer->text != NULL) {
        out_answer->json = json_loadb(out_answer->text, out_answer->len, JSON_DECODE_ANY, NULL);
    }
    return s;
}

status http_stream(http *h, const char *path, const char *last_event_id, http_line_fn *fn,
                   void *ctx, answer *out_answer)
{
    transfer t = {.http = h, .answer = out_answer, .fn = fn, .ctx = ctx};
    call what = {.method = "GET", .path = path};
    *out_answer = (answer){0};
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
