#include "client/snapshot.h"

#include <string.h>

#include "base/reader.h"
#include "client/serve.h"
#include "codec/times.h"
#include "lw/acts.h"
#include "model/access.h"

#define DEFAULT_STORED 16

uint16_t lw_snapshots_max(const lw_client_cfg *cfg)
{
    return cfg->stored_max != 0 ? cfg->stored_max : DEFAULT_STORED;
}

/* One value:
 *
 *   | path 8 | kind 3 bits, single 1, type 4 | length 2 | octets |
 *
 * The octets of a number are those of the union in lw_value, as it lies in memory, but for zeros at
 * their end. */

static bool has_octets(uint32_t type)
{
    return type == LW_TYPE_STRING || type == LW_TYPE_OPAQUE || type == LW_TYPE_CORELNK;
}

/* What is behind a flag or a link in the union may be anything. */
static lw_bytes octets_of(const lw_value *value)
{
    if (has_octets(value->type)) {
        return value->as.bytes;
    }
    size_t len = value->type == LW_TYPE_BOOLEAN  ? sizeof value->as.boolean
                 : value->type == LW_TYPE_OBJLNK ? sizeof value->as.link
                                                 : sizeof value->as.uns;
    const uint8_t *octets = (const uint8_t *)&value->as;
    while (len > 0 && octets[len - 1] == 0) {
        len--;
    }
    return lw_bytes_of(octets, len);
}

void lw_entry_write(lw_writer *w, const lw_entry *e)
{
    lw_bytes octets = octets_of(&e->value);
    lw_write_u64(w, e->path.key);
    lw_write_u8(w, (uint8_t)(e->kind << 5 | (unsigned)e->value.single << 4 | e->value.type));
    lw_write_u16(w, (uint16_t)octets.len);
    lw_write_bytes(w, octets);
}

void lw_entry_read(lw_reader *r, lw_entry *e)
{
    *e = (lw_entry){.path = {lw_read_u64(r)}};
    uint8_t head = lw_read_u8(r);
    e->kind = head >> 5;
    e->value.type = head & 15;
    e->value.single = (head >> 4 & 1) != 0;
    lw_bytes octets = lw_read_bytes(r, lw_read_u16(r));
    if (has_octets(e->value.type)) {
        e->value.as.bytes = octets;
    } else if (octets.len > 0 && octets.len <= sizeof e->value.as.uns) {
        memcpy(&e->value.as, octets.ptr, octets.len);
    }
}

static lw_err put_all(const lw_source *source, lw_writer *w)
{
    lw_cursor cursor = {.at = {0}};
    lw_entry e;
    lw_err err;
    while ((err = source->next(source->ctx, &cursor, &e)) == LW_OK) {
        lw_entry_write(w, &e);
    }
    return err == LW_END ? w->err : err;
}

lw_err lw_snapshot_take(const lw_mem *mem, const lw_source *source, lw_time at,
                        lw_snapshot **out_snapshot)
{
    lw_writer w;
    uint8_t none;
    lw_writer_init_window(&w, &none, 0, 0); /* counts */
    lw_err err = put_all(source, &w);
    size_t len = w.pos;
    if (err != LW_OK || len == 0 || len > UINT16_MAX) {
        return err != LW_OK ? err : len == 0 ? LW_ENOTFOUND : LW_ETOOBIG;
    }
    lw_snapshot *s = lw_mem_alloc(mem, sizeof *s + len);
    if (s == NULL) {
        return LW_ENOMEM;
    }
    lw_writer_init(&w, s->octets, len);
    err = put_all(source, &w);
    if (err != LW_OK) {
        lw_mem_release(mem, s);
        return err;
    }
    s->at = at;
    s->len = (uint16_t)w.pos;
    *out_snapshot = s;
    return LW_OK;
}

/* ---- A list of them as entries: the cursor is the snapshot, and an offset in it. */

static lw_err next(void *ctx, lw_cursor *cursor, lw_entry *out_entry)
{
    const lw_history *h = ctx;
    lw_reader r;
    do {
        const lw_snapshot *s = cursor->at[0] != 0 ? (const lw_snapshot *)cursor->at[0] : h->first;
        size_t from = cursor->at[1];
        if (from == s->len) {
            s = s->next;
            from = 0;
        }
        if (s == h->end) {
            return LW_END;
        }
        lw_reader_init(&r, lw_bytes_of(s->octets, s->len));
        r.pos = from;
        lw_entry_read(&r, out_entry);
        if (h->has_times) {
            lw_entry_set_time(out_entry, s->at + h->offset, h->first->at + h->offset);
        }
        cursor->at[0] = (uintptr_t)s;
        cursor->at[1] = r.pos;
    } while (h->server != NULL && (lw_rights_of(h->server, out_entry->path) & LW_RIGHT_R) == 0);
    return r.err;
}

lw_source lw_history_source(const lw_history *history)
{
    return (lw_source){.next = next, .ctx = (void *)(uintptr_t)history};
}

lw_time lw_history_offset(lw_client *client)
{
    int64_t wall = lw_act_wall_clock(client);
    return wall >= 0 ? wall * LW_SECOND_MS - client->now : -client->now;
}

bool lw_format_has_times(const lw_format *format)
{
    return format->id == LW_CF_SENML_CBOR || format->id == LW_CF_SENML_JSON;
}
