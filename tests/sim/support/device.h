/* A device under test: the whole client as a node of a simulated network, with a flash memory that
 * outlives it and a record of all it sends and tells.
 */
#ifndef LW_SIM_DEVICE_H
#define LW_SIM_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"
#include "coap/msg.h"
#include "far_server.h"
#include "lw/client.h"
#include "lw/core_objects.h"
#include "lw/objects.h"
#include "testing/mem_tap.h"
#include "testing/simnet.h"

#define DEVICE_LINKS_MAX  4
#define DEVICE_SENT_MAX   4096
#define DEVICE_EVENTS_MAX 1024
#define DEVICE_MEMORY     (96 * 1024)
#define FLASH_RECORDS_MAX 24
#define FLASH_RECORD_MAX  8192

/* ---- Flash ------------------------------------------------------------------------------------
 * One record a name, each write whole or not at all. `fail_at` fails the n-th write; `cut_at` takes
 * the power at the n-th: that one is or is not done (`cut_after`), and nothing after it, nor is
 * anything sent.
 */

typedef struct flash_record {
    char name[16];
    size_t len;
    uint8_t octets[FLASH_RECORD_MAX];
} flash_record;

typedef struct flash {
    flash_record records[FLASH_RECORDS_MAX];
    unsigned writes;
    unsigned fail_at, cut_at; /* 0: never */
    bool fail_after;          /* and all that follow */
    bool cut_after;
    bool is_cut;
} flash;

/* The octets of a record, or NULL. */
const flash_record *flash_find(const flash *f, const char *name);

/* ---- The device -------------------------------------------------------------------------------
 */

typedef struct device_sent {
    lw_time at;
    uint8_t link;
    bool is_copy; /* a retransmission */
    size_t len;
    uint8_t octets[1400];
    lw_coap_msg msg; /* points into octets */
} device_sent;

typedef struct device_event {
    lw_time at;
    lw_client_event event;
} device_event;

/* Whom a URI leads to. */
typedef struct device_host {
    const char *name; /* NULL: there is none */
    lw_sim_node *node;
} device_host;

typedef struct device {
    lw_sim *sim;
    lw_sim_node *node;
    lw_client *client; /* NULL: off */
    lw_client_cfg cfg;
    lw_platform platform;
    lw_rng_seeded rng;
    lw_time wake;
    flash flash;
    device_host servers[DEVICE_LINKS_MAX]; /* found by name */
    lw_sim_node *links[DEVICE_LINKS_MAX];  /* NULL: closed */
    lw_err link_answer;                    /* of link_open */
    unsigned opened[DEVICE_LINKS_MAX], closed[DEVICE_LINKS_MAX];
    int64_t clock_at_start; /* seconds since 1970; negative: no clock */
    bool is_silent;         /* what it sends is lost */
    unsigned lose_at;       /* and the n-th datagram is; 0: none */
    unsigned datagrams;
    unsigned refuse_at; /* the n-th link_open fails; 0: none */
    unsigned openings;
    bool is_tapped; /* allocations of the engine go through `tap`, from the start on */
    lw_mem_tap tap;
    size_t sent_count, event_count;
    device_sent sent[DEVICE_SENT_MAX];
    device_event events[DEVICE_EVENTS_MAX];
    _Alignas(16) uint8_t memory[DEVICE_MEMORY];
} device;

device *device_new(lw_sim *sim, const lw_client_cfg *cfg);
void device_free(device *d);

/* Power: a new client on the flash that there is. Accounts are added in between. */
void device_on(device *d);
void device_start(device *d);
void device_off(device *d);

/* Something was changed from outside: look at once. */
void device_poke(device *d);

/* ---- What it did ----
 * Requests are counted without retransmissions. */

/* The n-th from the end (0: the newest) request on a link, any (-1); NULL when there is none. */
const device_sent *device_request(const device *d, int link, size_t back);
size_t device_requests(const device *d, int link);
/* Whether it was sent to that path; and with which query. */
bool device_sent_is(const device_sent *s, uint8_t code, const char *path);
const char *device_sent_query(const device_sent *s, char out[FAR_TEXT_MAX]);

/* The newest event of that kind, NULL: none. */
const device_event *device_last_event(const device *d, lw_client_event_kind kind);
unsigned device_events(const device *d, lw_client_event_kind kind);

#endif
