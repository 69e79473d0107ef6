/* Values as they were at a moment, kept as octets until they can be sent: what a server missed, and
 * what a Send carries. */
#ifndef LW_CLIENT_SNAPSHOT_H
#define LW_CLIENT_SNAPSHOT_H

#include "base/reader.h"
#include "client/engine.h"

typedef struct lw_snapshot lw_snapshot;
struct lw_snapshot {
    lw_snapshot *next; /* the next younger one, in a list of its owner */
    lw_time at;        /* monotonic */
    uint16_t len;
    uint8_t part; /* of the owner: which of its targets */
    uint8_t octets[];
};

/* How many may be kept (lw_client_cfg.stored_max). */
uint16_t lw_snapshots_max(const lw_client_cfg *cfg);

/* One value as octets, and back. A value read is a view into what is read. */
void lw_entry_write(lw_writer *w, const lw_entry *entry);
void lw_entry_read(lw_reader *r, lw_entry *out_entry);

/* Takes all values of a source. LW_ENOTFOUND when it has none, LW_ENOMEM, LW_ETOOBIG beyond 64 kB
 * or when the values change too fast. */
LW_MUST_CHECK lw_err lw_snapshot_take(const lw_mem *mem, const lw_source *source, lw_time at,
                                      lw_snapshot **out_snapshot);

/* The values of snapshots of a list, as entries. */
typedef struct lw_history {
    const lw_server
        *server; /* who may not read all of them; NULL: they were taken for who gets them */
    const lw_snapshot *first; /* there is one */
    const lw_snapshot *end;   /* behind the last of them; NULL: all that follow */
    bool has_times;           /* each value with the time it was taken at */
    lw_time offset;           /* added to `at`: from lw_history_offset */
} lw_history;
lw_source lw_history_source(const lw_history *history);

/* What makes times absolute (since 1970) when the wall clock is known, else relative to now. */
lw_time lw_history_offset(lw_client *client);

/* Does the format carry a time with each value? */
bool lw_format_has_times(const lw_format *format);

#endif
