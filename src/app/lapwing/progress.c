#include "app/lapwing/progress.h"

#include <stdio.h>
#include <string.h>

#include "app/lapwing/show.h"

/* A rate is of at least that long: shorter ones say nothing. */
#define RATE_MS 200

typedef struct reading {
    bool comes;
    int64_t octets, of_octets;
} reading;

/* What goes is over once something comes. */
static reading read_request(const json_t *request)
{
    const json_t *p = json_object_get(request, "progress");
    bool comes = number_of(p, "received") > 0;
    return (reading){.comes = comes,
                     .octets = number_of(p, comes ? "received" : "sent"),
                     .of_octets = number_of(p, comes ? "received_of" : "sent_of")};
}

void progress_take(progress *p, const json_t *request, int64_t now_ms)
{
    reading r = read_request(request);
    bool is_other = strcmp(p->id, text_of(request, "id")) != 0 || p->comes != r.comes;
    if (r.octets == 0) {
        return;
    }
    if (is_other || r.octets < p->octets) { /* or begun anew */
        p->first_octets = r.octets;
        p->first_ms = now_ms;
    }
    snprintf(p->id, sizeof p->id, "%s", text_of(request, "id"));
    snprintf(p->what, sizeof p->what, "%s %s", text_of(request, "operation"),
             text_of(request, "path"));
    p->comes = r.comes;
    p->octets = r.octets;
    p->of_octets = r.of_octets;
    p->last_ms = now_ms;
}

static int put_octets(char *out, size_t size, int64_t octets, int64_t of_octets)
{
    return of_octets > 0
               ? snprintf(out, size, "%lld of %lld octets", (long long)octets, (long long)of_octets)
               : snprintf(out, size, "%lld octets", (long long)octets);
}

const char *progress_text(const progress *p, char out[PROGRESS_TEXT_MAX])
{
    const size_t size = PROGRESS_TEXT_MAX;
    int64_t ms = p->last_ms - p->first_ms;
    out[0] = '\0';
    if (p->what[0] == '\0') {
        return out;
    }
    int len = snprintf(out, size, "%s: ", p->what);
    len += put_octets(out + len, size - (size_t)len, p->octets, p->of_octets);
    if (p->of_octets > 0) {
        len += snprintf(out + len, size - (size_t)len, ", %lld %%",
                        (long long)(p->octets * 100 / p->of_octets));
    }
    if (ms >= RATE_MS) {
        double rate = (double)(p->octets - p->first_octets) / (double)ms; /* octets/ms: kB/s */
        snprintf(out + len, size - (size_t)len, ", %.*f kB/s", rate < 100 ? 1 : 0, rate);
    }
    return out;
}

const char *progress_octets(const json_t *request, char out[PROGRESS_TEXT_MAX])
{
    reading r = read_request(request);
    out[0] = '\0';
    if (r.octets > 0) {
        (void)put_octets(out, PROGRESS_TEXT_MAX, r.octets, r.of_octets);
    }
    return out;
}
