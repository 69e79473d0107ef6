/* One device, two servers and a Bootstrap-Server on a network that loses as much as a test says.
 *
 *   RULE(rule_20_…)                      void rule_20_…(world *w)
 *   {
 *       world_begin(w, &(world_config){.lifetime = 300});
 *       world_until_registered(w, 1);
 *       …
 *   }
 *   int main(void) { const struct CMUnitTest tests[] = {RUNS(rule_20_…), …}; … }
 *
 * RUNS makes two tests of it: without loss, and with 30 % loss, 10 % duplicates and no order. Five
 * seeds of each; one that fails is printed. LW_SIM_SEED=n repeats it, LW_SIM_RUNS=n tries n seeds,
 * LW_SIM_TEST=*rule_20* chooses tests, LW_SIM_LOG=1 shows what the device says. What a
 * test says of times it says of what the device did, never of what the network made of it.
 */
#ifndef LW_SIM_WORLD_H
#define LW_SIM_WORLD_H

#include "testing/lw_test.h"

#include "device.h"

#define SECOND LW_SECOND_MS
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

typedef struct world world;
struct world {
    lw_sim *sim;
    device *device;
    far_server *a, *b, *bs; /* ssid 1, ssid 2, the Bootstrap-Server */
    unsigned loss;          /* percent */
    uint64_t seed;
};

typedef struct world_config {
    uint8_t version;   /* 0: 11 */
    uint32_t lifetime; /* 0: 86400 */
    uint8_t security;  /* 0: NoSec; else lw_security_mode + 1 */
    bool queue_mode;
    bool two_servers, bootstrap;
    bool third_server; /* bs as one, ssid 3 */
    bool no_server;
    uint32_t hold_off;
    const char *endpoint;                     /* NULL: "dev1" */
    const lw_object *const *objects;          /* NULL: 0, 1, 3 and a temperature, of the version */
    const lw_format *const *formats;          /* NULL: all but JSON ones */
    const lw_client_feature *const *features; /* NULL: all but access, persist */
    uint32_t dynamic;                         /* 0: 4096 */
    uint8_t servers_max;                      /* 0: 2 */
    void (*set_up)(world *w);                 /* of the device's data, before it starts; or NULL */
    bool dont_start;
    bool is_tapped; /* device.tap */
} world_config;

/* Makes everything, adds the accounts and starts the device. */
void world_begin(world *w, const world_config *config);
/* Power off and on again, on the same flash; accounts are added when it keeps none. */
void world_reboot(world *w, const world_config *config);
void world_end(world *w);

void world_pass(world *w, lw_time ms);
lw_time world_now(const world *w);

/* Until the condition holds, a second at a time; fails after `at_most`. */
#define world_until(w, condition, at_most)                    \
    do {                                                      \
        lw_time world_end_at = world_now(w) + (at_most);      \
        while (!(condition) && world_now(w) < world_end_at) { \
            world_pass((w), 1 * SECOND);                      \
        }                                                     \
        assert_true(condition);                               \
    } while (0)

/* The same, for what a lossy network may make impossible by ending the registration: the test is
 * over then. */
#define world_until_or_anew(w, condition, at_most)                \
    do {                                                          \
        world_until(w, (condition) || world_is_anew(w), at_most); \
        if (!(condition)) {                                       \
            return;                                               \
        }                                                         \
    } while (0)
/* With loss: was there no answer to all that an attempt sent, since the first registration? */
bool world_is_anew(const world *w);

/* Registration is tried until it succeeds: with loss it may take more than one attempt. */
void world_until_registered(world *w, uint16_t ssid);

/* ---- The device's data ---- */

void world_set(world *w, const char *path, lw_value value);
void world_set_number(world *w, const char *path, int64_t number);
/* Adds an instance; the path is "/3303/1". */
void world_add(world *w, const char *path);
void world_remove(world *w, const char *path);

/* ---- What servers ask ---- */

/* Asks and waits for the answer, again after a timeout: for what may be done twice. Fails when an
 * hour is not enough. */
far_reply world_ask(world *w, far_server *s, const far_ask *ask);
/* In short: GET, PUT text, POST, DELETE without more. */
far_reply world_read(world *w, far_server *s, const char *target);
uint8_t world_write(world *w, far_server *s, const char *target, const char *text);
uint8_t world_execute(world *w, far_server *s, const char *target, const char *arguments);
/* Asks once for what ends in silence; the answer is not looked at. */
void world_execute_blindly(world *w, far_server *s, const char *target);
/* Observes with a token in text/plain, or what `accept` says. */
uint8_t world_observe(world *w, far_server *s, uint8_t token, const char *target, int accept);

/* Notifications with that token that arrived at the server, and the newest of them. */
unsigned world_told(const far_server *s, uint8_t token);
const far_notification *world_last_told(const far_server *s, uint8_t token);

/* ---- Tests ---- */

typedef struct world_rule {
    void (*run)(world *w);
    unsigned loss;
} world_rule;

void world_run_rule(void **state);
int world_tell_seed(void **state);

#define RULE(name) static void name(world *w)

#define RUNS(name)                                                                     \
    {#name, world_run_rule, NULL, world_tell_seed, &(world_rule){name, 0}},            \
    {                                                                                  \
#name ", with 30 % loss", world_run_rule, NULL, world_tell_seed, &(world_rule) \
        {                                                                              \
            name, 30                                                                   \
        }                                                                              \
    }

#endif
