#include "app/lapwing-device/configs.h"

#include <stdlib.h>
#include <string.h>

#include "app/lapwing-device/values.h"
#include "lw/objects.h"
#include "lw/standard_objects.h"

/* Values are a path and a value a line. The accounts are made before, from the command line: the
 * Server of the first URI is /1/0. */
typedef struct config {
    const char *base;    /* what it extends; NULL: nothing */
    const char *values;  /* NULL: none of its own */
    const char *missing; /* what a build must have; NULL: it is possible */
    unsigned servers;    /* URIs, besides the Bootstrap-Server's */
    bool bootstrap;
} config;

#define SMS  "SMS"
#define TLS  "a secure session (DTLS or TLS)"
#define EST  "a secure session and Enrollment over Secure Transport"
#define OSC  "OSCORE"
#define MQTT "the MQTT transport"

/* 10/0/6 is of version 1.0 of its object alone, 13 and 14 of 1.1: C.10 has one, C.11 the other. 8
 * and 9 are the codes of 20.48 s and of the nearest to 51.2 s (3GPP TS 24.008, 10.5.5.32). */
#define MODEM                \
    "/10/0/4 3600\n"         \
    "/10/0/5 600\n"          \
    "/10/0/8 02\n"           \
    "/10/0/9 03\n"           \
    "/10/0/11/0 11:0\n"      \
    "/11/0/0 internet\n"     \
    "/11/0/1 internet\n"     \
    "/11/0/3 true\n"         \
    "/11/0/4 0\n"            \
    "/12/0/0 wlan0\n"        \
    "/12/0/1 true\n"         \
    "/12/0/3 0\n"            \
    "/12/0/4 02005e005301\n" \
    "/12/0/5 lapwing\n"      \
    "/12/0/8 1\n"            \
    "/12/0/9 6\n"            \
    "/12/0/14 0\n"           \
    "/12/0/15 0\n"

static const config configs[] = {
    [1] = {.servers = 1,
           .values = "/1/0/1 86400\n"
                     "/1/0/6 false\n"
                     "/3/0/0 Open Mobile Alliance\n"
                     "/3/0/1 Lightweight M2M Client\n"
                     "/3/0/2 345000123\n"
                     "/3/0/3 1.0\n"
                     "/3/0/11/0 0\n"},
    [2] = {.missing = SMS},
    [3] = {.base = "C.1",
           .servers = 1,
           .values = "/1/0/2 1\n"
                     "/1/0/3 10\n"
                     "/1/0/5 86400\n"},
    [4] = {.base = "C.3",
           .servers = 1,
           .values = "/3/0/6/0 1\n"
                     "/3/0/6/1 2\n"
                     "/3/0/7/0 0\n"
                     "/3/0/7/1 0\n"
                     "/3/0/8/0 0\n"
                     "/3/0/8/1 0\n"
                     "/3/0/9 0\n"},
    [5] = {.base = "C.3",
           .servers = 1,
           .values = "/4/0/0 0\n"
                     "/4/0/1/0 0\n"
                     "/4/0/2 92\n"
                     "/4/0/3 2\n"
                     "/4/0/4/0 192.168.0.100\n"
                     "/4/0/5/0 192.168.1.1\n"
                     "/4/0/6 5\n"
                     "/4/0/7/0 internet\n"
                     "/4/0/8 69696969\n"
                     "/4/0/9 33\n"
                     "/4/0/10 44\n"},
    [6] = {.base = "C.4",
           .servers = 1,
           .values = "/3/0/10 15\n"
                     "/3/0/14 +02:00\n"
                     "/3/0/15 Europe/Paris\n"
                     "/3/0/17 Smart meter\n"
                     "/3/0/18 1.0\n"
                     "/3/0/19 1.0\n"
                     "/3/0/20 1\n"
                     "/3/0/21 64\n"
                     "/3/0/22/0 4:0\n"},
    [7] = {.base = "C.3",
           .servers = 1,
           .values = "/6/0/0 43.5723\n"
                     "/6/0/1 153.21760\n"
                     "/6/0/2 140\n"
                     "/6/0/3 100\n"
                     "/6/0/4 00b40005\n"
                     "/6/0/5 1367491215\n"
                     "/6/0/6 3\n"},
    [8] = {.base = "C.3",
           .servers = 1,
           .values = "/5/0/6 lapwing\n"
                     "/5/0/7 1.0\n"},
    [9] = {.base = "C.3",
           .servers = 1,
           .values = "/7/0/0 0\n"
                     "/7/0/1 0\n"
                     "/7/0/2 0\n"
                     "/7/0/3 0\n"
                     "/7/0/4 0\n"
                     "/7/0/5 0\n"
                     "/7/0/8 0\n"},
    [10] = {.base = "C.1", .servers = 1, .values = MODEM "/10/0/6 40\n"},
    [11] = {.base = "C.1",
            .servers = 1,
            .values = MODEM "/10/0/13 3\n"
                            "/10/0/14 1\n"},
    [12] = {.base = "C.3",
            .servers = 1,
            .values = "/16/0/0/0 Host Device ID #1\n"
                      "/16/0/0/1 Host Device Model #1\n"
                      "/16/0/0/2 Host Device SW Version #1\n"
                      "/16/0/0/3 Host Device Manufacturer #1\n"},
    [13] = {.bootstrap = true,
            .values = "/3/0/0 Open Mobile Alliance\n"
                      "/3/0/1 Lightweight M2M Client\n"
                      "/3/0/2 345000123\n"
                      "/3/0/3 1.0\n"
                      "/3/0/11/0 0\n"},
    [14] = {.base = "C.13",
            .bootstrap = true,
            .servers = 2,
            .values = "/2/0/0 1\n"
                      "/2/0/1 0\n"
                      "/2/0/2/1 15\n"
                      "/2/0/3 1\n"
                      "/2/1/0 1\n"
                      "/2/1/1 1\n"
                      "/2/1/2/2 15\n"
                      "/2/1/3 2\n"
                      "/2/2/0 3\n"
                      "/2/2/1 0\n"
                      "/2/2/3 65535\n"},
    [15] = {.base = "C.3",
            .servers = 1,
            .values = "/19/0/0/0 4c617077696e67\n"
                      "/19/1/0/0 \n"},
    [16] = {.base = "C.3", .servers = 1, .values = "/20/0/4010 0\n"},
    [17] = {.missing = TLS},
    [18] = {.missing = TLS},
    [19] = {.missing = TLS},
    [20] = {.missing = TLS},
    [21] = {.missing = EST},
    [22] = {.missing = OSC},
    [23] = {.missing = OSC},
    [24] = {.missing = OSC},
    [25] = {.missing = MQTT},
    [26] = {.missing = MQTT},
};

static const config *find(const char *name)
{
    char *end;
    if (strncmp(name, "C.", 2) != 0 || name[2] < '1' || name[2] > '9') {
        return NULL;
    }
    unsigned long number = strtoul(name + 2, &end, 10);
    return *end == '\0' && number < sizeof configs / sizeof configs[0] ? &configs[number] : NULL;
}

bool config_is_known(const char *name, const char **out_missing)
{
    const config *c = find(name);
    *out_missing = c != NULL ? c->missing : NULL;
    return c != NULL;
}

unsigned config_servers(const char *name, bool bootstrap)
{
    return find(name)->servers + (bootstrap ? 1u : 0u);
}

modem config_modem(const char *name)
{
    const config *c = find(name);
    return c == &configs[10] ? MODEM_1_0 : c == &configs[11] ? MODEM_1_1 : MODEM_NONE;
}

bool config_needs_bootstrap(const char *name)
{
    return find(name)->bootstrap;
}

static lw_err apply_values(lw_tree *tree, const char *values, const char **out_line)
{
    static char line[128]; /* what out_line shows */
    char scratch[sizeof line];
    lw_err err = LW_OK;
    while (err == LW_OK && *values != '\0') {
        size_t len = strcspn(values, "\n");
        memcpy(line, values, len);
        line[len] = '\0';
        strcpy(scratch, line);
        err = value_assign_line(tree, scratch);
        values += len + 1;
    }
    *out_line = line;
    return err;
}

/* A log that was stopped and holds something: 20/0/4013 is 3. */
static lw_err fill_log(lw_tree *tree)
{
    lw_event_log *log = lw_tree_struct(tree, lw_path_instance(LW_OBJ_EVENT_LOG, 0));
    log->is_running = true;
    lw_err err = lw_event_log_append(tree, 0, lw_bytes_str("lapwing started\n"));
    log->is_running = false;
    return err;
}

lw_err config_apply(const char *name, lw_tree *tree, const char **out_line)
{
    const config *chain[8];
    unsigned depth = 0;
    for (const config *c = find(name); c != NULL; c = c->base != NULL ? find(c->base) : NULL) {
        chain[depth++] = c;
    }
    lw_err err = LW_OK;
    while (err == LW_OK && depth-- > 0) {
        const char *values = chain[depth]->values;
        err = values != NULL ? apply_values(tree, values, out_line) : LW_OK;
    }
    return err == LW_OK && find(name) == &configs[16] ? fill_log(tree) : err;
}
